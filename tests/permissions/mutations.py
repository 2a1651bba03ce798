"""Edits of a text, drawn by number: the same number gives the same text on every system.

Only `Random.random` is used: its values are the same in every version of Python.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

JOINT = re.compile("[^A-Za-z0-9]")


class Draw:
    """Choices made by a generator of numbers."""

    def __init__(self, seed: str) -> None:
        """Begin at a seed."""
        self.number = random.Random(seed).random  # noqa: S311 (cases of a test, not secrets)

    def below(self, end: int) -> int:
        """Return a whole number from 0 to before the end."""
        return int(self.number() * end)

    def one(self, of: Sequence[T]) -> T:
        """Return one of several."""
        return of[int(self.number() * len(of))]

    def chance(self, share: float) -> bool:
        """Return true in such a share of the times."""
        return self.number() < share

    def place(self, text: str) -> int:
        """Return a place in a text, every other time one where two parts of it meet."""
        at = self.below(len(text) + 1)
        joint = JOINT.search(text, at) if self.number() < 0.5 else None
        return joint.start() + self.below(2) if joint else at


def escaped(part: str) -> str:
    """Return a part with its first character as percent escapes in upper case."""
    escapes = (f"%{byte:02X}" for byte in part[:1].encode("utf-8", "replace"))
    return "".join(escapes) + part[1:]


EDITS: tuple[Callable[[str, str], str], ...] = (
    lambda part, piece: piece + part,
    lambda part, piece: piece + part,
    lambda part, piece: piece + part,
    lambda _part, piece: piece,
    lambda part, piece: piece + part[1:],
    lambda _part, _piece: "",
    lambda part, _piece: part[1:],
    lambda part, _piece: part + part,
    lambda part, _piece: part.swapcase(),
    lambda part, _piece: part[::-1],
    lambda part, _piece: escaped(part),
    lambda part, _piece: escaped(part).lower(),
)
"""What becomes of some characters, with a piece at hand."""


def mutate(draw: Draw, text: str, pieces: Sequence[str], more: float = 0.55) -> str:
    """Return a text after no edit, one, two, ...: each next one happens in such a share."""
    while draw.chance(more):
        at = draw.place(text)
        end = at + 1 + draw.below(4)
        text = text[:at] + draw.one(EDITS)(text[at:end], draw.one(pieces)) + text[end:]
    return text


def reduced(value: T, is_wanted: Callable[[Any], bool]) -> T:
    """Return a text, bytes, a tuple or a map without the parts that are not wanted in it.

    Halves are tried first, then quarters, ... down to single items, or in something long to a
    hundredth of it. Another value is returned as it is.
    """
    if isinstance(value, dict):
        return dict(reduced(tuple(value.items()), lambda items: is_wanted(dict(items))))
    size = len(value) if isinstance(value, str | bytes | tuple) else 0
    least = size // 100
    while size > least:
        at = 0
        while at < len(value):
            less = value[:at] + value[at + size :]
            if is_wanted(less):
                value = less
            else:
                at += size
        size //= 2
    return value
