"""The good plugin and the bad ones, built once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
sys.path.insert(0, str(FIXTURES))


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Every plugin that fixtures/bad/build.py writes, each in a folder of its name."""
    from bad.build import build

    target = tmp_path_factory.mktemp("bad")
    build(target)
    return target
