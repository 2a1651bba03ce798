"""One record on both hosts: where they differ, step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from tests.replay import guests
from tests.replay.ours import Run
from tests.replay.records import Record, records
from tests.replay.reference import MORE, Step, reference_steps
from tests.replay.repairs import (
    GRANTS,
    NOTHING,
    REPAIRS,
    Repair,
    with_absolute_calls,
    with_absolute_paths,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.replay.records import Operation

NOT_REPLAYED: Final = {
    "reload": "the host has no reload of its own; what follows one is left out as well",
    "zl": "scripts are not the plugin host's",
}
"""Operations that our host has no counterpart for."""

Changes = dict[str, Any]
"""What our host did otherwise: ``step.facet`` -> ours."""


@dataclass(frozen=True, repr=False)
class Case:
    """A record, and how its manifests and paths are spelled."""

    id: str
    record: Record
    repair: Repair = NOTHING

    def __repr__(self) -> str:
        return f"<Case {self.id}: {self.record.note}>"


def cases() -> Iterator[Case]:
    """Yield each record as it stands, and again for each repair that changes it."""
    for record in records():
        yield Case(record.id, record)
        for repair in REPAIRS:
            if any(guests.changed_by(repair, name) for name in _loaded(record)):
                yield Case(f"{record.id}+{repair.name}", record, repair)
        rooted = tuple(with_absolute_paths(operation) for operation in record.operations)
        if rooted != record.operations:
            answers = tuple(with_absolute_calls(answer) for answer in record.answers)
            again = replace(record, operations=rooted, answers=answers)
            yield Case(f"{record.id}+grants+paths", again, GRANTS)


def changes(case: Case, folder: Path) -> Changes:
    """Return where our host does otherwise than the reference host did.

    A record ends at a reload, which has no counterpart (scripts are passed over), and at a load
    that our host alone refuses: nothing behind it can be compared.
    """
    record = case.record
    run = Run(record.config, hanging=any("timeout_ms" in o for o in record.operations))
    found: Changes = {}
    with run.host:
        for name, operation, theirs in _steps(record):
            if operation["op"] == "reload":
                break
            if operation["op"] in NOT_REPLAYED:
                continue
            ours = run.step(_placed(operation, case, folder))
            here = compared(theirs, ours)
            found |= {f"{name}.{facet}": value for facet, value in here.items()}
            if operation["op"] == "load" and here.get("outcome", "").startswith("error"):
                break
    return found


def compared(theirs: Step, ours: Step) -> Changes:
    """Return the facets of a step that differ, with our value; of an outcome, that alone."""
    if theirs["outcome"] != ours["outcome"]:
        code = ours.get("code", "")
        return {"outcome": f"{ours['outcome']} {code}".rstrip()}
    common = theirs.keys() & ours.keys()
    both = {facet: (theirs[facet], _shortened(ours[facet], theirs[facet])) for facet in common}
    return {facet: mine for facet, (other, mine) in both.items() if not same(mine, other)}


def same(one: Any, other: Any) -> bool:
    """Return whether two values are the same JSON: 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _shortened(ours: Any, theirs: Any) -> Any:
    """Return our calls cut where the record leaves the rest out."""
    if isinstance(theirs, list) and theirs[-1:] == [MORE] and len(ours) >= len(theirs):
        return [*ours[: len(theirs) - 1], MORE]
    return ours


def _steps(record: Record) -> Iterator[tuple[str, Operation, Step]]:
    """Yield operations with a name of their own and what came of them in the reference host."""
    times: dict[str, int] = {}
    for operation, theirs in zip(record.operations, reference_steps(record), strict=True):
        name = operation["op"]
        times[name] = times.get(name, 0) + 1
        yield (name if times[name] == 1 else f"{name}{times[name]}"), operation, theirs


def _loaded(record: Record) -> set[str]:
    """Return the guests of a record that were recorded, too."""
    names = {o["dir"].removeprefix("guests/") for o in record.operations if o["op"] == "load"}
    return {name for name in names if guests.known(name)}


def _placed(operation: Operation, case: Case, folder: Path) -> Operation:
    """Return the operation with its guest written below `folder`, if it is one that exists."""
    if "dir" not in operation:
        return operation
    name = operation["dir"].removeprefix("guests/").removeprefix("/")
    place = folder / name
    if guests.known(name) and not place.exists():
        guests.write(place, name, case.repair)
    elif name in guests.FOLDERS:
        guests.write_directory(place, name)
    return operation | {"dir": place}
