"""A plugin is judged alike in a process of its own and in this one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_zeno.evidence.subject import Subject
from pytest_zeno.verdict.judge import judge

FIXTURES = Path(__file__).parents[2] / "fixtures"
sys.path.insert(0, str(FIXTURES))

BAD = (
    "lif002-init-traps",
    "hst005-no-json",
    "str003-no-nul",
)


def outcomes(path, profile, *, isolate):
    """Judge a plugin; return of each rule what became of it, and with what words."""
    subject = Subject(path, profile=profile, isolate=isolate)
    try:
        return {
            id_: (one.status, one.because, str(one.error or ""))
            for id_, one in judge(subject).items()
        }
    finally:
        subject.close()


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    from pytest_zeno.evidence import watch

    monkeypatch.setattr(watch, "CALLS", 40)
    monkeypatch.setattr(watch, "ROUNDS", 6)


def test_a_good_plugin():
    """Measured guests and those with the reference host's quirks run there, too."""
    hello = FIXTURES / "hello-c"
    there = outcomes(hello, "zenoengine", isolate=True)
    assert there == outcomes(hello, "zenoengine", isolate=False)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_plugin(name, tmp_path):
    """Down to the words of the errors."""
    from bad.mutants import MUTANTS

    next(one for one in MUTANTS if one.name == name).parts().write(tmp_path)
    there = outcomes(tmp_path, "contract", isolate=True)
    assert there == outcomes(tmp_path, "contract", isolate=False)
