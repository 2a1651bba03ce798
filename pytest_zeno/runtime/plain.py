"""The plain call path: the same interface on wasmtime-py's public API, short and readable.

It is the yardstick for the fast path, the path that counts fuel (the adapter would burn its own),
and what runs where the fast one cannot (``ZENO_RUNTIME=plain``). A signal whose handler raises
inside a public callback aborts the process; the fast path does not have this flaw.
"""

from __future__ import annotations

import functools
import weakref
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pytest_zeno.limits import MIB, PAGE
from pytest_zeno.runtime import abi, faults, layout
from pytest_zeno.runtime.helpers import export, helper
from pytest_zeno.runtime.instance import Instance
from pytest_zeno.runtime.main_thread import main_thread
from pytest_zeno.runtime.wasi import OUTPUT_BYTES, Exited

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmtime import Func, Memory, Module
    from wasmtime import Instance as WasmInstance

    from pytest_zeno.errors import Phase, ZenoError
    from pytest_zeno.runtime.engine import EngineOptions

T = TypeVar("T")

ADDRESSES: Final = 2**32
_FIRST_STEP = 4096
"""Bytes in which a text's NUL is looked for at first: what lies behind may be megabytes."""


def _weakly(method: Callable[..., T]) -> Callable[..., T]:
    """Return a callback that keeps no instance alive: wasmtime-py holds it in a global table."""
    reference = weakref.WeakMethod(method)

    def call(*given: int) -> T:
        living = reference()
        if living is None:
            raise ReferenceError("the instance is gone")
        result: T = living(*given)
        return result

    return call


class PlainInstance(Instance):
    """An instance behind wasmtime-py's public API; see `Instance` for its life."""

    # -- building --------------------------------------------------------------------------------

    def _link_shim(self, compiled: Module) -> WasmInstance:
        from wasmtime import Instance as WasmInstance
        from wasmtime import _ffi as ffi

        main_thread.doors |= {ffi.wasmtime_instance_new.__code__, ffi.wasmtime_func_call.__code__}
        return WasmInstance(self._store, compiled, [])

    def _prepare(self, shim: WasmInstance) -> None:
        from wasmtime import Func, FuncType

        self._scratch: Memory = export(self._store, shim, "scratch")
        self._attached = False
        self._answering = False
        self._dropped = 0
        answer = _weakly(self._answer_wasi)
        self._helper_call: Func = Func(self._store, FuncType([], []), answer)

    def _link(self, compiled: Module, shim: WasmInstance) -> Memory:
        from wasmtime import Instance as WasmInstance

        imports = [self._import(shim, entry.module, entry.name) for entry in self._module.imports]
        self._guest = WasmInstance(self._store, compiled, imports)
        memory: Memory = export(self._store, self._guest, "memory")
        return memory

    def _import(self, shim: WasmInstance, module: str, name: str) -> Func:
        """Return what answers one import."""
        from wasmtime import Func, FuncType, ValType

        if module == abi.WASI_MODULE:
            function: Func = export(self._store, shim, name)
            return function
        number = abi.HOST_FUNCTIONS.index(name)
        i32 = ValType.i32
        if name == "host_log":
            return Func(self._store, FuncType([i32()] * 4, []), _weakly(self._log))
        kind = FuncType([i32(), i32()], [i32()])
        return Func(self._store, kind, functools.partial(_weakly(self._answer), number))

    def _attach_wasi(self, shim: WasmInstance, options: EngineOptions) -> None:
        from wasmtime import Instance as WasmInstance

        table = export(self._store, shim, "wasi")
        parts = [self._memory, self._scratch, table, self._helper_call]
        WasmInstance(self._store, helper("wasi", options), parts)

    def _unwound(self, shim: WasmInstance, options: EngineOptions) -> None:
        """Keep all as it is: wasmtime-py's callbacks outlive an exception."""

    def _attach(self, shim: WasmInstance, options: EngineOptions) -> None:
        self._functions: dict[str, Any] = {
            name: export(self._store, self._guest, name)
            for name in (*abi.EXPORTS, "free")
            if name != "memory" and self._module.has_export(name)
        }
        self._attached = True
        self.execute = self._execute

    def _detach(self) -> None:
        for name in ("_functions", "_helper_call"):
            self.__dict__.pop(name, None)

    def _call(self, name: str) -> None:
        self._run(export(self._store, self._guest, name))

    # -- entries ---------------------------------------------------------------------------------

    def _execute(self, name: bytes, request: bytes) -> bytes:
        return self._enter("execute", lambda _: self._run_execute(name, request), name)

    def _run_execute(self, name: bytes, request: bytes) -> bytes:
        if len(name) > layout.REQUEST_BYTES:
            raise faults.name_too_long(len(name), layout.REQUEST_BYTES)
        self._begin()
        named = self._put(name)
        asked = self._put(request)
        run = self._functions["plugin_execute"]
        pointer = self._run(run, named, len(name), asked, len(request)) % ADDRESSES
        answer = self._read(pointer)
        if "free" in self._functions:
            self._run(self._functions["free"], pointer)
        self.pages = self.memory_size // PAGE
        return answer

    def _text(self, phase: Phase) -> bytes:
        self._begin()
        name = {"init": "plugin_init", "register": "plugin_register_slots"}[phase]
        return self._read(self._run(self._functions[name]) % ADDRESSES)

    def _run_cleanup(self, phase: Phase) -> None:
        self._begin()
        self._run(self._functions["plugin_cleanup"])

    def _begin(self) -> None:
        self._records = self._log_bytes = 0

    def _run(self, function: Callable[..., Any], *values: int) -> Any:
        from wasmtime import Trap, WasmtimeError

        try:
            return function(self._store, *values)
        except (Trap, WasmtimeError) as reported:
            raise faults.from_report(reported, self.wasi) from None

    # -- memory ----------------------------------------------------------------------------------

    def _outside(self, pointer: int, size: int) -> bool:
        return pointer + size > self.memory_size

    def _bytes(self, pointer: int, size: int) -> bytes:
        return bytes(self._memory.read(self._store, pointer, pointer + size))

    def _write(self, pointer: int, data: bytes) -> None:
        if data:  # wasmtime-py refuses to write nothing at the memory's end
            self._memory.write(self._store, data, pointer)

    def _room(self, size: int) -> tuple[int, ZenoError | None]:
        """Ask the guest's alloc; the error says what is wrong with its answer."""
        pointer = self._run(self._functions["alloc"], size) % ADDRESSES
        if not pointer and size:
            return 0, self._wrong_pointer(layout.ALLOC_NULL, 0, size)
        if self._outside(pointer, size):
            return pointer, self._wrong_pointer(layout.ALLOC_OUTSIDE, pointer, size)
        return pointer, None

    def _put(self, data: bytes) -> int:
        pointer, error = self._room(len(data))
        if error is not None:
            raise error
        self._write(pointer, data)
        return pointer

    def _read(self, pointer: int) -> bytes:
        """Return the text at `pointer` up to its NUL (ABI.md section 3)."""
        size = self.memory_size
        if not pointer:
            raise self._wrong_pointer(layout.NULL_ANSWER, pointer)
        if pointer >= size:
            raise self._wrong_pointer(layout.ANSWER_OUTSIDE, pointer)
        step = _FIRST_STEP
        while True:
            text, found, _ = self._bytes(pointer, min(step, size - pointer)).partition(b"\0")
            if found:
                self._check_reply(len(text))
                return text
            if step >= size - pointer:
                raise self._wrong_pointer(layout.NO_TERMINATOR, pointer)
            step *= 8

    # -- host calls ------------------------------------------------------------------------------

    def _answer(self, number: int, pointer: int, size: int) -> int:
        if not self._attached:
            self.refused_at_start += 1
            return 0
        if self._answering:
            self.calls.nested(1)
            return 0
        pointer, size = pointer % ADDRESSES, size % ADDRESSES
        if self._outside(pointer, size):
            reply = self.calls.outside(number, pointer, size)
        else:
            reply = self.calls.answer(number, self._bytes(pointer, size))
        return self._give(reply) if isinstance(reply, bytes) else int(reply)

    def _give(self, reply: bytes) -> int:
        """Write a reply with its NUL into a buffer from the guest's alloc; 0 when it has none."""
        return self._placed(reply + b"\0")

    def _placed(self, data: bytes) -> int:
        self._answering = True
        pointer, error = self._room(len(data))
        self._answering = False
        if error is not None:
            self.calls.no_room(pointer, len(data))
            return 0
        self._write(pointer, data)
        return pointer

    def _log(self, level: int, level_size: int, message: int, size: int) -> None:
        if not self._attached:
            self.refused_at_start += 1
            return
        if self._answering:
            self.calls.nested(1)
            return
        level, level_size, message, size = (
            value % ADDRESSES for value in (level, level_size, message, size)
        )
        bad = self._outside(level, level_size) or self._outside(message, size)
        kept = 0 if bad else min(size, self.limits.log_record, MIB)
        if self._records >= self.limits.log_records or (
            self._log_bytes + kept > self.limits.log_bytes
        ):
            self._dropped += 1
            return
        self._records += 1
        self._log_bytes += kept
        if bad:
            self.calls.log_outside(message)
            return
        text = self._bytes(level, min(level_size, layout.LEVEL_BYTES))
        self.calls.log(text, self._bytes(message, kept), size)

    def _say_last(self) -> None:
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self.calls.log_dropped(dropped)

    def _answer_wasi(self) -> None:
        """Answer wasi.wat through its mailbox."""
        cells = self._scratch_cells()
        function, pointer, size = (
            cells[cell] for cell in (layout.FUNCTION, layout.POINTER, layout.SIZE)
        )
        if function == layout.CLOCK_TIME:
            time = self.wasi.clock(pointer).to_bytes(8, "little")
            self._scratch.write(self._store, time, layout.CLOCK * 8)
        elif function == layout.RANDOM:
            self._write(pointer, self.wasi.random(size))
        elif function == layout.EXIT:
            raise Exited(pointer)
        else:
            kept = min(size, OUTPUT_BYTES)
            self.wasi.write(function, self._bytes(pointer + size - kept, kept))

    def _scratch_cells(self) -> memoryview:
        mailbox = bytes(self._scratch.read(self._store, 0, layout.MAILBOX_BYTES))
        return memoryview(mailbox).cast("I")
