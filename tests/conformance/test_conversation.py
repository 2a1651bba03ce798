"""Conversations that are held again: which answers are compared, and what a difference is."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace

from pytest_zeno.errors import TrapError
from pytest_zeno.evidence import conversation
from pytest_zeno.evidence.conversation import Answer, converse, difference
from pytest_zeno.evidence.requests import encoded
from pytest_zeno.evidence.subject import Subject

ONE, TWO = Answer("a.b", said={"success": True}), Answer("a.b", said={"success": False})
TRAPPED = Answer("a.b", error=TrapError("the guest trapped", code="trap.unreachable"))


def test_the_first_difference_is_told():
    """Both answers come back, ours first."""
    assert difference((ONE, ONE), (ONE, ONE), (ONE, TWO)) == (ONE, TWO)


def test_an_error_is_a_difference():
    """A guest that traps there answers otherwise."""
    found = difference((ONE,), (ONE,), (TRAPPED,))
    assert found is not None
    assert found[1].shown == "the guest trapped"


def test_what_varies_here_already_says_nothing():
    """An answer that differs between two conversations on one host is passed over."""
    assert difference((ONE,), (TWO,), (TWO,)) is None
    assert difference((ONE,), (TWO,), (ONE,)) is None


def test_what_fails_here_already_says_nothing():
    """Another rule answers for it."""
    assert difference((TRAPPED,), (TRAPPED,), (ONE,)) is None


def test_a_conversation_ends_with_the_first_error(built):
    """What was asked when it came is known, and nothing is asked of a guest that has ended."""
    subject = Subject(built / "lif005-missing-traps")
    asked = [("base.ping", {}), ("base.echo", {}), ("base.ping", {})]
    answers = converse(subject.fresh, asked)
    assert [one.asked for one in answers] == [
        "the start",
        "plugin_init",
        "plugin_register_slots",
        "base.ping",
        "base.echo",
    ]
    assert answers[-1].error is not None
    assert answers[-1].request == encoded("base.echo", {})


def test_a_busy_machine_cuts_none_short(built, monkeypatch):
    """Hours pass between two questions, in which this process does nothing."""
    hours = count(step=3600)
    clocks = {name: lambda: next(hours) for name in ("monotonic", "time", "perf_counter")}
    worked = SimpleNamespace(**clocks, thread_time=lambda: 0.0)
    monkeypatch.setattr(conversation, "time", worked)
    asked = [("base.ping", {})] * 3
    assert len(converse(Subject(built / "base").fresh, asked)) == 3 + len(asked)
