"""Plugins to judge, and pytest runs that judge them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytest_zeno import ZenoHost
from pytest_zeno.verdict.judge import judge
from pytest_zeno.verdict.subject import Subject

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"


@pytest.fixture(scope="session", autouse=True)
def _imported() -> None:
    """Import all there is: a run inside this process drops what it was the first to import."""
    subject = Subject(FIXTURES / "hello-c")
    judge(subject)
    subject.close()
    with ZenoHost() as host:
        host.load(FIXTURES / "hello-c").call("hello.count")


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
