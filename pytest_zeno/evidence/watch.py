"""Calls that are repeated on a measured guest, window after window, and what each window took.

How many calls there are is a matter of the fuel they burn, not of the machine's speed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_zeno.evidence.touched import Touched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_zeno.evidence.measured import MeasuredGuest

WINDOWS: Final = 10
"""Windows that are looked at together: the first half is the warm-up of the second."""

CALLS: Final = 200
"""Calls of a window, if there are few slots."""

ROUNDS: Final = 25
"""How often a window calls each slot, if there are many."""

FUEL: Final = 3 * 10**9
"""Fuel for all windows: some seconds of computing."""

CROSSING: Final = 100_000
"""What a crossing between host and guest counts as, in fuel."""


class Call(NamedTuple):
    """One call that is repeated."""

    slot: str
    request: bytes


@dataclass(slots=True)
class Watch:
    """A measured guest that is called again and again, and what its memory does meanwhile.

    ``windows`` are the bytes that each window used for the first time, ``fuels`` the least that a
    call of each slot burnt in it. A window goes through ``asked`` ``rounds`` times, which costs
    ``price`` each, in fuel.
    """

    guest: MeasuredGuest
    asked: Sequence[Call]
    windows: list[int] = field(default_factory=list)
    fuels: list[dict[str, int]] = field(default_factory=list)
    rounds: int = 1
    price: int = 0
    calls: int = 0
    first: int = 0
    last: int = 0
    """The memory's size in bytes, after the first calls and after the last."""
    _touched: Touched = field(default_factory=Touched)
    _top: int = 0
    """The highest address that alloc has handed out, and below, where that was last looked at."""
    _seen: int = 0

    def __post_init__(self) -> None:
        crossings = len(self.asked) + sum(map(self._call, self.asked))
        self.price = sum(self._round({}).values()) + CROSSING * crossings
        wanted = max(ROUNDS, CALLS // len(self.asked))
        self.rounds = max(1, min(wanted, FUEL // (WINDOWS * self.price)))
        self.first = self.last
        self._fresh()

    def window(self) -> None:
        """Call everything as often as a window asks for, and note what that took."""
        fuels: dict[str, int] = {}
        for _ in range(self.rounds):
            self._round(fuels)
        self.guest.ledger.clear()
        self.fuels.append(fuels)
        self.windows.append(self._fresh())

    def price_of(self, call: Call) -> int:
        """Make another call, and return what it costs, in fuel."""
        return CROSSING * (1 + self._call(call)) + self.guest.fuel

    def used_up(self, limit: int) -> bool:
        """Whether the memory stands at its limit, or near it, and has grown to that."""
        return 2 * self.last > limit and self.last > 2 * self.first

    def _round(self, fuels: dict[str, int]) -> dict[str, int]:
        for one in self.asked:
            self._call(one)
            fuel = self.guest.fuel
            fuels[one.slot] = min(fuel, fuels.get(one.slot, fuel))
        return fuels

    def _call(self, one: Call) -> int:
        """Make a call; return how many host calls it made."""
        guest = self.guest
        guest.execute(one.slot, one.request)
        self.calls += 1
        self.last = guest.memory_size
        self._top = max(self._top, *(block.end for block in guest.blocks))
        return len(guest.host_calls)

    def _fresh(self) -> int:
        """Return the bytes used or handed out for the first time since it was last asked.

        What an arena hands out may hold zeros: then its addresses tell.
        """
        risen, self._seen = self._top - self._seen, self._top
        return max(risen, self._touched.take(self.guest.instance.memory()))
