"""What runs in a worker: instances, entered as the parent says, host calls sent back to it."""

from __future__ import annotations

import signal
import sys
from typing import IO, Any

from pytest_zeno.errors import ZenoError
from pytest_zeno.isolation import wire
from pytest_zeno.limits import Limits
from pytest_zeno.runtime import open_instance
from pytest_zeno.runtime.module import GuestModule


class Ended(BaseException):
    """The parent has a failure of its own: this entry is over."""


class ParentCalls:
    """Answers an instance's host calls by asking the parent; `HostCalls` is its interface."""

    until = 0.0

    def __init__(self, worker: ChildWorker) -> None:
        self._worker = worker
        self.notes: list[tuple[str, list[Any]]] = []

    def answer(self, function: int, request: bytes, /) -> bytes | bool:
        """Ask the parent."""
        return self._ask("answer", function, request)

    def outside(self, function: int, pointer: int, size: int, /) -> bytes | bool:
        """Ask the parent."""
        return self._ask("outside", function, pointer, size)

    def log(self, level: bytes, message: bytes, size: int, /) -> None:
        """Tell the parent with the next message."""
        self.notes.append(("log", [level, message, size]))

    def log_outside(self, pointer: int, /) -> None:
        """Tell the parent with the next message."""
        self.notes.append(("log_outside", [pointer]))

    def log_dropped(self, count: int, /) -> None:
        """Tell the parent with the next message."""
        self.notes.append(("log_dropped", [count]))

    def nested(self, count: int, /) -> None:
        """Tell the parent with the next message."""
        self.notes.append(("nested", [count]))

    def no_room(self, pointer: int, size: int, /) -> None:
        """Tell the parent with the next message."""
        self.notes.append(("no_room", [pointer, size]))

    def taken(self) -> list[tuple[str, list[Any]]]:
        """Return what the parent was not told yet."""
        notes, self.notes = self.notes, []
        return notes

    def _ask(self, method: str, *arguments: Any) -> bytes | bool:
        value = self._worker.ask(wire.HostCall(method, list(arguments), self.taken()))
        return False if value is None else value


class ChildWorker:
    """Serves one parent."""

    def __init__(self, read: IO[bytes], write: IO[bytes]) -> None:
        self._read = read
        self._write = write
        self._modules: dict[tuple[str, str], GuestModule] = {}
        self._wasm: dict[str, bytes] = {}
        self._instances: dict[int, Any] = {}
        self._calls: dict[int, ParentCalls] = {}

    def serve(self) -> None:
        """Do what the parent says until it is gone."""
        while True:
            self._handle(wire.from_parent(self._read))

    def ask(self, call: wire.HostCall) -> bytes | bool | None:
        """Return the parent's answer; meanwhile it may enter other instances."""
        wire.send(self._write, call)
        while True:
            message = wire.from_parent(self._read)
            if isinstance(message, wire.Reply):
                if message.ends:
                    raise Ended
                return message.value
            self._handle(message)

    def _handle(self, message: wire.ToWorker) -> None:
        if isinstance(message, wire.Open):
            wire.send(self._write, self._opened(message))
        elif isinstance(message, wire.Enter):
            wire.send(self._write, self._entered(message))

    def _opened(self, message: wire.Open) -> wire.Done:
        calls = self._calls[message.instance] = ParentCalls(self)
        try:
            module = self._module(message)
            instance = open_instance(
                module,
                calls,
                module.limits,
                plugin=message.plugin,
                metered=message.metered,
            )
        except (ZenoError, Ended) as error:
            del self._calls[message.instance]
            return wire.Done(notes=calls.taken(), failure=_failure(error), closed=True)
        self._instances[message.instance] = instance
        return self._done(message.instance, b"")

    def _module(self, message: wire.Open) -> GuestModule:
        key = message.sha256, repr(sorted(message.limits.items()))
        if message.wasm is not None:
            self._wasm[message.sha256] = message.wasm
        if key not in self._modules:
            limits = Limits(**message.limits)
            self._modules[key] = GuestModule(self._wasm[message.sha256], limits)
        return self._modules[key]

    def _entered(self, message: wire.Enter) -> wire.Done:
        if message.entry == "close":
            self._close(message.instance)
            return wire.Done(closed=True)
        instance = self._instances[message.instance]
        try:
            if message.entry == "execute":
                answer = instance.execute(message.name, message.request)
            else:
                answer = getattr(instance, message.entry)()
        except (ZenoError, Ended) as error:
            done = self._done(message.instance, b"")
            done.failure = _failure(error)
            return done
        return self._done(message.instance, answer or b"")

    def _close(self, number: int) -> None:
        """Free an instance, unless that was done when it failed."""
        instance = self._instances.pop(number, None)
        self._calls.pop(number, None)
        if instance is not None:
            instance.close()

    def _done(self, number: int, answer: bytes) -> wire.Done:
        instance, calls = self._instances[number], self._calls[number]
        if instance.closed:
            self._close(number)
            return wire.Done(answer, notes=calls.taken(), closed=True)
        return wire.Done(
            answer,
            instance.pages,
            instance.memory_size,
            instance.fuel if instance.metered else 0,
            instance.refused_at_start,
            calls.taken(),
        )


def _failure(error: BaseException) -> wire.Failure:
    if isinstance(error, ZenoError):
        return wire.as_failure(error)
    return wire.Failure("Ended", "", "", "", "", "")


def main() -> None:
    """Serve the parent on stdin and stdout; runs in the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to act upon
    read, write = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing else may speak there
    try:
        ChildWorker(read, write).serve()
    except wire.Broken:
        sys.exit(0)
