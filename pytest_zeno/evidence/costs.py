"""What calls cost, in numbers that do not depend on the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_zeno.errors import ZenoError
from pytest_zeno.evidence.steadiness import valid_calls

if TYPE_CHECKING:
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.evidence.watch import Call


@dataclass(frozen=True, slots=True)
class Cost:
    """What one valid call of a slot costs, the second one of a fresh guest.

    ``fuel`` is what wasmtime counts: about one for each instruction, the same on every machine for
    one version of wasmtime. ``host_calls`` leaves out log lines, which ``logs`` counts.
    ``bytes_in`` are those of the request and of the host's replies, ``bytes_out`` those of the
    response and of the requests to the host; ``pages`` is the memory's size, in pages of 64 KiB.
    """

    slot: str
    fuel: int
    host_calls: int
    logs: int
    bytes_in: int
    bytes_out: int
    pages: int


def measure_costs(subject: Subject) -> tuple[Cost, ...]:
    """Return what the slots cost, in their order; one whose call fails is left out."""
    found = (_cost(subject, call) for call in valid_calls(subject))
    return tuple(one for one in found if one is not None)


def _cost(subject: Subject, call: Call) -> Cost | None:
    with subject.measured_guest() as guest:
        try:
            guest.execute(*call)
            answer = guest.execute(*call)
        except ZenoError:
            return None  # the exchanges tell of it
        asked = [one for one in guest.host_calls if one.function != "host_log"]
        replies = [one.reply for one in asked if isinstance(one.reply, bytes)]
        return Cost(
            slot=call.slot,
            fuel=guest.fuel,
            host_calls=len(asked),
            logs=len(guest.logs),
            bytes_in=len(call.request) + sum(map(len, replies)),
            bytes_out=len(answer) + sum(len(one.request) for one in asked),
            pages=guest.instance.pages,
        )
