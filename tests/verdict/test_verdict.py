"""The verdict in every combination of what became of the rules."""

from __future__ import annotations

import itertools

import pytest

from pytest_zeno.verdict.status import Status
from pytest_zeno.verdict.verdict import REVISION, Verdict

KEPT, WARNED, BROKEN = Status.KEPT, Status.WARNED, Status.BROKEN
EXPECTED, ERROR = Status.EXPECTED, Status.ERROR
BARRED = (Status.UNTESTED, "R-0")
OPEN = (Status.UNTESTED, "R-9")


def _verdict(*outcomes, more_rules=0, **more):
    rules = frozenset(f"R-{number}" for number in range(len(outcomes) + more_rules))
    verdict = Verdict("hello", rules, **more)
    for number, outcome in enumerate(outcomes):
        verdict.add(f"R-{number}", *(outcome if isinstance(outcome, tuple) else (outcome,)))
    return verdict


WHOLE = [
    # outcomes, word, green
    ((), "no verdict", False),
    ((KEPT,), "conformant", True),
    ((KEPT, WARNED), "conformant with warnings", True),
    ((WARNED,), "conformant with warnings", True),
    ((BROKEN,), "not conformant", False),
    ((BROKEN, KEPT, WARNED), "not conformant", False),
    ((BROKEN, BARRED), "not conformant", False),
    ((BROKEN, OPEN), "not conformant", False),
    ((KEPT, OPEN), "no verdict", False),
    ((OPEN,), "no verdict", False),
    ((EXPECTED,), "not conformant", True),
    ((EXPECTED, BARRED, KEPT), "not conformant", True),
    ((EXPECTED, BROKEN), "not conformant", False),
    ((EXPECTED, OPEN), "not conformant", False),
    ((ERROR, KEPT), "no verdict", False),
    ((ERROR, BROKEN), "not conformant", False),
    ((ERROR, EXPECTED), "not conformant", False),
    ((ERROR, BARRED), "no verdict", False),
]


@pytest.mark.parametrize(("outcomes", "word", "green"), WHOLE)
def test_word_and_colour(outcomes, word, green):
    """Green is: something was tested, nothing but known breaches was found, nothing is open."""
    verdict = _verdict(*outcomes)
    assert (verdict.word, verdict.green) == (word, green)


@pytest.mark.parametrize(
    ("outcome", "word", "green"),
    [
        (KEPT, "no verdict", True),
        (WARNED, "no verdict", True),
        (BROKEN, "not conformant", False),
        (EXPECTED, "not conformant", True),
    ],
)
def test_part_of_the_rules_is_no_verdict(outcome, word, green):
    """Rules that nobody asked for leave it open whether the others are all there is."""
    verdict = _verdict(outcome, more_rules=1, unasked=frozenset({"R-1"}))
    assert (verdict.word, verdict.green) == (word, green)


def test_a_rule_that_was_asked_for_and_is_not_heard_of_is_missed():
    """Nothing is green because nothing ran."""
    verdict = _verdict(KEPT, OPEN, more_rules=1)
    assert verdict.missed == ["R-1", "R-2"]
    assert not _verdict(KEPT, more_rules=1).green


@pytest.mark.parametrize("statuses", list(itertools.permutations(Status, 2)))
def test_a_rule_counts_once_by_the_heaviest(statuses):
    """In whatever order a teardown or a repetition tells it."""
    verdict = Verdict("hello", frozenset({"R-0"}))
    for status in statuses:
        verdict.add("R-0", status)
    assert verdict.statuses == {"R-0": max(statuses, key=list(Status).index)}


def test_what_barred_a_rule_goes_with_its_status():
    """A teardown may fail after a skip: the rule is broken then, and barred by nothing."""
    verdict = _verdict(BROKEN, BARRED)
    assert verdict.because["R-1"] == "R-0"
    verdict.add("R-1", BROKEN)
    assert (verdict.broken, verdict.because["R-1"]) == (["R-0", "R-1"], "")


def test_the_line_has_its_counts():
    """Only those that are not 0, and the kept ones always."""
    tail = f"contract revision {REVISION}, profile contract)"
    assert str(_verdict(KEPT, KEPT)) == f"hello: conformant (2 kept of 2 rules, {tail}"
    assert str(_verdict(BROKEN, BARRED, WARNED, OPEN, ERROR)) == (
        "hello: not conformant (1 broken, 1 warned, 1 not testable because of that, 1 not tested, "
        f"1 failed in the harness, 0 kept of 5 rules, {tail}"
    )


def test_the_line_tells_known_breaches():
    """All of them, or how many."""
    assert "(2 broken, all known, 0 kept" in str(_verdict(EXPECTED, EXPECTED))
    assert "(3 broken, 1 of them known, 0 kept" in str(_verdict(EXPECTED, BROKEN, BROKEN))


def test_the_line_tells_by_what_measure():
    """The profile, and the level where it is not the usual one."""
    verdict = _verdict(KEPT, profile="zenoengine", level="SHOULD")
    assert str(verdict).endswith("profile zenoengine, level should)")


def test_a_bare_module_is_said_to_be_one():
    """Its verdict rests on fewer rules."""
    assert "a bare module: without the manifest's rules" in str(_verdict(KEPT, bare=True))


def test_a_label_is_one_line():
    """A folder may be called anything."""
    verdict = Verdict("a\n::error::b", frozenset({"R-0"}))
    assert str(verdict).startswith("a\\u000a::error::b: no verdict")
