"""Whether the memory stays steady over many calls (ABI.md section 3).

A plateau is asked for, not zero growth: allocators and collectors take what they need at first.
So calls go on until as many in a row took no memory as were made before.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.evidence.exchanges import valid_requests
from pytest_zeno.runtime.module import GuestModule

if TYPE_CHECKING:
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.host.guest import Guest

CALLS: Final = 10_000
"""Calls without growth that are enough; at 16 bytes lost a call, 4,096 calls take a page."""

MOST_CALLS: Final = 100_000
FEWEST_CALLS: Final = 2_000
"""Calls that it takes to tell a leak from a plateau that is still to come."""

SECONDS: Final = 1.0
"""How long a slow plugin is watched in which nothing grows."""

MOST_SECONDS: Final = 10.0
"""How long one is watched in which something does."""

_ROUND: Final = 100


@dataclass(slots=True)
class Steadiness:
    """What became of the memory: sizes in bytes, after the first calls and after the last."""

    first: int = 0
    last: int = 0
    calls: int = 0
    last_growth: int = 0
    """The call after which the memory grew for the last time; 0 when it never did."""
    failure: ZenoError | None = None
    """What ended the calls when the memory was used up."""

    @property
    def steady(self) -> bool:
        """Whether the memory reached a plateau: at least half of the calls took nothing."""
        plateau = self.last_growth * 2 <= self.calls
        return self.failure is None and (plateau or self.calls < FEWEST_CALLS)

    @property
    def lost(self) -> float:
        """Bytes that a call took, on average."""
        return (self.last - self.first) / max(1, self.last_growth)

    def note(self, size: int) -> None:
        """Take down the size after one more call."""
        self.calls += 1
        if size > self.last:
            self.last, self.last_growth = size, self.calls

    def is_enough(self, seconds: float) -> bool:
        """Whether it shows after this time what there is to see."""
        quiet = self.calls - self.last_growth
        if self.calls >= MOST_CALLS or seconds > MOST_SECONDS:
            return True
        return quiet >= self.last_growth and (quiet >= CALLS or seconds > SECONDS)


class _Unfreed(GuestModule):
    """A module whose `free` the host does not call, as the reference host does not."""

    def __init__(self, module: GuestModule) -> None:
        self.__dict__.update(module.__dict__)

    def has_export(self, name: str) -> bool:
        """Whether the module exports `name`, `free` apart."""
        return name != "free" and super().has_export(name)


def measure(subject: Subject) -> Steadiness:
    """Call the slots in turn until the memory is steady or the time is up.

    Raises what a call raises, unless the memory had been used up; a plugin without slots is steady.
    """
    requests = []
    with subject.guest(_Unfreed(subject.module)) as guest:
        for name, request in valid_requests(subject):
            guest.execute(name, request)
            requests.append((name, request))
        found = Steadiness(guest.memory_size, guest.memory_size)
        try:
            _watch(guest, requests, found)
        except ZenoError as error:
            if found.last_growth * 2 <= found.calls or found.last * 2 < subject.limits.memory:
                raise
            found.failure = error
    return found


def _watch(guest: Guest, requests: list[tuple[str, bytes]], found: Steadiness) -> None:
    begun = time.monotonic()
    for name, request in itertools.cycle(requests):
        guest.execute(name, request)
        found.note(guest.memory_size)
        if found.calls % _ROUND == 0:
            guest.ledger.clear()
        if found.is_enough(time.monotonic() - begun):
            return
