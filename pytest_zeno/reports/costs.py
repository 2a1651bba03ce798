"""What a plugin's slots cost, as a record has it and as tables show it."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.reports.record import Cost, Costs, Unmeasured
from pytest_zeno.runtime.engine import wasmtime_version
from pytest_zeno.text import visible, visible_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.evidence import costs as evidence
    from pytest_zeno.evidence.subject import Subject

COLUMNS: Final = {
    "fuel": "fuel",
    "host_calls": "host calls",
    "logs": "log lines",
    "bytes_in": "bytes in",
    "bytes_out": "bytes out",
    "pages": "pages",
    "grown": "pages grown",
}
"""The numbers of a `Cost`, and what stands above their columns."""

_INPUTS: Final = 1_000
"""Characters that are shown of what a slot was measured with."""


def gather(subject: Subject) -> Costs:
    """Return what a plugin's slots cost, measured now unless that was done before."""
    engine = wasmtime_version()
    try:
        found = subject.costs
    except ZenoError as error:
        return Costs(wasmtime=engine, reason=visible(error.message))
    unmeasured = tuple(
        Unmeasured(slot=visible(slot), reason=visible(error.message))
        for slot, error in found.unmeasured
    )
    return Costs(
        wasmtime=engine,
        slots=tuple(map(_cost, found)),
        unmeasured=unmeasured,
        reason="" if found.measured or unmeasured else "it lists no slots",
        load_seconds=round(found.load_seconds, 6),
    )


def _cost(one: evidence.Cost) -> Cost:
    numbers = {name: getattr(one, name) for name in COLUMNS}
    return Cost(slot=visible(one.slot), inputs=visible_bytes(one.request, _INPUTS), **numbers)


def numbers(cost: Cost) -> list[str]:
    """Return the cells of a slot's row, behind its name."""
    return [f"{getattr(cost, name):,}" for name in COLUMNS]


def load_time(costs: Costs) -> str:
    """Return the one number that depends on the machine, and says so."""
    return f"{costs.load_seconds * 1000:,.1f} ms to load (depends on the machine)"


def as_text(costs: Costs) -> Iterator[str]:
    """Yield the lines of a table for a terminal."""
    if costs.slots:
        rows = [["slot", *COLUMNS.values()], *([one.slot, *numbers(one)] for one in costs.slots)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for slot, *cells in rows:
            right = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
            yield "  ".join(chain([slot.ljust(widths[0])], right))
    for one in costs.unmeasured:
        yield f"{one.slot}: not measured: {one.reason}"
    if costs.reason:
        yield f"not measured: {costs.reason}"
    else:
        yield f"wasmtime {costs.wasmtime}, {load_time(costs)}"
