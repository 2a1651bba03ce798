"""Whether the memory stays steady over many calls (ABI.md section 3).

A plateau is asked for, not zero growth: allocators and collectors take what they need at first.
So what counts is memory that is used for the first time, window after window of calls. Who takes
some at an even pace is put to a second test, on a fresh guest: large requests, which make a
collector collect and an arena start anew, and then calls by the ten thousand. Who goes on taking
at that pace gives nothing back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.evidence import requests
from pytest_zeno.evidence.exchanges import MOST_SLOTS
from pytest_zeno.evidence.touched import Touched
from pytest_zeno.evidence.watch import WINDOWS, Call, Watch
from pytest_zeno.limits import KIB, MIB, PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.host.guest import Guest

FEWEST_ROUNDS: Final = 5
"""Rounds of a window without which nothing is said: a leak needs calls to show."""

LEAST: Final = 8
"""Bytes a round from which a loss is one: half of what the smallest block takes."""

EVEN: Final = 0.7
"""How much of its pace a leak keeps; what warms up slows down."""

DONE: Final = 0.1
"""How little of the pace is left when a collector has collected: the loss was none."""

LARGE: Final = 16 * KIB
MOST_PRESSURE: Final = 256 * MIB
"""Bytes of large requests, as many as the memory may have: all that is free was used then, a
collector has collected, and who keeps them has used the memory up."""

STRETCHES: Final = 8
STRETCH: Final = 5_000
"""Calls of a stretch of the second test."""

MOST_FUEL: Final = 20 * 10**9
"""Fuel for the large requests of the second test, and for its stretches."""


@dataclass(frozen=True, slots=True)
class Steadiness:
    """What became of the memory over many calls of `asked`.

    ``first`` and ``last`` are its sizes in bytes, ``windows`` the bytes that were used for the
    first time in each window of so many ``rounds``, and ``fuels`` the least that a call of each
    slot burnt in it. ``failure`` is what ended the calls when the memory was used up.
    """

    asked: tuple[Call, ...] = ()
    first: int = 0
    last: int = 0
    calls: int = 0
    rounds: int = 0
    windows: tuple[int, ...] = ()
    fuels: tuple[dict[str, int], ...] = ()
    steady: bool = True
    failure: ZenoError | None = None

    @property
    def lost(self) -> float:
        """Bytes that a call took, on average of the last windows."""
        last = self.windows[-WINDOWS // 2 :]
        if not last:
            return (self.last - self.first) / max(1, self.calls)
        return sum(last) / (len(last) * self.rounds * len(self.asked))


def valid_calls(subject: Subject) -> tuple[Call, ...]:
    """Return the valid call of each slot."""
    valid = map(requests.valid, subject.slots[:MOST_SLOTS])
    return tuple(Call(one.name, one.request) for one in valid)


def failing_calls(subject: Subject) -> tuple[Call, ...]:
    """Return calls that the plugin answers with a failure: of each kind one for each slot."""
    found: dict[tuple[str, str], Call] = {}
    for one in subject.exchanges:
        if one.success is False and one.kind in ("missing", "wrong_type", "not_json"):
            found.setdefault((one.ask.name, one.kind), Call(one.ask.name, one.ask.request))
        elif one.success is False and one.kind == "unknown_slot":
            found.setdefault(("", one.kind), Call(one.ask.name, one.ask.request))
    return tuple(found.values())


def measure(subject: Subject, asked: Sequence[Call]) -> Steadiness:
    """Repeat the calls until it shows whether the memory is steady; without calls it is.

    Raises what a call raises, unless the memory had been used up.
    """
    if not asked:
        return Steadiness()
    with subject.measured_guest() as guest:
        watch = Watch(guest, asked)
        failure = None
        try:
            for _ in range(WINDOWS):
                watch.window()
        except ZenoError as error:
            if not watch.used_up(subject.limits.memory):
                raise
            failure = error
        steady = failure is None and (not _climbs(watch) or Trial(subject, watch).passed())
        return Steadiness(
            asked=tuple(asked),
            first=watch.first,
            last=watch.last,
            calls=watch.calls,
            rounds=watch.rounds,
            windows=tuple(watch.windows),
            fuels=tuple(watch.fuels),
            steady=steady,
            failure=failure,
        )


def _climbs(watch: Watch) -> bool:
    """Whether memory is still taken, and at a pace that may go on."""
    half = WINDOWS // 2
    early, late = sum(watch.windows[:half]), sum(watch.windows[half:])
    enough = LEAST * watch.rounds * half
    return watch.rounds >= FEWEST_ROUNDS and late >= max(enough, EVEN * early / 2)


class Trial:
    """The second test of a suspect, on a fresh guest: large requests, then calls and calls."""

    def __init__(self, subject: Subject, watch: Watch) -> None:
        self._subject = subject
        self._asked = watch.asked
        late = watch.windows[WINDOWS // 2 :]
        self._pace = sum(late) / (len(late) * watch.rounds)
        most = MOST_FUEL / STRETCHES / watch.price
        self._rounds = max(1, int(min(STRETCH / len(watch.asked), most)))
        self._large = Call(watch.asked[0].slot, watch.asked[0].request + b" " * LARGE)
        volume = min(subject.limits.memory, MOST_PRESSURE)
        self._larges = int(min(volume / LARGE, MOST_FUEL / watch.price_of(self._large)))

    def passed(self) -> bool:
        """Whether the memory comes to rest."""
        least = max(DONE * self._pace, LEAST) * self._rounds
        taken: list[int] = []
        with self._subject.unfreed_guest() as guest:
            try:
                for fresh in self._stretches(guest):
                    taken.append(fresh)
                    if len(taken) > 1 and fresh < least:
                        return True
            except ZenoError:  # a memory that is used up was never given back
                return 2 * guest.instance.pages * PAGE <= self._subject.limits.memory
        half = STRETCHES // 2
        return sum(taken[half:]) < EVEN * sum(taken[:half])

    def _stretches(self, guest: Guest) -> Iterator[int]:
        """Yield the bytes that each stretch of calls uses, or grows by, for the first time."""
        touched = Touched()
        for _ in range(self._larges):
            guest.execute(*self._large)
        touched.take(guest.instance.memory())
        for _ in range(STRETCHES):
            before = guest.memory_size
            for _ in range(self._rounds):
                for slot, request in self._asked:
                    guest.execute(slot, request)
            guest.ledger.clear()
            yield max(touched.take(guest.instance.memory()), guest.memory_size - before)
