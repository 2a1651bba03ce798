"""What calls cost, in numbers that do not depend on the machine."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_zeno.errors import LimitError, ZenoError
from pytest_zeno.evidence import requests
from pytest_zeno.evidence.exchanges import MOST_LATE
from pytest_zeno.limits import PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.evidence.requests import Ask
    from pytest_zeno.evidence.subject import Subject


@dataclass(frozen=True, slots=True)
class Cost:
    """What one valid call of a slot costs, the second one of a fresh guest.

    ``request`` is what it was asked. ``fuel`` is what wasmtime counts: about one for each
    instruction, the same on every machine for one version of wasmtime. ``host_calls`` leaves out
    log lines, which ``logs`` counts. ``bytes_in`` are those of the request and of the host's
    replies, ``bytes_out`` those of the response and of the requests to the host; ``pages`` is the
    memory's size, in pages of 64 KiB, and ``grown`` how many of them both calls have added.
    """

    slot: str
    request: bytes
    fuel: int
    host_calls: int
    logs: int
    bytes_in: int
    bytes_out: int
    pages: int
    grown: int


@dataclass(frozen=True, slots=True)
class Costs:
    """What the slots cost, in their order, and why it is not known of the others.

    ``load_seconds`` is how long a guest takes from its instance to its slot list, its module
    compiled already: the one number that depends on the machine.
    """

    measured: tuple[Cost, ...]
    unmeasured: tuple[tuple[str, ZenoError], ...] = field(default=(), compare=False)
    load_seconds: float = field(default=0.0, compare=False)

    def __iter__(self) -> Iterator[Cost]:
        return iter(self.measured)


def measure_costs(subject: Subject) -> Costs:
    """Return what the slots cost. Raises the ZenoError that keeps a fresh guest from being called.

    After `MOST_LATE` slots that run out of time no more are called.
    """
    load_seconds = _load(subject)
    measured: list[Cost] = []
    unmeasured: list[tuple[str, ZenoError]] = []
    late: list[LimitError] = []
    for one in map(requests.valid, subject.slots):
        try:
            if len(late) >= MOST_LATE:
                raise late[0]
            measured.append(_cost(subject, one))
        except ZenoError as error:
            unmeasured.append((one.name, error.with_traceback(None)))
            late += [error] if isinstance(error, LimitError) else []
    return Costs(tuple(measured), tuple(unmeasured), load_seconds)


def _load(subject: Subject) -> float:
    """Return how long a fresh guest takes to be ready, once its module is compiled."""
    _ = subject.fitting_module, subject.measured_module
    begun = time.perf_counter()
    with subject.guest():
        return time.perf_counter() - begun


def _cost(subject: Subject, one: Ask) -> Cost:
    with subject.measured_guest() as guest:
        before = guest.memory_size
        guest.execute(one.name, one.request)
        answer = guest.execute(one.name, one.request)
        asked = [call for call in guest.host_calls if call.function != "host_log"]
        replies = [call.reply for call in asked if isinstance(call.reply, bytes)]
        return Cost(
            slot=one.name,
            request=one.request,
            fuel=guest.fuel,
            host_calls=len(asked),
            logs=len(guest.logs),
            bytes_in=len(one.request) + sum(map(len, replies)),
            bytes_out=len(answer) + sum(len(call.request) for call in asked),
            pages=guest.instance.pages,
            grown=(guest.memory_size - before) // PAGE,
        )
