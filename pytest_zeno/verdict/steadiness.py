"""Whether the memory stays steady over many calls (ABI.md section 3).

A plateau is asked for, not zero growth: allocators and collectors take what they need at first.
So calls go on until as many in a row took no memory as were made before.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_zeno.runtime.module import GuestModule
from pytest_zeno.verdict.exchanges import valid_requests

if TYPE_CHECKING:
    from pytest_zeno.verdict.subject import Subject

CALLS: Final = 10_000
"""Calls without growth that are enough; at 16 bytes lost a call, 4,096 calls take a page."""

MOST_CALLS: Final = 100_000
SECONDS: Final = 1.0
"""How long a slow plugin is watched in which nothing grows."""

MOST_SECONDS: Final = 3.0
"""How long one is watched in which something does."""

_ROUND: Final = 100


@dataclass(frozen=True, slots=True)
class Steadiness:
    """What became of the memory: sizes in bytes, after the first and after the last call."""

    calls: int
    first: int
    last: int
    last_growth: int
    """The call after which the memory grew for the last time; 0 when it never did."""

    @property
    def steady(self) -> bool:
        """Whether the memory reached a plateau: at least half of the calls took nothing."""
        return self.last_growth * 2 <= self.calls

    @property
    def lost(self) -> float:
        """Bytes that a call took, on average."""
        return (self.last - self.first) / max(1, self.last_growth)


class _Unfreed(GuestModule):
    """A module whose `free` the host does not call, as the reference host does not."""

    def __init__(self, module: GuestModule) -> None:
        self.__dict__.update(module.__dict__)

    def has_export(self, name: str) -> bool:
        """Whether the module exports `name`, `free` apart."""
        return name != "free" and super().has_export(name)


def measure(subject: Subject) -> Steadiness:
    """Call the slots in turn until the memory is steady or the time is up.

    Raises what a call raises; a plugin without slots is steady.
    """
    requests = list(valid_requests(subject))
    if not requests:
        return Steadiness(0, 0, 0, 0)
    begun = time.monotonic()
    with subject.guest(_Unfreed(subject.module)) as guest:
        for name, request in requests:
            guest.execute(name, request)
        first = last = guest.memory_size
        calls = growth = 0
        asked = itertools.cycle(requests)
        while not _enough(calls, growth, time.monotonic() - begun):
            for name, request in itertools.islice(asked, _ROUND):
                guest.execute(name, request)
            guest.ledger.clear()
            calls += _ROUND
            if guest.memory_size > last:
                last, growth = guest.memory_size, calls
    return Steadiness(calls, first, last, growth)


def _enough(calls: int, growth: int, seconds: float) -> bool:
    quiet = calls - growth
    if calls >= MOST_CALLS or seconds > MOST_SECONDS:
        return True
    return quiet >= growth and (quiet >= CALLS or seconds > SECONDS)
