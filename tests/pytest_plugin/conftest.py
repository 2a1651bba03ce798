"""Plugins to judge, and pytest runs that judge them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"


@pytest.fixture
def hello(pytester: pytest.Pytester) -> Path:
    """A copy of the C hello plugin at plugins/hello, below the directory pytest runs in."""
    folder = pytester.path / "plugins" / "hello"
    folder.mkdir(parents=True)
    for name in ("manifest.yaml", "hello.wasm"):
        shutil.copy(FIXTURES / "hello-c" / name, folder)
    return folder


@pytest.fixture
def bad(pytester: pytest.Pytester):
    """Build the bad plugin of a name at plugins/NAME."""
    from fixtures.bad import build

    def make(name: str) -> Path:
        return build.write(name, pytester.path / "plugins")

    return make
