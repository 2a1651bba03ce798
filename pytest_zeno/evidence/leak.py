"""Where a leak is: which slot, how many bytes a call, and which of the host's buffers.

The host takes a block from alloc for the name, for the request and for every reply. Which of them
are never given back shows when one kind is made longer: the leak grows by as much.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.evidence.steadiness import LEAST
from pytest_zeno.evidence.watch import Call, Watch
from pytest_zeno.runtime.abi import HOST_FUNCTIONS

if TYPE_CHECKING:
    from pytest_zeno.evidence.steadiness import Steadiness
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.runtime.instance import HostCalls

LONGER: Final = 64
"""Blanks that are added to a text: JSON allows them behind a value."""

_SHOWS: Final = LONGER * 3 // 4
"""Bytes a call from which a longer text shows in the leak."""

_WINDOWS: Final = 3


@dataclass(frozen=True, slots=True)
class Loss:
    """What a call loses each time, measured over so many, and the buffers it does not release.

    ``buffers`` are words: ``the request (52 bytes)``, ``the reply of host_env_get (6 bytes)``.
    """

    call: Call
    bytes: float
    calls: int
    buffers: tuple[str, ...] = ()


def trace(subject: Subject, found: Steadiness) -> tuple[Loss, ...]:
    """Return what each of the calls loses by itself, the worst first; each on a fresh guest."""
    losses = [_Tracer(subject, one).loss() for one in found.asked]
    losing = [one for one in losses if one.bytes >= LEAST]
    return tuple(sorted(losing, key=lambda one: -one.bytes))


class _Tracer:
    """One call that may lose memory, repeated on guests of its own."""

    def __init__(self, subject: Subject, call: Call) -> None:
        self._subject = subject
        self._call = call
        self._calls = 0

    def loss(self) -> Loss:
        """Return what the call loses, and by which buffers."""
        pace = self._pace(self._call)
        if pace < LEAST:
            return Loss(self._call, pace, self._calls)
        return Loss(self._call, pace, self._calls, tuple(self._buffers(pace)))

    def _buffers(self, pace: float) -> list[str]:
        name, request = self._call
        found = []
        if self._pace(Call(name, request + b" " * LONGER)) - pace >= _SHOWS:
            found.append(f"the request ({len(request)} bytes)")
        for function, size in self._replies().items():
            if self._pace(self._call, function) - pace >= _SHOWS:
                found.append(f"the reply of {function} ({size} bytes)")
        return found

    def _replies(self) -> dict[str, int]:
        """Return the functions that reply to the call with a text, and the size of a block."""
        with self._subject.measured_guest() as guest:
            guest.execute(*self._call)
            return {
                one.function: len(one.reply) + 1
                for one in guest.host_calls
                if isinstance(one.reply, bytes)
            }

    def _pace(self, call: Call, longer: str = "") -> float:
        """Return the bytes that each call takes once it is warm, in the quietest window."""
        with self._subject.measured_guest() as guest:
            if longer:
                guest.instance.calls = _Longer(guest.instance.calls, HOST_FUNCTIONS.index(longer))
            watch = Watch(guest, [call])
            with suppress(ZenoError):  # the memory may be used up before the windows are over
                for _ in range(_WINDOWS):
                    watch.window()
            self._calls = watch.calls
            if not watch.windows:
                return (watch.last - watch.first) / watch.calls
            return min(watch.windows[-2:]) / watch.rounds


class _Longer:
    """Answers host calls as another does, and one function with `LONGER` blanks more."""

    until = 0.0

    def __init__(self, calls: HostCalls, function: int) -> None:
        self._calls = calls
        self._function = function

    def __getattr__(self, name: str) -> Any:
        return getattr(self._calls, name)

    def answer(self, function: int, request: bytes, /) -> bytes | int:
        """Answer a host call."""
        reply = self._calls.answer(function, request)
        if function == self._function and isinstance(reply, bytes):
            return reply + b" " * LONGER
        return reply
