"""The command as a whole: its help, its version, and the terminals it meets."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import pytest_zeno
from pytest_zeno.cli.main import COMMANDS, main, zeno

LATE = (
    "wasmtime",
    "yaml",
    "pytest",
    "rich",
    "hypothesis",
    "pytest_zeno.verdict",
    "pytest_zeno.host",
)


def test_help_names_every_subcommand(run):
    """With the sentence that its own help starts with."""
    text = run("--help").output
    for name, sentence in COMMANDS.items():
        assert f"{name:<9}{sentence}" in text
        command = zeno.get_command(None, name)
        assert command.help.startswith(sentence)


def test_help_imports_no_subcommand():
    """What the rules need is loaded by the subcommand that shows them."""
    code = f"""
import sys
from pytest_zeno.cli.main import zeno
zeno(["--help"], standalone_mode=False)
print("loaded", *sorted(set({LATE!r}) & set(sys.modules)))
"""
    done = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "loaded"


def test_version(run):
    """The version is the package's."""
    assert run("--version").output == f"pytest-zeno {pytest_zeno.__version__}\n"


def test_unknown_subcommand_is_a_wrong_call(run):
    """Exit code 2, and the name that was given."""
    done = run("rule")
    assert done.exit_code == 2
    assert "'rule'" in done.output


def test_a_reader_may_go_away(start):
    """`zeno rules | head -1` ends without a word."""
    with start("rules") as process:
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_a_code_page_without_a_character_shows_a_question_mark(start):
    """The text comes all the same."""
    with start("explain", "MAN-003", PYTHONIOENCODING="latin-1") as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert b"example    permissions: ? at the top" in out


def test_colour_is_for_terminals(run):
    """A pipe gets none, a terminal does, and not if it does not want it."""
    assert "\x1b" not in run("rules").output
    assert "\x1b[1m" in run("rules", color=True).output


@pytest.mark.parametrize(("value", "color"), [("1", False), ("", None)])
def test_no_color_is_kept(monkeypatch, value, color):
    """NO_COLOR counts when it is not empty (no-color.org)."""
    called = {}
    monkeypatch.setenv("NO_COLOR", value)
    monkeypatch.setattr("pytest_zeno.cli.main.zeno", lambda **options: called.update(options))
    main()
    assert called["color"] is color


def test_installing_brings_the_command():
    """The entry point is the function that is tested here."""
    file = Path(__file__).parents[2] / "pyproject.toml"
    scripts = tomllib.loads(file.read_text("utf-8"))["project"]["scripts"]
    assert scripts == {"zeno": f"{main.__module__}:{main.__name__}"}
