"""The plugins of fixtures/, and what a judgement of one comes to."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
sys.path.insert(0, str(FIXTURES))


def not_kept(path, profile="contract"):
    """Judge a plugin; return the rules that it does not keep, and how many were judged."""
    from bad.matrix import judged

    outcomes = judged(path, profile=profile)
    return {id_: one for id_, one in outcomes.items() if one.status != "kept"}, len(outcomes)


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Every plugin that fixtures/bad/build.py writes, each in a folder of its name."""
    from bad.build import build

    target = tmp_path_factory.mktemp("bad")
    build(target)
    return target
