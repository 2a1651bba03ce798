"""An instance that runs in a worker, with the face of one that runs here."""

from __future__ import annotations

import dataclasses
import time
import weakref
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import ClosedError, Phase, ZenoError
from pytest_zeno.isolation import wire

if TYPE_CHECKING:
    from threading import RLock

    from pytest_zeno.isolation.worker import Process
    from pytest_zeno.limits import Limits
    from pytest_zeno.runtime.instance import HostCalls
    from pytest_zeno.runtime.module import GuestModule

_ASKED: Final = frozenset(("answer", "outside"))
_TOLD: Final = frozenset(("log", "log_outside", "log_dropped", "nested", "no_room"))
"""The methods of `HostCalls` that a worker may name."""


class RemoteInstance:
    """A guest in a worker; `runtime.instance.Instance` says what its members mean."""

    def __init__(
        self,
        process: Process,
        lock: RLock,
        number: int,
        module: GuestModule,
        calls: HostCalls,
        limits: Limits,
        plugin: str,
        *,
        metered: bool,
    ) -> None:
        self.calls = calls
        self.limits = limits
        self.plugin = plugin
        self.metered = metered
        self.pages = 0
        self.closed = False
        self.memory_size = 0
        self.fuel = 0
        self.refused_at_start = 0
        self._process = process
        self._lock = lock
        self._number = number
        self._inside = False
        self._end = "it was closed"
        self._failure: BaseException | None = None
        self._open(module)
        weakref.finalize(self, process.forgotten.append, number)

    def __repr__(self) -> str:
        return f"<RemoteInstance {self.plugin or self._number}>"

    def _open(self, module: GuestModule) -> None:
        known = self._process.known
        wasm = None if module.sha256 in known else module.wasm
        known.add(module.sha256)
        limits = dataclasses.asdict(self.limits)
        message = wire.Open(self._number, module.sha256, wasm, limits, self.plugin, self.metered)
        done = self._said(message, "start", self.limits.load_timeout)
        self.refused_at_start = done.refused_at_start

    # -- entries ---------------------------------------------------------------------------------

    def init(self) -> bytes:
        """Call `plugin_init` and return the metadata's bytes."""
        return self._enter("init")

    def register(self) -> bytes:
        """Call `plugin_register_slots` and return the slot list's bytes."""
        return self._enter("register")

    def execute(self, name: bytes, request: bytes) -> bytes:
        """Call `plugin_execute` with a slot's name and a request; return the response's bytes."""
        return self._enter("execute", name, request)

    def cleanup(self) -> None:
        """Call `plugin_cleanup`."""
        self._enter("cleanup")

    def close(self) -> None:
        """Free the instance; safe to call twice. Raises ClosedError while a thread is inside."""
        if self.closed:
            return
        if self._inside:
            raise self._busy()
        self.closed = True
        with self._lock:
            self._process.forgotten.append(self._number)
            self._bury()

    def _bury(self) -> None:
        """Free what nobody can enter any more."""
        while self._process.forgotten and not self._process.ended:
            message = wire.Enter(self._process.forgotten.pop(), "close")
            self._process.converse(message, self._answered, self.limits.timeout)

    def _enter(self, phase: Phase, name: bytes = b"", request: bytes = b"") -> bytes:
        if self.closed:
            raise self._ended()
        if self._inside:
            raise self._busy()
        message = wire.Enter(self._number, phase, name, request)
        return self._said(message, phase, self.limits.timeout).answer

    def _said(self, message: wire.ToWorker, phase: Phase, seconds: float) -> wire.Done:
        """Return what became of a message; the instance is closed when that is a failure."""
        self.calls.until = time.monotonic() + seconds
        with self._lock:
            self._inside = True
            try:
                self._bury()
                done = self._process.converse(message, self._answered, seconds)
                self._heard(done)
            except BaseException as error:
                self.closed, self._end = True, str(error)
                if isinstance(error, ZenoError):
                    error.plugin = error.plugin or self.plugin
                    error.phase = error.phase or phase
                raise
            finally:
                self._inside = False
        return done

    def _heard(self, done: wire.Done) -> None:
        """Take over an entry's numbers and notes. Raises what it ended with."""
        self._told(done.notes)
        self.closed = self.closed or done.closed
        self.pages, self.memory_size, self.fuel = done.pages, done.memory_size, done.fuel
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        if done.failure is not None:
            self._end = done.failure.message
            raise wire.as_error(done.failure, self.plugin)

    # -- host calls ------------------------------------------------------------------------------

    def _answered(self, call: wire.HostCall) -> wire.Reply:
        """Answer a host call; what it raises ends the entry first, and is raised then."""
        try:
            self._told(call.notes)
            if call.method not in _ASKED:
                raise wire.Broken(f"{call.method!r} is no host call")
            return wire.Reply(getattr(self.calls, call.method)(*call.arguments))
        except wire.Broken:
            raise
        except BaseException as failure:  # noqa: BLE001 (raised again by `_heard`)
            self._failure = failure
            return wire.Reply(ends=True)

    def _told(self, notes: list[tuple[str, list[object]]]) -> None:
        for method, arguments in notes:
            if method not in _TOLD:
                raise wire.Broken(f"{method!r} is no note")
            getattr(self.calls, method)(*arguments)

    # -- ends ------------------------------------------------------------------------------------

    def _busy(self) -> ClosedError:
        from pytest_zeno.runtime.instance import busy

        return busy(self.plugin)

    def _ended(self) -> ClosedError:
        from pytest_zeno.runtime.instance import ended

        return ended(self._end, self.plugin)
