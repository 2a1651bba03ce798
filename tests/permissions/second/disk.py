"""What is read and written on a real disk, seen from outside: by looking before and after."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def mode(path: Path) -> int:
    """Return what is at a path, itself and not what it leads to; 0 for nothing."""
    try:
        return path.lstat().st_mode
    except OSError:
        return 0


def is_reached(root: Path, names: tuple[str, ...]) -> bool:
    """Return whether each directory above a file is one, and no link."""
    return all(stat.S_ISDIR(mode(root.joinpath(*names[:at]))) for at in range(len(names)))


def text_at(root: Path, names: tuple[str, ...]) -> str | None:
    """Return the text that may be read below a granted directory; None if nothing may."""
    path = root.joinpath(*names)
    if is_reached(root, names) and stat.S_ISREG(mode(path)):
        return path.read_text("utf-8")
    return None


def may_write(root: Path, names: tuple[str, ...]) -> bool:
    """Return whether a file may be made there, or replaced: a regular one with a single name."""
    path = root.joinpath(*names)
    there = mode(path)
    alone = stat.S_ISREG(there) and path.lstat().st_nlink == 1
    return bool(names) and is_reached(root, names) and (there == 0 or alone)
