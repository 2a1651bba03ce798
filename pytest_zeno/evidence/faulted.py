"""What each slot does while a host function fails, and what the plugin does afterwards.

Each slot gets its valid request while one function that it calls fails, answers garbage, or stalls
until the call's time is up; then once more, with everything in order. What goes wrong on the way
has codes of its own (``faulted.trap.unreachable``).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import takewhile
from math import inf
from typing import TYPE_CHECKING, Final, Literal

from pytest_zeno.evidence import requests
from pytest_zeno.evidence.denied import orderly_slots, renamed, trouble
from pytest_zeno.evidence.exchanges import put
from pytest_zeno.permissions.deciding import KIND_OF
from pytest_zeno.runtime.abi import ANSWER_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.errors import ZenoError
    from pytest_zeno.evidence.exchanges import Exchange
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.host.faults import Faults
    from pytest_zeno.protocol.slots import Slot

Effect = Literal["error", "garbage", "stall"]

MOST_SECONDS: Final = 5.0
"""How long trying goes on."""

GARBAGE: Final = (b"", b'{"success": "no')
"""What a host function answers that should have answered JSON."""

_FAULTED: Final = "faulted"


@dataclass(frozen=True, slots=True)
class Trial:
    """One slot's valid request while a host function failed, and the same one afterwards.

    ``error`` is what was wrong with the answer; None where it was orderly, and for a stall, which
    the host ends. ``before`` is whether the slot succeeds when nothing fails, and ``afterwards``
    whether it did afterwards; None where it was not asked.
    """

    slot: str
    function: str
    effect: Effect
    exchange: Exchange
    error: ZenoError | None
    before: bool | None
    afterwards: Exchange | None


def try_faults(subject: Subject) -> tuple[Trial, ...]:
    """Try every slot that keeps its order without permissions, until time is up.

    Raises what keeps the plugin from being asked.
    """
    failing = subject.denied.failures
    slots = (slot for slot in orderly_slots(subject) if slot.name not in failing)
    end = time.monotonic() + MOST_SECONDS
    trials = (trial for slot in slots for trial in _trials(subject, slot))
    return tuple(takewhile(lambda _: time.monotonic() < end, trials))


def _trials(subject: Subject, slot: Slot) -> Iterator[Trial]:
    first, same, fresh = _undisturbed(subject, slot)
    called = {call.function for call in first.host_calls if call.function in KIND_OF}
    for function in sorted(called):
        yield from _failing(subject, slot, function, before=same)
        yield from _stalling(subject, slot, function, before=fresh)


def _undisturbed(subject: Subject, slot: Slot) -> tuple[Exchange, bool | None, bool | None]:
    """Return a slot's first exchange, and whether it succeeds again, on the same and a fresh guest.

    The fresh one has the same services.
    """
    services, ask = subject.services(), requests.valid(slot)
    with subject.guest(services=services) as guest:
        first = put(ask, guest)
    with subject.guest(services=services) as guest:
        fresh = put(ask, guest).success
    with subject.guest() as guest:
        same = put(ask, guest).success and put(ask, guest).success
    return first, same, fresh


def _failing(
    subject: Subject, slot: Slot, function: str, *, before: bool | None
) -> Iterator[Trial]:
    """Try a function that fails, and then each garbage, on a guest for each."""
    ask = requests.valid(slot)
    for effect, reply in _replies(function):
        services = subject.services()
        with subject.guest(services=services) as guest:
            _arm(services.faults, function, reply)
            faulted = put(ask, guest)
            met = any(call.rule.startswith("fault.") for call in faulted.host_calls)
            services.faults.clear()
            error = trouble(faulted, subject.limits)
            afterwards = put(ask, guest) if error is None else None
        if error is not None:
            error = renamed(error, _FAULTED, f"while {function} {_SAID[effect]}")
        if met:
            yield Trial(slot.name, function, effect, faulted, error, before, afterwards)


def _stalling(
    subject: Subject, slot: Slot, function: str, *, before: bool | None
) -> Iterator[Trial]:
    """Try a function that stalls until the host ends the call, and then a fresh guest."""
    ask, services = requests.valid(slot), subject.services()
    with subject.guest(services=services) as guest:
        services.faults.stall(function, seconds=inf)
        stalled = put(ask, guest)
    services.faults.clear()
    if stalled.error is not None and stalled.error.code == "limit.time":
        with subject.guest(services=services) as guest:
            afterwards = put(ask, guest)
        yield Trial(slot.name, function, "stall", stalled, None, before, afterwards)


_SAID: Final[dict[Effect, str]] = {"error": "failed", "garbage": "answered garbage"}


def _replies(function: str) -> Iterator[tuple[Effect, bytes | None]]:
    """Yield what to try: None is the contract's own failure."""
    yield "error", None
    if function not in ANSWER_NUMBERS and KIND_OF[function] != "env":
        yield from (("garbage", reply) for reply in GARBAGE)


def _arm(faults: Faults, function: str, reply: bytes | None) -> None:
    if reply is None:
        faults.fail(function)
    else:
        faults.garbage(function, reply)
