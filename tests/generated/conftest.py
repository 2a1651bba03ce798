"""Plugins to ask, made from the good one, and slots to ask about."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_zeno.evidence.subject import Subject
from pytest_zeno.limits import Limits
from pytest_zeno.protocol.slots import Input, Slot

FIXTURES = Path(__file__).parents[2] / "fixtures"
sys.path.insert(0, str(FIXTURES))


@pytest.fixture
def asked(tmp_path):
    """Return what became of the cases of a plugin: a bad one by its name, or a changed good one."""
    subjects = []

    def ask(what, **limits):
        from bad.base import base
        from bad.mutants import MUTANTS

        changes = {mutant.name: mutant.change for mutant in MUTANTS}
        folder = tmp_path / str(len(subjects))
        changes.get(what, what)(base()).write(folder)
        subjects.append(Subject(folder, limits=Limits(**limits)))
        return subjects[-1].generated

    yield ask
    for subject in subjects:
        subject.close()


def slot_with(kind, *, required=True, name="given"):
    """Return a slot with one input of a type."""
    return Slot("test.slot", inputs={name: Input(name, kind, required)})
