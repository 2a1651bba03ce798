"""Plugins to judge, and pytest runs that judge them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from pytest_zeno import ZenoHost
from pytest_zeno.evidence import watch
from pytest_zeno.evidence.subject import Subject
from pytest_zeno.runtime import cache
from pytest_zeno.verdict.judge import judge

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
sys.path.insert(0, str(FIXTURES))

_CACHE = cache.cache_directory()

UNUSED = ("hypothesispytest", "pytest_httpserver")
"""Plugins that every process of pytest would import much for."""


@pytest.fixture(scope="session", autouse=True)
def _imported() -> None:
    """Import all there is: a run inside this process drops what it was the first to import."""
    subject = Subject(FIXTURES / "hello-c")
    judge(subject)
    subject.close()
    with ZenoHost() as host:
        host.load(FIXTURES / "hello-c").call("hello.count")


@pytest.fixture(autouse=True)
def _short(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 (it comes first)
    """Spare what these tests, each of which judges, are not about: they are about pytest.

    `pytester` gives each test a home of its own, in which it would compile the same plugins anew,
    and takes PYTEST_ADDOPTS away: it comes first.
    """
    monkeypatch.setattr(watch, "CALLS", 40)
    monkeypatch.setattr(watch, "ROUNDS", 6)
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(f"-p no:{name}" for name in UNUSED))
    monkeypatch.setenv(cache.ENVIRONMENT_VARIABLE, str(_CACHE))


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
