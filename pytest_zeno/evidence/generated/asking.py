"""Asking a plugin the cases of every trait, and what it did wrong.

The cases of a slot are put to one guest in turn, each followed by the usual call. What fails there
is put to a fresh guest alone: only what fails again is a breach, and no earlier call explains it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import LimitError, ZenoError
from pytest_zeno.evidence import exchanges
from pytest_zeno.evidence.exchanges import Exchange, put
from pytest_zeno.evidence.generated.cases import TRAITS, Case, Trait, cases
from pytest_zeno.evidence.generated.example import example_of
from pytest_zeno.evidence.generated.wrong import (
    BREACHES,
    Breach,
    Cause,
    Judge,
    Wrong,
    disorder,
    smallest_wrong,
)
from pytest_zeno.evidence.requests import Ask, encoded, parameters_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.host.guest import Guest
    from pytest_zeno.protocol.slots import Slot

MOST_SECONDS: Final = 30.0
"""How long asking goes on; what comes after is asked one case of each trait and slot."""


@dataclass(slots=True)
class Generated:
    """What became of the cases: an error for each kind of breach, the others were answered.

    ``barred`` are the kinds that were left when something else ended the asking, or failed for
    the same cause. ``unasked`` is how many cases there was no time for.
    """

    broken: dict[Breach, ZenoError] = field(default_factory=dict)
    barred: dict[Breach, ZenoError] = field(default_factory=dict)
    unsound: ZenoError | None = None
    """Why a slot was not asked: its plain requests are not answered as they should be."""
    unasked: int = 0

    @property
    def left_out(self) -> str:
        """What there was no time for, in words; "" when there was."""
        return f"{self.unasked:,} generated calls not made: no time" if self.unasked else ""

    def check(self, kind: Breach) -> None:
        """Raise the breach of this kind, or what kept it from being judged."""
        error = self.broken.get(kind) or self.barred.get(kind) or self.unsound
        if error is not None:
            raise error.with_traceback(None)


def generate(subject: Subject) -> Generated:
    """Ask a plugin the cases of all its slots, up to the first breach of each kind."""
    asking = _Asking(subject)
    try:
        asking.ask_all()
    finally:
        asking.clear()
    return asking.found


class _Asking:
    """Where one plugin is asked: the guest, what was found, the time left."""

    def __init__(self, subject: Subject) -> None:
        self.found = Generated()
        self._subject = subject
        self._guest: Guest | None = None
        self._judge = Judge(subject)
        self._causes: dict[Cause, ZenoError] = {}
        self._late: list[ZenoError] = []
        self._met: set[tuple[Trait, str]] = set()
        self._end = time.monotonic() + MOST_SECONDS

    def ask_all(self) -> None:
        """Ask trait by trait: where time runs out, every slot was asked the same."""
        usual = [(slot, self._usual(slot)) for slot in self._sound()]
        made = [(cases(slot, fit), encoded(slot.name, fit)) for slot, fit in usual]
        for trait in TRAITS:
            for of_slot, request in made:
                self.clear()
                self._ask(of_slot[trait], request)
        if len(self._late) >= exchanges.MOST_LATE:
            self._bar_the_rest()

    def _bar_the_rest(self) -> None:
        """Leave what was not asked to the breach that took the time, or to what ran out of it."""
        breaches = (error for error in self.found.broken.values() if isinstance(error, LimitError))
        why = next(breaches, self._late[0])
        for kind in BREACHES:
            self.found.barred.setdefault(kind, why)

    def clear(self) -> None:
        """Let go of the guest."""
        if self._guest is not None:
            self._guest.close()
            self._guest = None

    # -- the slots, and what is usual --------------------------------------------------------------

    def _sound(self) -> Iterator[Slot]:
        """Yield the slots whose plain requests are answered as the contract says."""
        for slot in self._subject.slots[: exchanges.MOST_SLOTS]:
            plain = (one for one in self._subject.exchanges if one.ask.name == slot.name)
            wrong = next(filter(None, map(disorder, plain)), None)
            if wrong is None:
                yield slot
            else:
                self.found.unsound = self.found.unsound or wrong

    def _usual(self, slot: Slot) -> dict[str, Any]:
        """Return parameters that work: those of the slot's example, if it likes them better."""
        plain = parameters_of(slot)
        shown = plain | example_of(slot)
        if shown == plain:
            return plain
        one = self._judge.first(slot.name, encoded(slot.name, shown))
        return shown if one.success and disorder(one) is None else plain

    # -- asking ------------------------------------------------------------------------------------

    def _ask(self, of_trait: Iterable[Case], usual: bytes) -> None:
        for case in of_trait:
            if case.trait in self.found.broken or case.trait in self.found.barred:
                return
            if self._has_time_for(case):
                self._met.add((case.trait, case.slot.name))
                self._try(case, usual)
            else:
                self.found.unasked += 1

    def _has_time_for(self, case: Case) -> bool:
        """Whether a case is asked: while there is time, and then the first of trait and slot."""
        early = time.monotonic() < self._end or (case.trait, case.slot.name) not in self._met
        return early and len(self._late) < exchanges.MOST_LATE

    def _try(self, case: Case, usual: bytes) -> None:
        """Put a case to the guest, and the usual call after it; confirm what goes wrong."""
        name = case.slot.name
        if self._judge.judge(case, self._put(name, case.request)):
            self._confirm(case.trait, case, self._judge.alone)
        elif "aftermath" not in self.found.broken and disorder(self._put(name, usual)):
            self._confirm("aftermath", case, lambda case: self._judge.before(case, usual))

    def _confirm(self, kind: Breach, case: Case, judge: Callable[[Case], Wrong | None]) -> None:
        """Note a breach that a fresh guest shows as well, by the smallest call that shows it."""
        wrong = judge(case)
        if wrong is None:
            return
        if wrong.cause in self._causes:
            self.found.barred[kind] = self._causes[wrong.cause]
            return
        small = wrong if _is_late(wrong.error) else smallest_wrong(case, wrong, judge)
        told = small.told(kind)
        self.found.broken[kind] = self._causes[wrong.cause] = self._causes[small.cause] = told

    def _put(self, name: str, request: bytes) -> Exchange:
        if self._guest is None or self._guest.ended:
            self.clear()
            self._guest = self._subject.guest()
        self._guest.ledger.clear()
        one = put(Ask("generated", name, request), self._guest)
        if one.error is not None and _is_late(one.error):
            self._late.append(one.error)
        return one


def _is_late(error: ZenoError) -> bool:
    """Whether the time ran out, as it would again."""
    return error.code == "limit.time"
