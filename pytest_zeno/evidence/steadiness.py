"""Whether the memory stays steady over many calls (ABI.md section 3).

A plateau is asked for, not zero growth: allocators and collectors take what they need at first.
So what counts is memory that is used for the first time, window after window of calls, at an even
pace. Where there is such a pace, large requests follow: they make a collector collect and an arena
start anew. Who goes on taking after that, and after as many calls as would fill the room they
left, gives nothing back.

How many calls there are is a matter of the fuel they burn, not of the machine's speed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_zeno.errors import ZenoError
from pytest_zeno.evidence import requests
from pytest_zeno.evidence.exchanges import MOST_SLOTS
from pytest_zeno.evidence.touched import Touched
from pytest_zeno.limits import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.host.guest import Guest

WINDOWS: Final = 10
"""Windows that are looked at together: the first half is the warm-up of the second."""

CALLS: Final = 200
"""Calls of a window, if there are few slots."""

ROUNDS: Final = 25
"""How often a window calls each slot, if there are many."""

FEWEST_ROUNDS: Final = 5
"""Rounds of a window without which nothing is said: a leak needs calls to show."""

LEAST: Final = 8
"""Bytes a round from which a loss is one: half of what the smallest block takes."""

EVEN: Final = 0.7
"""How much of its pace a leak keeps from one half of the windows to the next; what warms up
slows down."""

FUEL: Final = 4 * 10**9
"""Fuel for the first windows: some seconds of computing."""

MOST_FUEL: Final = 10 * 10**9
"""Fuel for the windows after large requests."""

CROSSING: Final = 30_000
"""What a crossing between host and guest counts as, in fuel."""

LARGE: Final = 64 * KIB
PRESSURE: Final = 16 * MIB
"""Bytes of large requests that make any collector collect."""


class Call(NamedTuple):
    """One call that is repeated."""

    slot: str
    request: bytes


@dataclass(frozen=True, slots=True)
class Steadiness:
    """What became of the memory over many calls.

    ``first`` and ``last`` are its sizes in bytes; ``windows`` are the bytes that were used for the
    first time in each window of `rounds` rounds through `asked`. ``failure`` is what ended the
    calls when the memory was used up.
    """

    asked: tuple[Call, ...] = ()
    first: int = 0
    last: int = 0
    calls: int = 0
    rounds: int = 0
    windows: tuple[int, ...] = ()
    fuels: tuple[dict[str, int], ...] = ()
    """The least fuel that a call of each slot burnt, window by window."""
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
    """Return a call of each kind that the plugin answers with a failure, of each slot."""
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
            steady = _is_steady(watch)
        except ZenoError as error:
            if not watch.used_up(subject.limits.memory):
                raise
            steady, failure = False, error
        return watch.result(steady=steady, failure=failure)


def _is_steady(watch: Watch) -> bool:
    for _ in range(WINDOWS):
        watch.window()
    if watch.rounds < FEWEST_ROUNDS or not watch.climbs(calm=False):
        return True
    pace = sum(watch.windows[-WINDOWS // 2 :]) / (WINDOWS // 2)
    before = len(watch.windows)
    room = watch.press()
    most = min(room / pace + 2 * WINDOWS, MOST_FUEL / (watch.price * watch.rounds))
    while len(watch.windows) - before < most:
        watch.window()
        if len(watch.windows) - before >= WINDOWS and watch.climbs(calm=True):
            return False
    return True


@dataclass(slots=True)
class Watch:
    """A guest that is called again and again, and what its memory does meanwhile."""

    guest: Guest
    asked: Sequence[Call]
    windows: list[int] = field(default_factory=list)
    fuels: list[dict[str, int]] = field(default_factory=list)
    rounds: int = 1
    price: int = 0
    """What a round costs, in fuel."""
    calls: int = 0
    first: int = 0
    last: int = 0
    _touched: Touched = field(default_factory=Touched)
    _top: int = 0
    """The highest address that alloc has handed out."""
    _seen: int = 0

    def __post_init__(self) -> None:
        self._round({})
        crossings = sum(1 + len(self._call(one)) for one in self.asked)
        self.price = sum(self._round({}).values()) + CROSSING * crossings
        wanted = max(ROUNDS, CALLS // len(self.asked))
        self.rounds = max(1, min(wanted, FUEL // (WINDOWS * self.price)))
        self.first = self.last = self.guest.memory_size
        self._fresh()

    def window(self) -> None:
        """Call everything as often as a window asks for, and note what that took."""
        fuels: dict[str, int] = {}
        for _ in range(self.rounds):
            self._round(fuels)
        self.guest.ledger.clear()
        self.fuels.append(fuels)
        self.windows.append(self._fresh())

    def climbs(self, *, calm: bool) -> bool:
        """Whether memory is taken at an even pace: as much lately as before.

        `calm` asks it of every window.
        """
        last = self.windows[-WINDOWS:]
        early, late = last[: WINDOWS // 2], last[WINDOWS // 2 :]
        least = LEAST * self.rounds
        if calm and (min(last) < least / 2 or sum(early) * EVEN > sum(late)):
            return False
        return sum(late) >= max(least * len(late), EVEN * sum(early) / 2)

    def press(self) -> int:
        """Send large requests; return how many bytes they used that had not been used before."""
        large = self.asked[0].request + b" " * LARGE
        for _ in range(PRESSURE // LARGE):
            self._call(Call(self.asked[0].slot, large))
            self.guest.ledger.clear()
        return self._fresh()

    def used_up(self, limit: int) -> bool:
        """Whether the memory stands at its limit, or near it, and has grown to that."""
        return 2 * self.last > limit and self.last > 2 * self.first

    def result(self, *, steady: bool, failure: ZenoError | None = None) -> Steadiness:
        """Return what was seen."""
        return Steadiness(
            asked=tuple(self.asked),
            first=self.first,
            last=self.last,
            calls=self.calls,
            rounds=self.rounds,
            windows=tuple(self.windows),
            fuels=tuple(self.fuels),
            steady=steady,
            failure=failure,
        )

    def _round(self, fuels: dict[str, int]) -> dict[str, int]:
        for one in self.asked:
            self._call(one)
            fuel = self.guest.fuel or 0
            fuels[one.slot] = min(fuel, fuels.get(one.slot, fuel))
        return fuels

    def _call(self, one: Call) -> Sequence[object]:
        guest = self.guest
        guest.execute(one.slot, one.request)
        self.calls += 1
        self.last = guest.memory_size
        self._top = max(self._top, *(block.end for block in guest.instance.blocks))
        return guest.host_calls

    def _fresh(self) -> int:
        """Return the bytes used or handed out for the first time since it was last asked.

        What an arena hands out may hold zeros: then its addresses tell.
        """
        risen, self._seen = self._top - self._seen, self._top
        return max(risen, self._touched.take(self.guest.instance.memory()))
