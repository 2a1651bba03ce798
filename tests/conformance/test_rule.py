"""Making rules, and finding the one that answers for an error."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pytest_zeno
from pytest_zeno.errors import LimitError, TrapError
from pytest_zeno.verdict.rule import Rule, catalogue, everywhere, owner_of, owner_of_code, rule

NOBODYS = frozenset(
    (
        "limit.interrupted",  # a signal
        "load.cache",  # the host's own folder
        "load.config",  # the operator gave no value
        "load.name_taken",  # the neighbours
        "load.no_manifest",  # the command line
        "load.no_such_path",
        "load.slot_taken",
        "load.requires",
    )
)
"""Errors that no plugin is to blame for."""

PHASES = ("load", "start", "init", "register", "execute", "cleanup", "manifest")


KEEP = everywhere("Keep it.")


def _decorated(
    name="test_abc001_words", doc="A rule is kept.", fix=KEEP, example="x", id_="ABC-001"
):
    def function():
        raise AssertionError

    function.__name__, function.__doc__ = name, doc
    why = "It matters."
    return rule(id_, level="MUST", section="1", why=why, example=example, fix=fix)(function)


def test_rule_is_stored_on_the_function():
    """A decorated function carries its rule, with the docstring as the sentence."""
    found = _decorated().zeno_rule
    assert isinstance(found, Rule)
    assert (found.id, found.sentence, found.needs_manifest) == ("ABC-001", "A rule is kept.", False)
    assert found.family == "test rule"


def test_wrapped_docstring_is_one_line():
    """A sentence over two lines reads as one."""
    found = _decorated(doc="A rule is kept,\n    always.").zeno_rule
    assert found.sentence == "A rule is kept, always."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "test_abc002_words"}, "expected test_abc001_"),
        ({"doc": "Two sentences. And more."}, "not one sentence"),
        ({"doc": None}, "not one sentence"),
        ({"example": ""}, "ABC-001 has no example"),
        ({"fix": {"c": "Keep it."}}, "no fix for go, rust"),
        ({"fix": {**KEEP, "ada": "Keep it."}}, "a fix for ada"),
        ({"id_": "ABC-1"}, "is no rule's id"),
    ],
)
def test_what_does_not_fit_is_refused(change, said):
    """Id, name, docstring, example and fixes have to fit each other."""
    with pytest.raises(ValueError, match=re.escape(said)):
        _decorated(**change)


@pytest.mark.parametrize(
    ("code", "phase", "owner"),
    [
        ("trap.unreachable", "init", "LIF-002"),
        ("trap.unreachable", "execute", "LIF-005"),
        ("limit.time", "cleanup", "LIF-008"),
        ("limit.json_depth", "init", "MSG-005"),
        ("protocol.terminator", "register", "STR-003"),
        ("load.not_wasm", "load", "MOD-001"),
    ],
)
def test_owner_goes_by_code_and_phase(code, phase, owner):
    """The same code belongs to another rule in another phase, where a rule says so."""
    assert owner_of(TrapError("x", code=code, phase=phase)).id == owner


def test_signal_is_nobodys():
    """A call that a signal ended is no plugin's breach."""
    assert owner_of(LimitError("x", code="limit.interrupted", phase="execute")) is None


def test_problem_of_a_message_has_an_owner():
    """A problem's code leads to the rule that tells it."""
    assert owner_of_code("slots.duplicate") == "SLT-007"
    assert owner_of_code("slots.unheard_of") == ""


def test_every_code_of_the_project_has_an_owner():
    """No error that a plugin can cause is without its rule."""
    written = re.compile(
        r'"((?:exit|limit|load|metadata|protocol|response|slots|trap)\.[a-z_]+)"', re.ASCII
    )
    owned = {code.rpartition(":")[2] for one in catalogue() for code in one.codes}
    codes = {
        code
        for file in Path(pytest_zeno.__file__).parent.rglob("*.py")
        for code in written.findall(file.read_text("utf-8"))
    }
    assert len(codes) > 50
    assert {code for code in codes if not {code, code.split(".")[0]} & owned} == NOBODYS


def test_families_and_phases_are_real():
    """A code in one phase names a phase that exists."""
    for one in catalogue():
        for code in one.codes:
            phase, colon, _ = code.rpartition(":")
            assert not colon or phase in PHASES
