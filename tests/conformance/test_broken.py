"""How a rule says what is broken."""

from __future__ import annotations

import pytest

from pytest_zeno.errors import Problem, ProtocolError
from pytest_zeno.verdict.broken import Broken, expect, no_problems


def test_expect_lets_truth_pass():
    """A condition that holds says nothing."""
    expect(condition=True, message="never")


def test_expect_carries_what_was_seen():
    """A condition that fails tells message, observed, expected and hint."""
    with pytest.raises(Broken, match="two, not one") as caught:
        expect(condition=False, message="two, not one", observed="2", expected="1", hint="count")
    assert (caught.value.observed, caught.value.expected, caught.value.hint) == ("2", "1", "count")


def test_problems_of_other_rules_are_left_to_them():
    """A rule tells its own problems alone, all of them, each with its place."""
    problems = [
        Problem("slots.duplicate", "a is listed twice", field="a"),
        Problem("slots.name_type", "not mine", field="b"),
        Problem("slots.duplicate", "c is listed twice", "list.json", 3, 7),
    ]
    with pytest.raises(Broken) as caught:
        no_problems("SLT-007", problems)
    assert str(caught.value) == "a: a is listed twice\nlist.json:3:7: c is listed twice"


def test_no_own_problem_is_no_breach():
    """A message with other rules' problems keeps this one."""
    no_problems("SLT-007", [Problem("slots.name_type", "not mine", field="b")])


def test_wrong_type_of_the_whole_bars_the_rest():
    """What is not even an array has no entries to judge: the reason is raised."""
    with pytest.raises(ProtocolError) as caught:
        no_problems("SLT-007", [Problem("slots.type", "the slot list is an object")])
    assert caught.value.code == "slots.type"


def test_guest_text_is_escaped():
    """A member's name that the plugin chose cannot start a line of the report."""
    problem = Problem("slots.duplicate", "listed twice", field="a\n::error::b")
    with pytest.raises(Broken, match=r"a\\u000a::error::b: listed twice"):
        no_problems("SLT-007", [problem])


def test_many_problems_are_cut():
    """A finding shows twenty problems and counts the others."""
    with pytest.raises(Broken, match="and 30 more like these"):
        no_problems("SLT-007", [Problem("slots.duplicate", "again", field="a")] * 50)
