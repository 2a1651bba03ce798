"""An instance that runs in a worker, with the face of one that runs here."""

from __future__ import annotations

import dataclasses
import time
import weakref
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import Phase, ZenoError
from pytest_zeno.isolation import failures, wire
from pytest_zeno.limits import MIB
from pytest_zeno.runtime.instance import busy, ended
from pytest_zeno.runtime.measured import Block, Unfreed
from pytest_zeno.runtime.reference import Text
from pytest_zeno.text import visible_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from threading import RLock

    from pytest_zeno.isolation.process import Process
    from pytest_zeno.limits import Limits
    from pytest_zeno.runtime.instance import HostCalls
    from pytest_zeno.runtime.module import GuestModule

_OF_LOG: Final = 512
"""Bytes of a log line in a message beside its text."""

_OF_MESSAGE: Final = 8 * MIB
"""Bytes of a message beside what the limits bound: numbers, blocks, a failure."""


class RemoteInstance:
    """A guest in a worker; `runtime.instance.Instance` says what its members mean.

    It is `process.Ear` of its worker: what it hears is as the types in `wire` say, and checked
    here against the limits, because it comes from where the guest may have taken over.
    """

    def __init__(
        self,
        process: Process,
        lock: RLock,
        number: int,
        calls: HostCalls,
        limits: Limits,
        plugin: str,
    ) -> None:
        self.calls = calls
        self.limits = limits
        self.plugin = plugin
        self.metered = False
        self.pages = 0
        self.fuel = 0
        self.refused_at_start = 0
        self.blocks: list[Block] = []
        self.text: Text | None = None
        self.most = (
            max(limits.memory, limits.reply)
            + limits.log_bytes
            + limits.log_records * _OF_LOG
            + _OF_MESSAGE
        )
        self._memory_size = 0
        self._burnt: dict[int, int] = {}
        """The fuel of entries that nobody has asked about yet, by thread."""
        self._process = process
        self._lock = lock
        self._number = number
        self._closed = False
        self._inside = False
        self._end = "its process has ended"
        self._failure: BaseException | None = None
        self._log_records = self._log_bytes = 0
        self._finalize = weakref.finalize(self, process.forget, number)

    def __repr__(self) -> str:
        return f"<RemoteInstance {self.plugin or self._number}>"

    def open(
        self,
        module: GuestModule,
        *,
        way: Any,
        metered: bool = False,
        quirks: dict[str, bool] | None = None,
    ) -> None:
        """Start it. Raises what the constructor of `Instance` does."""
        self.metered = metered
        process, limits = self._process, _plain(self.limits)
        unfreed = isinstance(module, Unfreed)
        name = f"{module.sha256}{'-unfreed' if unfreed else ''}"
        if name not in process.known:
            given = wire.Give(name, module.wasm, _plain(module.limits), unfreed)
            self._say(given, "load", self.limits.compile_timeout)
            process.known.add(name)
        opening = wire.Open(
            self._number,
            name,
            limits,
            self.plugin,
            way,
            metered,
            quirks or {},
            process.forgotten(),
        )
        self._say(opening, "start", self.limits.load_timeout)

    # -- entries ---------------------------------------------------------------------------------

    def init(self) -> bytes:
        """Call `plugin_init` and return the metadata's bytes."""
        return self._enter("init", "init")

    def register(self) -> bytes:
        """Call `plugin_register_slots` and return the slot list's bytes."""
        return self._enter("register", "register")

    def execute(self, name: bytes, request: bytes) -> bytes:
        """Call `plugin_execute` with a slot's name and a request; return the response's bytes."""
        return self._enter("execute", "execute", name, request)

    def cleanup(self) -> None:
        """Call `plugin_cleanup`."""
        self._enter("cleanup", "cleanup")

    def take_blocks(self, sizes: Iterable[int]) -> tuple[Block, ...]:
        """Take blocks from the alloc of a measured instance."""
        self._enter("execute", "take_blocks", sizes=sizes)
        return tuple(self.blocks)

    def memory(self) -> bytes:
        """Return a copy of the linear memory. Raises ClosedError after `close`."""
        used = self._enter("execute", "memory")
        return used.ljust(self._memory_size, b"\0")

    def output(self) -> bytes:
        """Return what a guest with quirks wrote to stdout and stderr."""
        return self._enter("execute", "output")

    @property
    def memory_size(self) -> int:
        """The size of the linear memory in bytes. Raises ClosedError after `close`."""
        if not self._finalize.alive:
            raise ended(self._end, self.plugin)
        return self._memory_size

    def take_fuel(self) -> int | None:
        """Return what this thread's last entry burnt, once; None when it is not counted."""
        return self._burnt.pop(get_ident(), None)

    @property
    def closed(self) -> bool:
        """Whether the instance has ended: by `close`, by a failure, or with its process."""
        return self._closed or self._process.ended

    def close(self) -> None:
        """Free the instance; safe to call twice. Raises ClosedError while a thread is inside."""
        if self._inside:
            raise busy(self.plugin)
        if not self._closed:
            self._closed, self._end = True, "it was closed"
        self._finalize()

    def _enter(
        self,
        phase: Phase,
        entry: Any,
        name: bytes = b"",
        request: bytes = b"",
        sizes: Iterable[int] = (),
    ) -> bytes:
        self._check_free()
        free = self._process.forgotten()
        message = wire.Enter(self._number, entry, name, request, list(sizes), free)
        return self._say(message, phase, self.limits.timeout, name)

    def _say(
        self, message: wire.ToWorker, phase: Phase, seconds: float, slot: bytes = b""
    ) -> bytes:
        """Return the answer to a message, or raise what became of it."""
        with self._lock:
            self._check_free()
            self._inside = True
            try:
                self._begin(seconds)
                self._process.converse(message, self, seconds)
                failure, self._failure = self._failure, None
                if failure is not None:
                    raise failure
            except BaseException as error:
                self._end = f"{type(error).__name__}: {error}"
                if isinstance(error, ZenoError) and not error.phase:
                    error.plugin, error.phase = self.plugin, phase
                    error.slot = visible_bytes(slot)
                raise
            finally:
                self._inside = False
        return self._answer

    def _begin(self, seconds: float) -> None:
        self.calls.until = time.monotonic() + seconds
        self._answer = b""
        self._failure = None
        self._log_records, self._log_bytes = self.limits.log_records, self.limits.log_bytes

    def _check_free(self) -> None:
        if self.closed:
            raise ended(self._end, self.plugin)
        if self._inside:
            raise busy(self.plugin)

    # -- process.Ear -----------------------------------------------------------------------------

    def asked(self, call: wire.HostCall) -> wire.Reply:
        """Answer a host call; what that raises ends the entry first, and is raised then."""
        self.told(call.notes)
        if self._failure is not None:
            return wire.Reply(ends=True)
        try:
            if isinstance(call, wire.Ask):
                return wire.Reply(self.calls.answer(call.function, call.request))
            return wire.Reply(self.calls.outside(call.function, call.pointer, call.size))
        except BaseException as failure:  # noqa: BLE001 (raised again by `_say`)
            self._failure = failure
            return wire.Reply(ends=True)

    def told(self, notes: list[wire.Note]) -> None:
        """Hand over what the guest logged, and did wrong."""
        for note in notes:
            self._budget(note)
            try:
                self._note(note)
            except BaseException as failure:  # noqa: BLE001 (raised again by `_say`)
                self._failure = self._failure or failure

    def done(self, done: wire.Done) -> None:
        """Take an entry's numbers over, and what it ended with."""
        self.told(done.notes)
        if len(done.blocks) % wire.BLOCK.size:
            raise wire.Broken("it told of a part of a block")
        self._answer = done.answer
        self.pages, self._memory_size, self.fuel = done.pages, done.memory_size, done.fuel
        if self.metered:
            self._burnt[get_ident()] = done.fuel
        self.refused_at_start = done.refused_at_start
        self.blocks = [Block(*pair) for pair in wire.BLOCK.iter_unpack(done.blocks)]
        self.text = Text(*done.text) if done.text else None
        self._closed = done.closed or self._failure is not None
        if self._failure is None and done.failure:
            self._failure = failures.as_error(done.failure, self.plugin)

    def _budget(self, note: wire.Note) -> None:
        """Raise Broken for more log lines than an instance lets through."""
        if isinstance(note, wire.Log | wire.LogOutside):
            self._log_records -= 1
            self._log_bytes -= len(note.message) if isinstance(note, wire.Log) else 0
            if self._log_records < 0 or self._log_bytes < 0:
                raise wire.Broken("it logged more than the limits allow")

    def _note(self, note: wire.Note) -> None:
        calls = self.calls
        if isinstance(note, wire.Log):
            calls.log(note.level, note.message, note.size)
        elif isinstance(note, wire.LogOutside):
            calls.log_outside(note.pointer)
        elif isinstance(note, wire.LogDropped):
            calls.log_dropped(note.count)
        elif isinstance(note, wire.Nested):
            calls.nested(note.count)
        else:
            calls.no_room(note.pointer, note.size)


def _plain(limits: Limits) -> dict[str, Any]:
    return dataclasses.asdict(limits)
