"""Plugins to judge, and pytest runs that judge them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from pytest_zeno import ZenoHost
from pytest_zeno.evidence import watch
from pytest_zeno.evidence.subject import Subject
from pytest_zeno.verdict.judge import judge

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
sys.path.insert(0, str(FIXTURES))


@pytest.fixture(scope="session", autouse=True)
def _imported() -> None:
    """Import all there is: a run inside this process drops what it was the first to import."""
    subject = Subject(FIXTURES / "hello-c")
    judge(subject)
    subject.close()
    with ZenoHost() as host:
        host.db.connect("main")
        host.load(FIXTURES / "hello-c").call("hello.count")


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watch the memory for fewer calls: these tests are about pytest, and each of them judges."""
    monkeypatch.setattr(watch, "CALLS", 40)
    monkeypatch.setattr(watch, "ROUNDS", 6)


@pytest.fixture
def hello(pytester: pytest.Pytester) -> Path:
    """A copy of the C hello plugin at plugins/hello, below the directory pytest runs in."""
    folder = pytester.path / "plugins" / "hello"
    folder.mkdir(parents=True)
    for name in ("manifest.yaml", "hello.wasm"):
        shutil.copy(FIXTURES / "hello-c" / name, folder)
    return folder


@pytest.fixture
def broken(pytester: pytest.Pytester):
    """Write the bad plugin of a name to plugins/NAME."""
    from bad.mutants import MUTANTS

    def write(name: str) -> None:
        mutant = next(one for one in MUTANTS if one.name == name)
        mutant.parts().write(pytester.path / "plugins" / name)

    return write
