"""One page that holds everything: no script, no request, nothing of it comes from elsewhere.

jinja2 escapes each text. The page's policy allows one style sheet, by its hash, and no script at
all, so that not even a text that got through would run.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_zeno.reports.costs import COLUMNS, load_time, numbers
from pytest_zeno.reports.record import not_kept
from pytest_zeno.verdict.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import Environment

    from pytest_zeno.reports.record import Counts, Excerpt, Plugin, Rule, Run

_ROW: Final = 16
_SHARES: Final[tuple[Status, ...]] = (
    Status.KEPT,
    Status.WARNED,
    Status.EXPECTED,
    Status.UNTESTED,
    Status.ERROR,
    Status.BROKEN,
)
_WORDS: Final = {Status.UNTESTED: "not testable", Status.ERROR: "failed in the harness"}
_TONES: Final = {
    "conformant": "kept",
    "conformant with warnings": "warned",
    "not conformant": "broken",
}


class Family(NamedTuple):
    """The rules of one family that ran."""

    title: str
    rules: list[Rule]

    @property
    def kept(self) -> int:
        """How many of them are kept."""
        return sum(rule.status == "kept" for rule in self.rules)


class Byte(NamedTuple):
    """One byte of a memory view: as digits, as a character, and whether it is the one."""

    hex: str
    shown: str
    hit: bool


class Share(NamedTuple):
    """A part of the bar that shows the counts; start and size are in rules."""

    status: Status
    word: str
    start: int
    size: int


def to_html(run: Run) -> str:
    """Return the record as one page."""
    templates = _templates()
    style = templates.get_template("report.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = templates.get_template("report.html").render(run=run, style=style, digest=digest)
    return page + "\n"


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("pytest_zeno.reports", "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        columns=COLUMNS,
        families=families,
        load_time=load_time,
        not_kept=not_kept,
        numbers=numbers,
        rows=rows,
        shares=shares,
        size=size,
        tone=tone,
    )
    return environment


def families(plugin: Plugin) -> list[Family]:
    """Return a plugin's rules by family."""
    grouped = groupby(plugin.rules, key=lambda rule: rule.family)
    return [Family(title, list(members)) for title, members in grouped]


def shares(counts: Counts) -> Iterator[Share]:
    """Yield the parts of the bar from left to right; what did not run is left empty."""
    start = 0
    for status in _SHARES:
        number: int = getattr(counts, status)
        if number:
            yield Share(status, _WORDS.get(status, status), start, number)
        start += number


def rows(excerpt: Excerpt) -> Iterator[tuple[int, list[Byte | None]]]:
    """Yield address and cells of each row of 16 bytes; None where the excerpt has no byte."""
    data = bytes.fromhex(excerpt.hex)
    end = excerpt.start + len(data)
    for row in range(excerpt.start // _ROW * _ROW, end, _ROW):
        yield (
            row,
            [
                _byte(data[at - excerpt.start], at == excerpt.at)
                if excerpt.start <= at < end
                else None
                for at in range(row, row + _ROW)
            ],
        )


def _byte(value: int, hit: bool) -> Byte:
    return Byte(f"{value:02x}", chr(value) if 0x20 <= value < 0x7F else "·", hit)


def size(count: int) -> str:
    """Return a number of bytes for people."""
    if count < 10_000:
        return f"{count:,} bytes"
    kib = count / 1024
    return f"{kib:,.0f} KiB" if kib < 10_000 else f"{kib / 1024:,.1f} MiB"


def tone(verdict: str) -> str:
    """Return the colour that goes with a verdict, by the status it stands for."""
    return _TONES.get(verdict, "untested")
