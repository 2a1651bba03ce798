"""The first run of somebody who has installed the package and owns a plugin."""

from __future__ import annotations

import os
import shutil
import sys
import venv
from pathlib import Path

import pytest

import pytest_zeno
from tests.repo.conftest import ROOT, run


@pytest.fixture
def pytest_in(tmp_path):
    """Give a function that runs pytest in an empty directory that only holds the C hello."""
    shutil.copytree(ROOT / "fixtures" / "hello-c", tmp_path / "hello")

    def run_pytest(*arguments):
        ours = ("PYTEST_", "TOX_", "ZENO_")
        kept = {name: os.environ[name] for name in os.environ if not name.startswith(ours)}
        return run([sys.executable, "-m", "pytest", *arguments], cwd=tmp_path, env=kept)

    return run_pytest


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="only tox installs the wheel")
def test_the_wheel_is_what_is_tested():
    """The checkout does not stand before what was installed, in a worker of xdist neither."""
    assert Path(pytest_zeno.__file__).is_relative_to(sys.prefix)


def test_one_command_judges_a_plugin(pytest_in):
    """The plugin is fit: exit code 0, and the last line counts the rules."""
    done = pytest_in("--zeno-plugin=hello")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout.splitlines()[-1]


def test_a_plugin_that_is_not_there_is_one_line(pytest_in):
    """A wrong path is a wrong usage: exit code 4."""
    done = pytest_in("--zeno-plugin=hallo")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "hallo" in done.stderr


def test_no_option_no_suite(pytest_in):
    """Without the option the package stays out of the user's run, which finds no tests here."""
    done = pytest_in()
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "zeno" not in done.stdout.lower().replace("zeno-", "")


def test_pip_installs_it_into_an_empty_environment(built, tmp_path):
    """README: `pip install pytest-zeno` in a new environment is all that judging needs."""
    shutil.copytree(ROOT / "fixtures" / "hello-c", tmp_path / "hello")
    venv.create(tmp_path / "venv", with_pip=True)
    scripts = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    ours = ("PYTEST_", "TOX_", "ZENO_")
    kept = {name: os.environ[name] for name in os.environ if not name.startswith(ours)}
    settings = kept | {"PIP_FIND_LINKS": str(built)}
    installed = run([scripts / "pip", "install", "-q", "pytest-zeno"], cwd=tmp_path, env=settings)
    assert installed.returncode == 0, installed.stderr
    done = run([scripts / "pytest", "--zeno-plugin=hello"], cwd=tmp_path, env=settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": conformant (" in done.stdout
    told = run([scripts / "zeno", "explain", "STR-003"], cwd=tmp_path, env=settings)
    assert "ABI.md, 3. Strings and memory" in told.stdout, told.stderr
