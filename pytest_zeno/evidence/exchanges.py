"""Asking once, judging many times: requests of every kind, and what the plugin answered.

Rules look at the exchanges of the kinds they speak of. A guest that failed is replaced, so that
one failure does not hide what the plugin does with the next request.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, get_args

from pytest_zeno.errors import LimitError, ZenoError
from pytest_zeno.evidence import requests
from pytest_zeno.protocol.strict import decode
from pytest_zeno.text import visible_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_zeno.evidence.requests import Ask, Kind
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.host.guest import Guest
    from pytest_zeno.host.ledger import HostCall
    from pytest_zeno.protocol.slots import Slot, Slots
    from pytest_zeno.services.log import LogRecord

MOST_SLOTS: Final = 25
"""Slots that are asked everything; of a plugin with more, the others get their valid request."""

MOST_SECONDS: Final = 15.0
"""How long asking goes on; what comes after is asked once of each kind."""

MOST_SECONDS_IN_TURN: Final = 3.0
"""How long the slots are called one after the other before something else is tried."""

MOST_LATE: Final = 3
"""Calls that may run out of time; a plugin with more is not asked again."""

_SHOWN: Final = 160
_RANKS: Final = {kind: rank for rank, kind in enumerate(get_args(requests.Kind))}


@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """One request and its response.

    ``error`` is what ended the call without a response. ``value`` is the response as JSON and
    ``unreadable`` why it is none.
    """

    ask: Ask
    response: bytes | None = None
    error: ZenoError | None = None
    value: Any = None
    unreadable: ZenoError | None = None
    host_calls: tuple[HostCall, ...] = ()
    logs: tuple[LogRecord, ...] = ()

    def __repr__(self) -> str:
        return f"<Exchange {self.kind} {self.ask.name}>"

    @property
    def kind(self) -> Kind:
        """What the request tests."""
        return self.ask.kind

    @property
    def slot(self) -> Slot | None:
        """The slot the request is made from, None for one that the plugin does not list."""
        return self.ask.listed

    @property
    def success(self) -> bool | None:
        """What the response says, None when it says neither."""
        said = self.value.get("success") if isinstance(self.value, dict) else None
        return said if isinstance(said, bool) else None

    @property
    def failures(self) -> tuple[ZenoError, ...]:
        """What ended the call, or made its response unreadable."""
        return tuple(error for error in (self.error, self.unreadable) if error is not None)

    @property
    def shown(self) -> str:
        """The exchange in two lines, for a finding."""
        said = f"failed: {self.error.message}" if self.error else ""
        if self.response is not None:
            said = visible_bytes(self.response, _SHOWN)
        return f"{visible_bytes(self.ask.request, _SHOWN)}\n-> {said}"


def put(one: Ask, guest: Guest) -> Exchange:
    """Put a request to a guest, and read what it answers."""
    value = unreadable = None
    try:
        response = guest.execute(one.name, one.request)
    except ZenoError as error:
        return Exchange(one, error=error, host_calls=guest.host_calls, logs=guest.logs)
    try:
        value = decode(response, guest.limits)
    except ZenoError as error:
        error.plugin, error.phase, error.slot = guest.plugin, "execute", one.name
        unreadable = error
    return Exchange(
        one,
        response,
        value=value,
        unreadable=unreadable,
        host_calls=guest.host_calls,
        logs=guest.logs,
    )


def exchange(subject: Subject) -> tuple[Exchange, ...]:
    """Ask a plugin everything, within `MOST_SLOTS` and `MOST_SECONDS`.

    What tells most is asked first, of all slots: where time runs out, it is details that are left.
    What callers do send comes first in the answer: it is what a finding shows.

    Raises the ZenoError that keeps a fresh guest from being called.
    """
    slots, others = subject.slots[:MOST_SLOTS], subject.slots[MOST_SLOTS:]
    table = _Table(subject)
    try:
        table.ask_first(slots)
        table.ask_unlisted(slots)
        table.ask_unusual(slots)
        table.ask_afterwards(slots)
        table.ask_in_turn(slots)
        table.ask_compared(slots)
        table.ask_fresh(map(requests.valid, others))
    finally:
        table.clear()
    return tuple(sorted(table.exchanges, key=lambda one: _RANKS[one.kind]))


def valid_requests(subject: Subject) -> Iterator[tuple[str, bytes]]:
    """Yield name and valid request of each slot, as long as answers do not take too long."""
    end = time.monotonic() + MOST_SECONDS_IN_TURN
    for slot in subject.slots[:MOST_SLOTS]:
        yield slot.name, requests.valid(slot).request
        if time.monotonic() > end:
            return


class _Table:
    """Where one plugin is asked: a guest, the exchanges so far, and the time left.

    What is compared is a fresh guest's first call, so that no state explains a difference.
    """

    def __init__(self, subject: Subject) -> None:
        self.exchanges: list[Exchange] = []
        self._subject = subject
        self._guest: Guest | None = None
        self._late: list[LimitError] = []
        self._hanging: set[str] = set()
        self._kinds: set[Kind] = set()
        self._end = time.monotonic() + MOST_SECONDS

    def ask_first(self, slots: Iterable[Slot]) -> None:
        """Ask each slot what it can answer, twice; one that runs out of time is asked no more."""
        for one in self._timely(map(requests.valid, slots)):
            self.clear()
            if isinstance(self.ask(one).error, LimitError):
                self._hanging.add(one.name)
        self.ask_fresh(requests.valid(slot, "again") for slot in self._answering(slots))

    def ask_unlisted(self, slots: Slots) -> None:
        """Ask for slots that are not there, near and far from those that are."""
        self.clear()
        self.ask_all(requests.unlisted(slots, self._subject.slots.names))

    def ask_unusual(self, slots: Iterable[Slot]) -> None:
        """Ask what no caller should, in turn on one guest for each slot."""
        for slot in self._answering(slots):
            self.clear()
            self.ask_all((*requests.unusual(slot), requests.large(slot)))

    def ask_afterwards(self, slots: Iterable[Slot]) -> None:
        """Ask each slot after a call of an unknown one, which left an error or a longer text."""
        asked = list(self._answering(slots))
        for one in self._timely(requests.valid(slot, "after_failure") for slot in asked):
            self.clear()
            if self.ask(requests.unknown()).success is False:
                self.ask(one)
        for one in self._timely(requests.valid(slot, "after_longer") for slot in asked):
            self.clear()
            if self.ask(requests.longer_than_all()).response is not None:
                self.ask(one)

    def ask_in_turn(self, slots: Iterable[Slot]) -> None:
        """Ask the slots in turn on one guest, twice."""
        self.clear()
        asked = list(self._answering(slots))
        self.ask_all(requests.valid(slot, "in_turn") for slot in (*asked, *asked))

    def ask_compared(self, slots: Iterable[Slot]) -> None:
        """Ask what the valid request's answer is compared with: one of each kind, then the next."""
        kinds = zip_longest(*(requests.compared(slot) for slot in self._answering(slots)))
        self.ask_fresh(one for kind in kinds for one in kind if one is not None)

    def ask_fresh(self, asks: Iterable[Ask]) -> None:
        """Ask each request of a guest of its own, until time is up."""
        for one in self._timely(asks):
            self.clear()
            self.ask(one)

    def ask_all(self, asks: Iterable[Ask]) -> None:
        """Ask one request after the other, until time is up."""
        for one in self._timely(asks):
            self.ask(one)

    def _timely(self, asks: Iterable[Ask]) -> Iterator[Ask]:
        """Yield what there is time for, and the first of each kind: no rule is kept unasked."""
        for one in asks:
            if one.kind not in self._kinds or time.monotonic() < self._end:
                self._kinds.add(one.kind)
                yield one

    def _answering(self, slots: Iterable[Slot]) -> Iterator[Slot]:
        return (slot for slot in slots if slot.name not in self._hanging)

    def ask(self, one: Ask) -> Exchange:
        """Ask the present guest, a fresh one if there is none or it has failed."""
        if len(self._late) >= MOST_LATE:
            made = Exchange(one, error=self._late[0])
        else:
            made = self._asked(one, self._ready())
        self.exchanges.append(made)
        return made

    def _asked(self, one: Ask, guest: Guest) -> Exchange:
        made = put(one, guest)
        if made.error is not None:
            made.error.message += (
                f"; it was asked {visible_bytes(one.request, _SHOWN) or 'nothing'}"
            )
            if isinstance(made.error, LimitError):
                self._late.append(made.error)
        return made

    def clear(self) -> None:
        """Let go of the guest."""
        if self._guest is not None:
            self._guest.close()
            self._guest = None

    def _ready(self) -> Guest:
        if self._guest is None or self._guest.ended:
            self.clear()
            self._guest = self._subject.guest()
        return self._guest
