"""The contract: its pages ship with the package, so that a rule can be read where it is cited."""

from __future__ import annotations

import functools
from importlib.resources import files


def section(cited: str) -> tuple[str, str]:
    """Return page and heading, and the text in Markdown, of what a rule cites.

    `cited` is the number of a section of ABI.md (``3``), or a page and the first words of a
    heading (``PERMISSIONS.md, Limits``). Raises KeyError when there is no such section.
    """
    page, _, heading = cited.rpartition(", ")
    page, start = (page, heading) if page else ("ABI.md", f"{heading}. ")
    for part in _page(page).split("\n## ")[1:]:
        title, _, text = part.partition("\n")
        if title.startswith(start):
            return f"{page}, {title}", text.strip("\n")
    raise KeyError(cited)


def title() -> str:
    """Return the title of ABI.md, which ends with the contract's revision."""
    return _page("ABI.md").partition("\n")[0]


@functools.cache
def _page(name: str) -> str:
    return files(__name__).joinpath(name).read_text("utf-8")
