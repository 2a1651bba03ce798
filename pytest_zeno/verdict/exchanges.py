"""Asking once, judging many times: requests of every kind, and what the plugin answered.

Rules look at the exchanges of the kinds they speak of. A guest that failed is replaced, so that
one failure does not hide what the plugin does with the next request.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import LimitError, ZenoError
from pytest_zeno.protocol.strict import decode
from pytest_zeno.text import visible_bytes
from pytest_zeno.verdict import requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_zeno.host.guest import Guest
    from pytest_zeno.host.ledger import HostCall
    from pytest_zeno.protocol.slots import Slot
    from pytest_zeno.services.log import LogRecord
    from pytest_zeno.verdict.requests import Ask, Kind
    from pytest_zeno.verdict.subject import Subject

MOST_SLOTS: Final = 25
"""Slots that are asked; a plugin with more has them all of one make."""

MOST_SECONDS: Final = 15.0
"""How long asking goes on; what comes after is not asked."""

MOST_LATE: Final = 3
"""Calls that may run out of time; a plugin with more is not asked again."""

SLOW: Final = 0.2
"""Seconds of `plugin_init` above which slots share a guest: a fresh one each takes too long."""

_SHOWN: Final = 160


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


def exchange(subject: Subject) -> tuple[Exchange, ...]:
    """Ask a plugin everything, within `MOST_SLOTS` and `MOST_SECONDS`.

    Raises the ZenoError that keeps a fresh guest from being called.
    """
    slots = subject.slots[:MOST_SLOTS]
    table = _Table(subject)
    try:
        for slot in slots:
            table.ask_slot(slot)
        table.ask_unlisted(slots)
        table.ask_in_turn(slots)
    finally:
        table.clear()
    return tuple(table.exchanges)


def valid_requests(subject: Subject) -> Iterator[tuple[str, bytes]]:
    """Yield name and valid request of each slot."""
    for slot in subject.slots[:MOST_SLOTS]:
        yield slot.name, requests.valid(slot).request


class _Table:
    """Where one plugin is asked: a guest, the exchanges so far, and the time left."""

    def __init__(self, subject: Subject) -> None:
        self.exchanges: list[Exchange] = []
        self._subject = subject
        self._slow = subject.init_seconds > SLOW
        self._guest: Guest | None = None
        self._late: list[LimitError] = []
        self._end = time.monotonic() + MOST_SECONDS

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self._end

    def ask_slot(self, slot: Slot) -> None:
        """Ask everything about one slot, unless it lets the first call run out of time."""
        if self.over:
            return
        if not self._slow:
            self.renew()
            self.ask(requests.valid(slot, "again"))
        self.renew()
        if isinstance(self.ask(requests.valid(slot)).error, LimitError):
            return
        for one in requests.compared(slot):
            self.renew()
            self.ask_all([one])
        self.ask_all(requests.unusual(slot))
        self.ask(requests.valid(slot, "repeat"))
        if self.ask(requests.longer_than_all()).response is not None:
            self.ask(requests.valid(slot, "after_longer"))
        self.ask(requests.large(slot))

    def ask_unlisted(self, slots: Iterable[Slot]) -> None:
        """Ask for slots that are not there; after a failure, the plugin goes on."""
        self.renew()
        self.ask_all(requests.unlisted(self._subject.slots))
        for slot in slots:
            self.renew()
            if not self.over and self.ask(requests.unknown()).success is False:
                self.ask(requests.valid(slot, "after_failure"))

    def ask_in_turn(self, slots: Iterable[Slot]) -> None:
        """Ask the slots in turn on one guest, twice."""
        self.renew()
        self.ask_all(requests.valid(slot, "in_turn") for slot in (*slots, *slots))

    def ask_all(self, asks: Iterable[Ask]) -> None:
        """Ask one request after the other, until time is up."""
        for one in asks:
            if self.over:
                return
            self.ask(one)

    def ask(self, one: Ask) -> Exchange:
        """Ask the present guest, a fresh one if there is none or it has failed."""
        if len(self._late) >= MOST_LATE:
            made = Exchange(one, error=self._late[0])
        else:
            made = self._asked(one, self._ready())
        self.exchanges.append(made)
        return made

    def _asked(self, one: Ask, guest: Guest) -> Exchange:
        try:
            response = guest.execute(one.name, one.request)
        except ZenoError as error:
            error.message += f"; it was asked {visible_bytes(one.request, _SHOWN) or 'nothing'}"
            if isinstance(error, LimitError):
                self._late.append(error)
            return Exchange(one, error=error, host_calls=guest.host_calls, logs=guest.logs)
        return self._read(one, response, guest)

    def renew(self) -> None:
        """Let the next request go to a fresh guest, unless those take long to begin."""
        if not self._slow:
            self.clear()

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

    def _read(self, one: Ask, response: bytes, guest: Guest) -> Exchange:
        value = unreadable = None
        try:
            value = decode(response, self._subject.limits)
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
