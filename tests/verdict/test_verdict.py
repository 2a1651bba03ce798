"""The verdict in every combination of what became of the rules."""

from __future__ import annotations

import itertools

import pytest

from pytest_zeno.verdict.verdict import REVISION, Verdict


def _verdict(*outcomes, rules=None, **more):
    verdict = Verdict("hello", len(outcomes) if rules is None else rules, **more)
    for number, outcome in enumerate(outcomes):
        verdict.add(f"R-{number}", *(outcome if isinstance(outcome, tuple) else (outcome,)))
    return verdict


BARRED = ("skipped", "R-0")
OPEN = ("skipped", "R-9")

COMBINATIONS = [
    # outcomes, all rules ran, word, green
    ((), False, "no verdict", False),
    (("passed",), True, "conformant", True),
    (("passed", "warned"), True, "conformant with warnings", True),
    (("warned",), True, "conformant with warnings", True),
    (("failed",), True, "not conformant", False),
    (("failed", "passed", "warned"), True, "not conformant", False),
    (("failed", BARRED), True, "not conformant", False),
    (("passed", OPEN), True, "no verdict", False),
    (("failed", OPEN), True, "not conformant", False),
    ((OPEN,), True, "no verdict", False),
    (("passed",), False, "no verdict", True),
    (("passed", "warned"), False, "no verdict", True),
    (("failed",), False, "not conformant", False),
]


@pytest.mark.parametrize(("outcomes", "whole", "word", "green"), COMBINATIONS)
def test_word_and_colour(outcomes, whole, word, green):
    """Green is: something ran, nothing is broken, nothing is open without a reason."""
    verdict = _verdict(*outcomes, rules=len(outcomes) if whole else len(outcomes) + 1)
    assert (verdict.word, verdict.green) == (word, green)


@pytest.mark.parametrize(
    "statuses", list(itertools.permutations(["passed", "warned", "failed"], 2))
)
def test_a_rule_counts_once_by_the_worst(statuses):
    """In whatever order a teardown or a repetition tells it."""
    verdict = Verdict("hello", 1)
    for status in statuses:
        verdict.add("R-0", status)
    worst = "failed" if "failed" in statuses else "warned"
    assert (verdict.ran, verdict.untested) == (1, {})
    assert verdict.passed == set()
    assert verdict.broken == ({"R-0"} if worst == "failed" else set())
    assert verdict.warned == ({"R-0"} if worst == "warned" else set())


def test_a_teardown_may_fail_after_a_skip():
    """The rule is broken then, and no longer untested."""
    verdict = _verdict("failed", BARRED)
    verdict.add("R-1", "failed")
    assert verdict.untested == {}
    assert verdict.broken == {"R-0", "R-1"}


def test_the_line_has_its_counts():
    """Only those that are not 0, and the kept ones always."""
    tail = f"contract revision {REVISION}, profile contract)"
    assert str(_verdict("passed", "passed")) == f"hello: conformant (2 kept of 2 rules, {tail}"
    assert str(_verdict("failed", BARRED, "warned", OPEN)) == (
        "hello: not conformant (1 broken, 1 warned, 1 not testable because of that, 1 not tested, "
        f"0 kept of 4 rules, {tail}"
    )


def test_a_bare_module_is_said_to_be_one():
    """Its verdict rests on fewer rules."""
    assert "a bare module: without the manifest's rules" in str(_verdict("passed", bare=True))


def test_a_label_is_one_line():
    """A folder may be called anything."""
    verdict = Verdict("a\n::error::b", 1)
    assert str(verdict).startswith("a\\u000a::error::b: no verdict")
