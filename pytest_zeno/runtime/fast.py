"""The fast call path: one crossing for each entry (docs/call-path.md).

Requests, answers and host calls pass through the scratch memory of adapter.wat (`layout`).
Reading the guest's memory from here is safe because the adapter has checked every pointer first.
"""

from __future__ import annotations

import struct
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.limits import GIB, KIB, MIB
from pytest_zeno.runtime import abi, faults, layout
from pytest_zeno.runtime.crossing import Entry, Fail, HostFunction, headroom, view_at
from pytest_zeno.runtime.helpers import helper
from pytest_zeno.runtime.instance import TURN, Instance
from pytest_zeno.runtime.linking import Linking
from pytest_zeno.runtime.main_thread import main_thread
from pytest_zeno.runtime.ticker import TICK
from pytest_zeno.runtime.wasi import OUTPUT_BYTES, Exited

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmtime import Memory, Module, Trap, WasmtimeError

    from pytest_zeno.errors import Phase, ZenoError
    from pytest_zeno.runtime.engine import EngineOptions

_ADDRESS_SPACE: Final = 2**32
_HOST_FUNCTIONS: Final = len(abi.HOST_FUNCTIONS)
_LOG_RECORD: Final = struct.Struct("<III")
_LOG_OUTSIDE: Final = 0xFFFFFFFF
_SMALL: Final = layout.REQUEST_BYTES
# Two cells of 32 bits at once.
_ANSWER_AND_LENGTH: Final = layout.ANSWER // 2
_STATUS_AND_ATTENTION: Final = layout.STATUS // 2
_lengths: Final = struct.Struct("<II").pack

# Places in the row of `Linking`: what adapter.wat imports, in its order, then what wasi.wat
# imports, then what the guest imports.
_FUNCTIONS: Final = (
    "alloc",
    *("plugin_init", "plugin_register_slots", "plugin_execute", "plugin_cleanup"),
)
_MEMORY: Final = 0
_FREE: Final = _MEMORY + 1 + len(_FUNCTIONS)
_SCRATCH: Final = _FREE + 1
_ADAPTER_PARTS: Final = _SCRATCH + 3
_WASI: Final = _ADAPTER_PARTS
_WASI_PARTS: Final = 4
_IMPORTS: Final = _WASI + _WASI_PARTS


class _Entries(dict[str, Entry]):
    """The adapter's entries by name, each made when it is first used: most instances live short."""

    def __init__(self, linking: Linking, adapter: Any, fail: Fail) -> None:
        super().__init__()
        self._linking, self._adapter, self._fail = linking, adapter, fail

    def __missing__(self, name: str) -> Entry:
        entry = self[name] = _entry(self._linking, self._adapter, name, self._fail)
        return entry


def _entry(linking: Linking, instance: Any, name: str, fail: Fail) -> Entry:
    """Return the crossing into an instance's export."""
    return Entry(linking.context, linking.function(instance, name), fail)


class FastInstance(Instance):
    """An instance behind shim, adapter and scratch memory; see `Instance` for its life."""

    helpers = (*Instance.helpers, "adapter")

    # -- building --------------------------------------------------------------------------------

    def _link_shim(self, compiled: Module) -> Any:
        self._linking = Linking(self._context, _IMPORTS + len(self._module.imports))
        return self._linking.instantiate(compiled)

    def _prepare(self, shim: Any) -> None:
        linking = self._linking
        linking.take(_SCRATCH, shim, "scratch")
        scratch = view_at(linking.start_of(_SCRATCH), layout.SCRATCH_BYTES)
        self._head = scratch[: layout.MAILBOX_BYTES].cast("I")
        self._cells = scratch[: layout.MAILBOX_BYTES].cast("Q")
        self._reply = scratch[layout.REPLY_AREA :][: layout.REPLY_BYTES]
        self._request = scratch[layout.REQUEST_AREA :][: layout.REQUEST_BYTES + KIB]
        self._ring = scratch[layout.RING :][: layout.RING_BYTES]
        self._head[layout.MAX_RECORDS] = min(self.limits.log_records, GIB)
        self._head[layout.MAX_LOG_BYTES] = min(self.limits.log_bytes, GIB)
        self._head[layout.MAX_RECORD] = min(self.limits.log_record, MIB)
        self._pending = b""
        self._host = HostFunction(self._context, self._answer)

    def _link(self, compiled: Module, shim: Any) -> Memory:
        linking, imports = self._linking, self._module.imports
        linking.take(_IMPORTS, shim, *(entry.name for entry in imports))
        self._guest = linking.instantiate(compiled, _IMPORTS, len(imports))
        linking.take(_MEMORY, self._guest, "memory")
        self._guest_view = view_at(linking.start_of(_MEMORY), _ADDRESS_SPACE)
        return linking.memory(_MEMORY)

    def _attach_wasi(self, shim: Any, options: EngineOptions) -> None:
        linking = self._linking
        for place, source in enumerate((_MEMORY, _SCRATCH), _WASI):
            linking.copy(source, place)
        linking.take(_WASI + 2, shim, "wasi")
        linking.put(_WASI + 3, self._host.function)
        linking.instantiate(helper("wasi", options), _WASI, _WASI_PARTS)

    def _unwound(self, shim: Any, options: EngineOptions) -> None:
        self._host.close()
        self._host = HostFunction(self._context, self._answer)
        self._attach_wasi(shim, options)

    def _attach(self, shim: Any, options: EngineOptions) -> None:
        linking, guest = self._linking, self._guest
        self.refused_at_start = linking.number(shim, "refused")
        self._frees = self._module.has_export("free")
        linking.take(_MEMORY + 1, guest, *_FUNCTIONS)
        linking.take(_FREE, guest if self._frees else shim, "free")
        linking.take(_SCRATCH + 1, shim, "host")
        linking.put(_SCRATCH + 2, self._host.function)
        adapter = linking.instantiate(helper("adapter", options), _MEMORY, _ADAPTER_PARTS)
        self._entries = _Entries(linking, adapter, self._fail)
        self.execute = self._make_execute()

    def _call(self, name: str) -> None:
        headroom()
        _entry(self._linking, self._guest, name, self._fail)()

    def _detach(self) -> None:
        own = self.__dict__
        entries = own.get("_entries", {}).values()
        for part in (*entries, own.pop("_host", None), own.get("_linking")):
            if part is not None:
                part.close()
        for name in (
            *("_head", "_reply", "_request", "_ring", "_guest_view"),
            *("_entries", "_cells", "_linking", "_guest"),
        ):
            self.__dict__.pop(name, None)

    # -- entries ---------------------------------------------------------------------------------

    def _text(self, phase: Phase) -> bytes:
        self._entries[phase]()
        return self._read()

    def _run_cleanup(self, phase: Phase) -> None:
        self._entries[phase]()

    def _make_execute(self) -> Callable[[bytes, bytes], bytes]:
        """Return `execute` with all it needs at hand: every name it looks up costs 3 %."""
        turn, cells, area, guest = self._turn, self._cells, self._request, self._guest_view
        sizes = area[: layout.SIZES_BYTES].cast("I")
        at, written = 0, None  # where a request goes: behind the name that is there
        call, frees, largest = self._entries["execute"], self._frees, self.limits.reply
        error_of, trap, clock = call.error, call.trap, monotonic
        a, b, c, d, e = call.arguments

        def execute(name: bytes, request: bytes) -> bytes:
            nonlocal at, written
            entered = False
            try:
                del turn[TURN]
                entered = True
                headroom()
                if clock() > self._armed_until:
                    self._arm_for_a_tick()
                size = len(request)
                if size + len(name) <= _SMALL:
                    if name is not written:
                        at, written = self._write_name(name), name
                    sizes[1] = size
                    area[at : at + size] = request
                    error = error_of(a, b, c, d, e)
                    if error or trap:
                        call.fail(error)
                else:
                    written = None
                    self._execute_large(name, request)
                start, length = (found := cells[_ANSWER_AND_LENGTH]) & 0xFFFFFFFF, found >> 32
                if cells[_STATUS_AND_ATTENTION] or frees or length > largest:
                    answer = self._read_and_free()
                else:
                    answer = guest[start : start + length].tobytes()
                turn[TURN] = None
                return answer
            except BaseException as error:  # noqa: BLE001 (raised again, named)
                try:
                    raise self._failed(error, "execute", name, entered=entered) from None
                finally:
                    self._vacant = self._vacant or entered

        main_thread.doors.add(execute.__code__)
        return execute

    def _arm_for_a_tick(self) -> None:
        self._arm(self.limits.timeout)
        self._armed_until = monotonic() + TICK

    def _read_and_free(self) -> bytes:
        answer = self._read()
        if self._frees:
            self._entries["release"]()
            self._say_last()
        return answer

    def _write_name(self, name: bytes) -> int:
        """Write a slot's name into scratch; return where the request goes."""
        end = layout.SIZES_BYTES + len(name)
        self._request[:end] = _lengths(len(name), 0) + name
        return end

    def _execute_large(self, name: bytes, request: bytes) -> None:
        """Write a request above scratch size straight into the guest, between two entries."""
        if len(name) > layout.REQUEST_BYTES:
            raise faults.name_too_long(len(name), layout.REQUEST_BYTES)
        head = _lengths(len(name), len(request)) + name
        self._request[: len(head)] = head
        self._entries["begin"]()
        if self._head[layout.STATUS] == layout.OK:
            start = self._head[layout.POINTER]
            self._guest_view[start : start + len(request)] = request
            self._entries["finish"]()

    def _read(self) -> bytes:
        """Return what the guest answered; everything the adapter has to say is heard first."""
        self._say_last()
        head = self._head
        if head[layout.STATUS] != layout.OK:
            raise self._protocol_error()
        start, length = head[layout.ANSWER], head[layout.LENGTH]
        self._check_reply(length)
        return self._guest_view[start : start + length].tobytes()

    def _protocol_error(self) -> ZenoError:
        head = self._head
        status = head[layout.STATUS]
        at = layout.ANSWER if status <= layout.NO_TERMINATOR else layout.POINTER
        return self._wrong_pointer(status, head[at], head[layout.SIZE])

    def _fail(self, reported: Trap | WasmtimeError) -> None:
        """Raise what ended an entry: an exception of the host first, then the guest's trap."""
        error, self._host.error = self._host.error, None
        if error is None:
            error = faults.from_report(reported, self.wasi)
        # Nothing of wasmtime's may wait for the garbage collector: a signal that comes while a
        # finalizer runs is lost.
        del reported
        try:
            raise error
        finally:
            del error

    # -- host calls ------------------------------------------------------------------------------

    def _answer(self) -> None:
        """Answer what the mailbox asks."""
        head = self._head
        function = head[layout.FUNCTION]
        if function < _HOST_FUNCTIONS:
            if head[layout.RING_USED]:
                self._drain()
            pointer, size = head[layout.POINTER], head[layout.SIZE]
            if head[layout.OUTSIDE]:
                reply = self.calls.outside(function, pointer, size)
            else:
                request = self._guest_view[pointer : pointer + size].tobytes()
                reply = self.calls.answer(function, request)
            if isinstance(reply, bytes):
                self._give(reply)
            else:
                head[layout.REPLY] = reply
        else:
            self._answer_helper(function)

    def _give(self, reply: bytes) -> None:
        size = len(reply)
        self._head[layout.REPLY] = size
        if size <= layout.REPLY_BYTES:
            self._reply[:size] = reply
        else:
            self._pending = reply

    def _answer_helper(self, function: int) -> None:
        """Answer what adapter.wat and wasi.wat ask for themselves."""
        pointer, size = self._head[layout.POINTER], self._head[layout.SIZE]
        if function == layout.FETCH:
            self._guest_view[pointer : pointer + len(self._pending)] = self._pending
            self._pending = b""
        elif function == layout.NO_ROOM:
            self.calls.no_room(pointer, size)
        elif function == layout.DRAIN:
            self._drain()
        elif function == layout.CLOCK_TIME:
            self._cells[layout.CLOCK] = self.wasi.clock(pointer)
        elif function == layout.RANDOM:
            self._guest_view[pointer : pointer + size] = self.wasi.random(size)
        elif function == layout.EXIT:
            raise Exited(pointer)
        else:
            end = pointer + size
            start = max(pointer, end - OUTPUT_BYTES)
            self.wasi.write(function, self._guest_view[start:end].tobytes())

    def _drain(self) -> None:
        """Hand over the log lines that wait in the ring."""
        head, ring, at = self._head, self._ring, 0
        end = head[layout.RING_USED]
        head[layout.RING_USED] = 0
        while at < end:
            level, kept, size = _LOG_RECORD.unpack_from(ring, at)
            at += _LOG_RECORD.size
            if level == _LOG_OUTSIDE:
                self.calls.log_outside(size)
                continue
            split = at + level
            self.calls.log(ring[at:split].tobytes(), ring[split : split + kept].tobytes(), size)
            at = split + kept

    def _say_last(self) -> None:
        head = self._head
        if not head[layout.ATTENTION]:
            return
        head[layout.ATTENTION] = 0
        self.pages = head[layout.PAGES]
        self._drain()
        dropped, nested = head[layout.DROPPED], head[layout.NESTED]
        head[layout.DROPPED] = head[layout.NESTED] = 0
        if dropped:
            self.calls.log_dropped(dropped)
        if nested:
            self.calls.nested(nested)
