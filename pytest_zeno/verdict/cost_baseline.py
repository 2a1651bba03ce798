"""What plugins cost before, and what a run makes of that: worse, better, or not to be compared.

Fuel is exact: the same module burns the same on each machine, for one major version of wasmtime.
So a threshold is no room for noise. It is what a change of the source may cost unasked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pytest_zeno.protocol.describe import nearest
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

THRESHOLDS: Final = {
    "fuel": Decimal("0.5"),
    "host_calls": Decimal(0),
    "logs": Decimal(0),
    "bytes_in": Decimal(10),
    "bytes_out": Decimal(10),
    "pages": Decimal(0),
    "grown": Decimal(0),
    "module_bytes": Decimal(5),
}
"""By how many percent each metric may rise, unless the user says otherwise."""

MODULE: Final = "module_bytes"
"""The one metric that is the module's, and no slot's."""

METRICS: Final = tuple(name for name in THRESHOLDS if name != MODULE)
"""The metrics of a slot."""

_PERCENT: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,4})?%?", re.ASCII)


def threshold(text: str) -> tuple[str, Decimal]:
    """Return metric and percent of a text such as ``fuel=1%``. ValueError when it is none."""
    metric, separator, percent = (part.strip() for part in text.partition("="))
    if not separator or metric not in THRESHOLDS:
        hint = nearest(metric, THRESHOLDS) if separator else "write METRIC=PERCENT, as fuel=1%"
        raise ValueError(f"{quoted(text, 60)} names no metric ({hint or ', '.join(THRESHOLDS)})")
    if not _PERCENT.fullmatch(percent):
        raise ValueError(f"{quoted(text, 60)} has no percentage such as 1% or 0.5%")
    return metric, Decimal(percent.removesuffix("%"))


@dataclass(frozen=True, slots=True)
class SlotCost:
    """What one call of a slot costs: the request it was measured with, a number by metric."""

    inputs: str
    numbers: dict[str, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """What one plugin cost: by which engine, of which files, slot by slot.

    ``wasmtime`` is the engine's major version, ``module`` and ``manifest`` are SHA-256 digests
    in hexadecimal; a bare module's ``manifest`` is empty.
    """

    plugin: str
    wasmtime: int
    module: str
    manifest: str
    module_bytes: int
    slots: dict[str, SlotCost]

    def is_of(self, other: Entry) -> bool:
        """Whether both were measured of the same files."""
        return (self.module, self.manifest) == (other.module, other.manifest)


@dataclass(frozen=True, slots=True)
class Change:
    """A number that is not what it was; ``slot`` is empty where it is the module's."""

    slot: str
    metric: str
    before: int
    after: int
    inputs: str = ""

    def beyond(self, thresholds: Mapping[str, Decimal]) -> bool:
        """Whether it rose, or fell, by more than the metric's threshold."""
        return abs(self.after - self.before) * 100 > self.before * thresholds[self.metric]

    @property
    def worse(self) -> bool:
        """Whether the number rose."""
        return self.after > self.before

    @property
    def percent(self) -> str:
        """By how much it changed; a rise from nothing has no ratio."""
        if not self.before:
            return "from nothing"
        return f"{(self.after - self.before) / self.before:+.2%}".replace("%", " %")

    def __str__(self) -> str:
        verb = "rose" if self.worse else "fell"
        return f"{self.metric} {verb} from {self.before:,} to {self.after:,} ({self.percent})"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One plugin before and now.

    Where ``engine`` is set, the engine's major version then, nothing was compared. ``unsteady`` are
    numbers that differ though the files are the same; ``outdated`` says what the entry does not
    fit any more, a line each.
    """

    engine: int | None = None
    worse: tuple[Change, ...] = ()
    better: tuple[Change, ...] = ()
    unsteady: tuple[Change, ...] = ()
    outdated: tuple[str, ...] = ()


def compare(
    before: Entry,
    now: Entry,
    thresholds: Mapping[str, Decimal] = THRESHOLDS,
    unmeasured: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare what a plugin costs now to what it cost.

    `unmeasured` maps slots that `now` lacks, because their call failed, to the reason.
    """
    if before.wasmtime != now.wasmtime:
        return Comparison(engine=before.wasmtime)
    changes = [one for one in _changes(before, now) if one.before != one.after]
    outdated = tuple(_outdated(before, now, unmeasured or {}))
    if before.is_of(now):
        return Comparison(unsteady=tuple(changes), outdated=outdated)
    told = [one for one in changes if one.beyond(thresholds)]
    return Comparison(
        worse=tuple(one for one in told if one.worse),
        better=tuple(one for one in told if not one.worse),
        outdated=outdated,
    )


def _changes(before: Entry, now: Entry) -> Iterator[Change]:
    yield Change("", MODULE, before.module_bytes, now.module_bytes)
    for slot, new in now.slots.items():
        old = before.slots.get(slot)
        if old is not None and old.inputs == new.inputs:
            for name in METRICS:
                yield Change(slot, name, old.numbers[name], new.numbers[name], new.inputs)


def _outdated(before: Entry, now: Entry, unmeasured: Mapping[str, str]) -> Iterator[str]:
    for slot, new in now.slots.items():
        old = before.slots.get(slot)
        if old is None:
            yield f"{slot} is not listed"
        elif old.inputs != new.inputs:
            yield f"{slot} was measured with {old.inputs}, and now with {new.inputs}"
    for slot, reason in unmeasured.items():
        yield f"{slot} could not be measured: {reason}"
    for slot in before.slots:
        if slot not in now.slots and slot not in unmeasured:
            yield f"{slot} is listed, and the plugin has it no more"


def renewed(before: Entry | None, now: Entry, unmeasured: Mapping[str, str]) -> Entry:
    """Return the entry that an update leaves: a slot whose call failed keeps what it cost."""
    kept = before.slots if before and before.wasmtime == now.wasmtime else {}
    slots = {slot: kept[slot] for slot in unmeasured if slot in kept} | now.slots
    return Entry(now.plugin, now.wasmtime, now.module, now.manifest, now.module_bytes, slots)
