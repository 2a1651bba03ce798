"""The command itself: which subcommands there are, and how they meet the terminal."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import TYPE_CHECKING, Final, cast

import click

import pytest_zeno

if TYPE_CHECKING:
    from typing import TextIO

COMMANDS: Final = {
    "explain": "Show a rule wholly, with its section of the contract.",
    "rules": "List the rules that plugins are judged by.",
}
"""Each subcommand with its help: `command` in the module of its name, not imported for the list."""


class Lazy(click.Group):
    """A group that imports a subcommand when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a subcommand, None for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"pytest_zeno.cli.{cmd_name}")
        return cast("click.Command", module.command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of the subcommands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(pytest_zeno.__version__, message="pytest-zeno %(version)s")
def zeno() -> None:
    """Read the rules that ZenoEngine plugins are judged by.

    Judging is pytest's: pytest --zeno-plugin=PATH.
    """


def main() -> None:
    """Run the command and exit: 0, 1 when something failed, 2 when it was called wrongly."""
    for stream in (sys.stdout, sys.stderr):
        # A code page that lacks a character shows a question mark in its place.
        cast("TextIO", stream).reconfigure(errors="replace")  # type: ignore[attr-defined]  # a text file, as long as nobody replaced it
    try:
        zeno(prog_name="zeno", color=False if os.environ.get("NO_COLOR") else None)
    except OSError as error:
        # Windows has no EPIPE: a reader that went away is an invalid argument there.
        if os.name != "nt" or error.errno != errno.EINVAL:
            raise
        sys.stdout = None  # nothing is left to flush it to
        sys.exit(1)
