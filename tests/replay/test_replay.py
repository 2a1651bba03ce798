"""The reference host's recorded runs, again: the same outcome, or a listed difference."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.replay.differences import DIFFERENCES, EVERYWHERE
from tests.replay.records import records
from tests.replay.reference import reference_steps
from tests.replay.replay import NOT_REPLAYED, cases, changes, same

CASES = tuple(cases())
RECORDS, REPAIRED = 215, 95
SAME, DIFFERENT = 132, 178
SECTION = re.compile(r"(ABI\.md section [1-9]|PERMISSIONS\.md, [A-Za-z]+)\b.*")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_record(case, tmp_path):
    """Our host does what the reference host did, or what the list of differences says."""
    listed = [difference for difference in DIFFERENCES if difference.covers(case.id)]
    expected = {facet: value for one in listed for facet, value in one.ours.items()}
    found = changes(case, tmp_path)
    if not same(found, expected):
        pytest.fail(explained(case, expected, found, listed), pytrace=False)


@pytest.mark.parametrize(
    ("found", "expected", "said"),
    [
        ({"load.outcome": "ok"}, {}, "load.outcome: ours is 'ok', which no difference lists"),
        ({}, {"load.outcome": "ok"}, "load.outcome: the same, but listed as 'ok': a stale entry"),
        ({"load.slots": [1]}, {"load.slots": [True]}, "load.slots: ours is [1], listed is [True]"),
    ],
)
def test_a_disagreement_is_told(found, expected, said):
    """What is not listed, listed in vain or listed as something else is told by its facet."""
    assert not same(found, expected)
    told = explained(CASES[0], expected, found, DIFFERENCES[:1])
    assert said in told
    assert DIFFERENCES[0].why in told


def explained(case, expected, found, listed):
    """Say what a record did, and where it left the list."""
    lines = [f"{case.id}: {case.record.note}"]
    for facet in sorted(found.keys() | expected.keys()):
        if facet not in expected:
            lines.append(f"  {facet}: ours is {found[facet]!r}, which no difference lists")
        elif facet not in found:
            lines.append(f"  {facet}: the same, but listed as {expected[facet]!r}: a stale entry")
        elif not same(found[facet], expected[facet]):
            lines.append(f"  {facet}: ours is {found[facet]!r}, listed is {expected[facet]!r}")
    lines += [f"  listed: {one.section}: {one.why}" for one in listed]
    lines += [f"  reference: {step}" for step in reference_steps(case.record)]
    return "\n".join(lines)


def test_every_difference_names_its_contract():
    """A difference has a section of the contract, a sentence, and records that show it."""
    for difference in DIFFERENCES:
        assert SECTION.fullmatch(difference.section), difference
        assert difference.why.endswith("."), difference
        for pattern in difference.ids.split():
            alone = type(difference)("", "", pattern, {})
            assert any(alone.covers(case.id) for case in CASES), pattern
    assert all(SECTION.fullmatch(section) for section in EVERYWHERE)


def test_no_record_is_lost():
    """The records are all there, and each is a case of its own beside those with repairs."""
    assert len(records()) == len({record.id for record in records()}) == RECORDS
    assert Counter("+" in case.id for case in CASES) == {False: RECORDS, True: REPAIRED}


def test_what_has_no_counterpart_is_counted():
    """No operation is passed over but those that are named with a reason."""
    left_out = Counter((record.id, op) for record in records() for op in not_replayed(record))
    assert left_out == {
        ("reload_broken", "reload"): 7,
        ("s_builtin", "zl"): 1,
        ("s_default", "zl"): 1,
        ("t_state", "reload"): 1,
        ("t_state", "execute"): 1,
    }


def not_replayed(record):
    """Yield the operations of a record that are passed over, and all that follow a reload."""
    reloaded = False
    for operation in record.operations:
        reloaded = reloaded or operation["op"] == "reload"
        if reloaded or operation["op"] in NOT_REPLAYED:
            yield operation["op"]


def test_how_much_is_the_same():
    """A difference more or less is a decision that belongs here."""
    different = {case.id for case in CASES if any(d.covers(case.id) for d in DIFFERENCES)}
    assert len(different) == DIFFERENT
    assert len(CASES) - len(different) == SAME
