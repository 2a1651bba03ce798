"""What runs in a worker: instances, entered as the parent says, host calls sent back to it."""

from __future__ import annotations

from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ClosedError, ZenoError
from pytest_zeno.isolation import failures, wire
from pytest_zeno.limits import Limits
from pytest_zeno.runtime import open_instance
from pytest_zeno.runtime.measured import MeasuredInstance, Unfreed
from pytest_zeno.runtime.module import GuestModule
from pytest_zeno.runtime.reference import Quirks, ReferenceInstance

if TYPE_CHECKING:
    from pytest_zeno.runtime.instance import Instance

_ROOM: Final = wire.MOST_NOTES - 2
"""Notes that wait for the next message; two may come between a look and the message."""


class Ended(BaseException):
    """The parent has a failure of its own: this entry is over."""


class ParentCalls:
    """Answers an instance's host calls by asking the parent; `HostCalls` is its interface."""

    until = 0.0

    def __init__(self, worker: ChildWorker) -> None:
        self._worker = worker
        self._notes: list[wire.Note] = []

    def answer(self, function: int, request: bytes, /) -> bytes | int:
        """Ask the parent."""
        return self._worker.ask(wire.Ask(function, request, self.taken()))

    def outside(self, function: int, pointer: int, size: int, /) -> bytes | int:
        """Ask the parent."""
        return self._worker.ask(wire.Outside(function, pointer, size, self.taken()))

    def log(self, level: bytes, message: bytes, size: int, /) -> None:
        """Tell the parent with the next message."""
        self._note(wire.Log(level, message, size))

    def log_outside(self, pointer: int, /) -> None:
        """Tell the parent with the next message."""
        self._note(wire.LogOutside(pointer))

    def log_dropped(self, count: int, /) -> None:
        """Tell the parent with the next message."""
        self._note(wire.LogDropped(count))

    def nested(self, count: int, /) -> None:
        """Tell the parent with the next message; a guest may do it by the million."""
        last = self._notes[-1] if self._notes else None
        if isinstance(last, wire.Nested):
            last.count += count
        else:
            self._note(wire.Nested(count))

    def no_room(self, pointer: int, size: int, /) -> None:
        """Tell the parent with the next message."""
        self._note(wire.NoRoom(pointer, size))

    def taken(self) -> list[wire.Note]:
        """Return what the parent was not told yet."""
        notes, self._notes = self._notes, []
        return notes

    def _note(self, note: wire.Note) -> None:
        if len(self._notes) >= _ROOM:
            self._worker.tell(wire.Told(self.taken()))
        self._notes.append(note)


class ChildWorker:
    """Serves one parent."""

    def __init__(self, read: IO[bytes], write: IO[bytes]) -> None:
        self._read = read
        self._write = write
        self._modules: dict[str, GuestModule] = {}
        self._instances: dict[int, tuple[Instance, ParentCalls]] = {}

    def serve(self) -> None:
        """Do what the parent says until it is gone."""
        self.tell(wire.Ready())
        while True:
            self._handle(wire.from_parent(self._read))

    def tell(self, message: wire.ToParent) -> None:
        """Say something that wants no answer."""
        wire.send(self._write, message)

    def ask(self, call: wire.HostCall) -> bytes | int:
        """Return the parent's answer; meanwhile it may enter other instances."""
        self.tell(call)
        while True:
            message = wire.from_parent(self._read)
            if isinstance(message, wire.Reply):
                if message.ends:
                    raise Ended
                return message.value
            self._handle(message)

    def _handle(self, message: wire.ToWorker) -> None:
        if isinstance(message, wire.Open):
            self._free(message.free)
            self.tell(self._opened(message))
        elif isinstance(message, wire.Enter):
            self._free(message.free)
            self.tell(self._entered(message))
        elif isinstance(message, wire.Give):
            self.tell(self._taken(message))

    def _taken(self, message: wire.Give) -> wire.Done:
        try:
            module = GuestModule(message.wasm, Limits(**message.limits))
        except ZenoError as error:
            return wire.Done(failure=failures.as_data(error))
        self._modules[message.sha256] = Unfreed(module) if message.unfreed else module
        return wire.Done()

    def _opened(self, message: wire.Open) -> wire.Done:
        calls = ParentCalls(self)
        try:
            instance = _open(self._modules[message.module], calls, message)
        except (ZenoError, Ended) as error:
            return wire.Done(notes=calls.taken(), failure=_failure(error), closed=True)
        self._instances[message.instance] = instance, calls
        return _done(instance, calls)

    def _entered(self, message: wire.Enter) -> wire.Done:
        instance, calls = self._instances[message.instance]
        try:
            answer = _enter(instance, message)
        except (ZenoError, Ended) as error:
            done = _done(instance, calls)
            done.failure = _failure(error)
            return done
        return _done(instance, calls, answer)

    def _free(self, numbers: list[int]) -> None:
        for number in numbers:
            instance, _ = self._instances.pop(number, (None, None))
            if instance is not None:
                instance.close()


def _open(module: GuestModule, calls: ParentCalls, message: wire.Open) -> Instance:
    limits, plugin = Limits(**message.limits), message.plugin
    if message.way == "measured":
        return MeasuredInstance(module, calls, limits, plugin=plugin)
    if message.way == "reference":
        quirks = Quirks(**message.quirks)
        return ReferenceInstance(module, calls, limits, plugin=plugin, quirks=quirks)
    return open_instance(module, calls, limits, plugin=plugin, metered=message.metered)


def _enter(instance: Any, message: wire.Enter) -> bytes:
    if message.entry == "execute":
        answer: bytes = instance.execute(message.name, message.request)
    elif message.entry == "take_blocks":
        instance.take_blocks(message.sizes)
        answer = b""
    elif message.entry == "memory":
        answer = instance.memory().rstrip(b"\0")
    else:
        answer = getattr(instance, message.entry)() or b""
    return answer


def _done(instance: Any, calls: ParentCalls, answer: bytes = b"") -> wire.Done:
    done = wire.Done(
        answer,
        instance.pages,
        refused_at_start=instance.refused_at_start,
        notes=calls.taken(),
        closed=instance.closed,
    )
    with suppress(ClosedError):  # it may have no store any more
        done.memory_size = instance.memory_size
        done.fuel = instance.fuel if instance.metered else 0
    if isinstance(instance, MeasuredInstance):
        done.blocks = b"".join(wire.BLOCK.pack(*block) for block in instance.blocks)
    if isinstance(instance, ReferenceInstance) and instance.text is not None:
        text = instance.text
        done.text = (text.phase, text.pointer, text.size, text.memory)
    return done


def _failure(error: BaseException) -> bytes:
    return failures.as_data(error) if isinstance(error, ZenoError) else wire.ENDED
