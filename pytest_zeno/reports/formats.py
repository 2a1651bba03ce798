"""The formats of reports: how a file's name, or what stands before it, chooses one."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_zeno.reports.record import Run

_WRITERS: Final = {
    "json": ("as_json", "to_json"),
    "md": ("markdown", "to_markdown"),
    "sarif": ("sarif", "to_sarif"),
    "html": ("html", "to_html"),
    "badge": ("badge", "to_badge"),
}
"""Module and function of each format; a module is imported when its format is asked for."""

_ENDS: Final = {
    ".badge.json": "badge",
    ".sarif.json": "sarif",
    ".sarif": "sarif",
    ".json": "json",
    ".md": "md",
    ".html": "html",
    ".htm": "html",
}
"""How a file's name ends in each format; the first that fits decides."""


class Target(NamedTuple):
    """A report that is asked for."""

    format: str
    path: Path

    def write(self, run: Run, *, append: bool = False) -> None:
        """Write the report. Raises OSError."""
        text = writer(self.format)(run)
        with self.path.open("a" if append else "w", encoding="utf-8", newline="\n") as file:
            file.write(text)


def target(given: str) -> Target:
    """Return what ``report.html`` or ``md:path`` asks for.

    Raises ValueError that says what there is.
    """
    name, separator, rest = given.partition(":")
    if separator and name in _WRITERS:
        if not rest:
            raise ValueError(f"{quoted(given)} names no file; write {name}:PATH")
        return Target(name, Path(rest))
    for end, format_ in _ENDS.items():
        if given.lower().endswith(end):
            return Target(format_, Path(given))
    if given.lower().endswith(".xml"):
        raise ValueError(
            f"{quoted(given)}: pytest writes JUnit XML itself, with what the rules say in it; "
            f"give --junitxml={quoted(given)}"
        )
    raise ValueError(
        f"{quoted(given)} names no format; end it with {', '.join(_ENDS)}, or put a format before "
        f"it: {', '.join(f'{name}:PATH' for name in _WRITERS)}"
    )


def writer(format_: str) -> Callable[[Run], str]:
    """Return the function that writes a record in a format."""
    module, function = _WRITERS[format_]
    found: Callable[[Run], str] = getattr(
        importlib.import_module(f"pytest_zeno.reports.{module}"), function
    )
    return found
