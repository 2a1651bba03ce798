"""The good plugin and the bad ones, built once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_zeno.evidence.subject import Subject
from pytest_zeno.verdict.judge import judge

FIXTURES = Path(__file__).parents[2] / "fixtures"
sys.path.insert(0, str(FIXTURES))


def not_kept(path):
    """Judge a plugin; return the rules that it does not keep, and how many were judged."""
    subject = Subject(path)
    try:
        outcomes = judge(subject)
    finally:
        subject.close()
    return {id_: one for id_, one in outcomes.items() if one.status != "kept"}, len(outcomes)


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Every plugin that fixtures/bad/build.py writes, each in a folder of its name."""
    from bad.build import build

    target = tmp_path_factory.mktemp("bad")
    build(target)
    return target
