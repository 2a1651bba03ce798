"""Where readers of parameters break: sizes, depths, numbers and texts at the edges.

Every value is asked, none is drawn by chance: a verdict rests on the same calls everywhere.
"""

from __future__ import annotations

from typing import Any, Final

from pytest_zeno.limits import Limits


def _around(*powers: int) -> tuple[int, ...]:
    """Return each power of two with its neighbours, in order, each once."""
    return tuple(sorted({2**power + near for power in powers for near in (-1, 0, 1)}))


SIZES: Final = _around(*range(3, 17))
"""Bytes of a text or a name: buffers have powers of two, off by a quote or a NUL."""

COUNTS: Final = _around(*range(3, 13))
"""Members or items: tables of tokens have powers of two."""

_OWN: Final = 2
"""Levels of a request around a parameter: itself, and its `parameters`."""

DEEPEST: Final = Limits.json_depth - _OWN
"""Levels of a parameter in a request that is as deep as a message may be."""

DEPTHS: Final = (*range(2, 13), 15, 16, 17, 20, 24, 31, 32, 33, 40, 48, DEEPEST)
"""Levels of nesting."""

NUMBERS: Final[tuple[int | float, ...]] = (
    0,
    -1,
    *(sign * 2**bits + near for bits in (7, 8, 15, 16) for sign in (1, -1) for near in (-1, 0, 1)),
    -0.0,
    0.1,
    1.5,
    -1.5,
    *(sign * 2**bits + near for bits in (31, 32, 53) for sign in (1, -1) for near in (-1, 0, 1)),
    2.0**31,
    -(2.0**31) - 1,
    2.0**32,
    2**63 - 1,
    -(2**63),
    2**63,
    2**64 - 1,
    2.0**63,
    2.0**64,
    1e-7,
    1e21,
    0.1 + 0.2,
    5e-324,
    2.2250738585072014e-308,
    1.7976931348623157e308,
    -1.7976931348623157e308,
)
"""Every width of an integer, and floats that no integer holds; the contract's integers alone."""

CHARACTERS: Final = (
    *map(chr, range(1, 32)),
    '"',
    "\\",
    "/",
    "%s%n",
    "\\u0041",
    "</script>&'",
    "\x7f",
    "\x80",
    "é",
    "e\u0301",  # the same, from two characters
    "\u07ff\u0800",  # the last of two bytes, the first of three
    "\u2028\u2029",
    "\u200f\u202e",  # right to left
    "\ufeff",
    "\ufffd",
    "\uffff",  # no character, and allowed
    "\U00010000",
    "🦓",
    "👩\u200d🚀",
    "\U0010ffff",
)
"""Texts of one or few characters; a NUL stands apart."""

NULS: Final = ("\0", "a\0", "\0a", "a\0b", "\0\0")

ESCAPED: Final = ("é", "<b>&", "日本", "🦓", "\u2028", "a/b", "\ufffd")
"""Texts that some hosts write as they are and others in escapes."""

OF_ANOTHER_TYPE: Final[tuple[Any, ...]] = (
    True,
    False,
    0,
    -1,
    1.5,
    2**64 - 1,
    "",
    "text",
    "12x",
    "-",
    "1e400",
    [],
    [[]],
    ["text"],
    {},
    {"key": "value"},
    {"": None},
)
"""Values of every type; those that fit an input are left out for it."""
