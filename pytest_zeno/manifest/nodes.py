"""The nodes of a YAML file: what was written and where, before anything has a type.

A scalar keeps its spelling: ``1.10`` stays "1.10" and ``no`` stays "no" until a field asks for
a boolean (ABI.md section 7).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final

from pytest_zeno.text import quoted

_NULLS: Final = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE: Final = frozenset(
    spelling for word in ("true", "yes", "on") for spelling in (word, word.title(), word.upper())
)
_FALSE: Final = frozenset(
    spelling for word in ("false", "no", "off") for spelling in (word, word.title(), word.upper())
)
_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Node:
    """Where a node starts; ``line`` and ``column`` count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    """A text as it is spelled; ``plain`` when no quotes or block signs stand around it."""

    text: str
    plain: bool

    @property
    def null(self) -> bool:
        """Whether YAML reads the scalar as null."""
        return self.plain and self.text in _NULLS

    @property
    def boolean(self) -> bool | None:
        """What YAML reads the scalar as, or None when that is no boolean."""
        if self.plain and self.text in _TRUE:
            return True
        return False if self.plain and self.text in _FALSE else None


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mapping(Node):
    """A mapping in file order; each key stands once."""

    entries: tuple[tuple[Scalar, Node], ...]

    def get(self, name: str) -> Node | None:
        """Return the value of a key, or None when it is absent or null."""
        for key, value in self.entries:
            if key.text == name:
                return None if is_null(value) else value
        return None


@dataclass(frozen=True, slots=True)
class Refused(Node):
    """What was reported already and has no value: an alias."""


def is_null(node: Node) -> bool:
    """Return whether a node is null."""
    return isinstance(node, Scalar) and node.null


def described(node: Node) -> str:
    """Return a node for a message: what it is and, when it is a text, how it is spelled."""
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    if not isinstance(node, Scalar) or node.null:
        return "null"
    kind = "the text " if node.boolean is None else "the boolean "
    return kind + quoted(node.text, 60)


def value_of(node: Node) -> Any:
    """Return a node as JSON would have it; a plain number or boolean becomes one."""
    if isinstance(node, Sequence):
        return [value_of(item) for item in node.items]
    if isinstance(node, Mapping):
        return {key.text: value_of(value) for key, value in node.entries}
    if not isinstance(node, Scalar) or node.null:
        return None
    return _number(node) if node.boolean is None else node.boolean


def _number(node: Scalar) -> int | float | str:
    if node.plain and _INTEGER.fullmatch(node.text):
        return int(node.text)
    if node.plain and _FLOAT.fullmatch(node.text) and math.isfinite(float(node.text)):
        return float(node.text)
    return node.text
