"""`.ci/run` is what README tells a stranger to do, and more."""

from __future__ import annotations

import re
import stat
import sys

import pytest

from tests.repo.conftest import ROOT, run

GATE = ROOT / ".ci" / "run"
FIRST = "\nstep install install\n"


@pytest.fixture(scope="module")
def gate():
    """Give the script's text."""
    return GATE.read_text("utf-8")


def _commands():
    """Return the commands of README that work on the checkout's own environment."""
    readme = (ROOT / "README.md").read_text("utf-8")
    return re.findall(r"^(?:python3 -m venv \.venv|\.venv/bin/).*$", readme, re.MULTILINE)


def test_readme_tells_how_to_install_and_how_to_test():
    """Two commands that a stranger can paste: the first makes the environment, the second tests."""
    first, *_, last = _commands()
    assert first.startswith("python3 -m venv .venv && ")
    assert last == ".venv/bin/pytest -n 2"


@pytest.mark.parametrize("command", _commands())
def test_the_gate_runs_readmes_command(gate, command):
    """Word for word, in an environment of its own."""
    assert command.replace(".venv", ".tox/ci") in gate


def test_the_gate_runs_each_tox_environment(gate, tox):
    """What tox checks, the gate checks."""
    sections = (name.removeprefix("testenv:") for name in tox.sections())
    for name in sections:
        if name not in ("tox", "testenv"):
            assert re.search(rf"\benvs {name}$", gate, re.MULTILINE), name


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no executable bit")
def test_the_gate_can_be_executed():
    """`.ci/run` is a command."""
    assert GATE.stat().st_mode & stat.S_IXUSR


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no bash of its own")
def test_the_gate_is_bash():
    """The shell can read all of it, whichever branch a run takes."""
    assert run(["bash", "-n", str(GATE)]).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no bash of its own")
@pytest.mark.parametrize(("broken", "code"), [(None, 0), ("types", 1), ("install", 1)])
def test_a_step_that_fails_decides(gate, tmp_path, broken, code):
    """The other steps run all the same, the tests come last, and the exit code tells."""
    script = tmp_path / ".ci" / "run"
    script.parent.mkdir()
    script.write_text(_without_work(gate, broken), "utf-8")
    done = run(["bash", str(script)])
    assert done.returncode == code
    assert done.stdout.splitlines()[-1] == "9 passed"
    assert (f"failed so far: [{broken}]" in done.stdout) is (broken is not None)
    assert done.stdout.count("\n== ") >= 10


def _without_work(gate, broken):
    """Return the script with each step's work replaced by the outcome wanted."""
    definitions, steps = gate.split(FIRST)
    works = ("install", "build", "newest", "guests", "benchmarks")
    replaced = [f"{work}() {{ {'false' if work == broken else 'true'}; }}" for work in works]
    replaced.append(f'envs() {{ [[ $1 != "{broken}" ]]; }}')
    replaced.append("tests() { echo '9 passed'; }")
    return "\n".join([definitions, *replaced, FIRST, steps])
