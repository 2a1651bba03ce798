"""The command `zeno`, run in this process or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from pytest_zeno.cli.main import zeno


@pytest.fixture
def run():
    """Give a function that runs the command here, and returns what came of it."""

    def run_here(*arguments, **options):
        return CliRunner().invoke(zeno, arguments, prog_name="zeno", **options)

    return run_here


@pytest.fixture
def start():
    """Give a function that starts the command as a process whose output is a pipe of bytes."""

    def started(*arguments, **settings):
        return subprocess.Popen(  # noqa: S603 (our own command)
            [sys.executable, "-m", "pytest_zeno.cli", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | settings,
        )

    return started
