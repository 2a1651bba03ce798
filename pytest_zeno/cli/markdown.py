"""The contract's Markdown as text for a terminal."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_ITEM: Final = re.compile(r"(?:[-*]|[0-9]+\.) ")
_INDENT: Final = "  "
_WIDTH: Final = 96


def as_text(markdown: str) -> Iterator[str]:
    """Yield the lines, indented and as wide as a finding; tables stay as they are written."""
    for block in _blocks(markdown):
        if block.startswith("|"):
            yield _INDENT + block
        else:
            yield from _wrapped(block)


def _blocks(markdown: str) -> list[str]:
    """Return rows of tables, items, empty lines and sentences, each on one line."""
    blocks: list[str] = []
    for line in markdown.splitlines():
        if blocks and _goes_on(blocks[-1], line):
            blocks[-1] += " " + line.strip()
        else:
            blocks.append(line.strip())
    return blocks


def _goes_on(block: str, line: str) -> bool:
    """Return whether a block that ends within a sentence goes on in the next line."""
    open_ = bool(block) and not block.startswith("|") and not block.endswith((".", ":"))
    return open_ and bool(line) and not line.startswith("|") and not _ITEM.match(line)


def _wrapped(block: str) -> list[str]:
    item = _ITEM.match(block)
    deeper = " " * (item.end() if item else 0)
    lines = textwrap.wrap(
        block,
        _WIDTH - len(_INDENT),
        subsequent_indent=deeper,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [_INDENT + line for line in lines] or [""]
