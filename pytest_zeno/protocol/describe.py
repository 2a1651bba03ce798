"""Saying what is wrong with a message: the observed, the expected, the nearest."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from pytest_zeno.errors import Problem
from pytest_zeno.text import quoted, visible

if TYPE_CHECKING:
    from collections.abc import Iterable


def type_name(value: Any) -> str:
    """Return what JSON calls the type of a value: object, array, string, number."""
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    if value is None:
        return "null"
    return kinds.get(type(value), "a number")


def shown(value: Any) -> str:
    """Return a value for a message: its type and, when it is short, itself."""
    if value is None or isinstance(value, dict | list):
        return type_name(value)
    return f"{type_name(value)} ({visible(str(value), 60)})"


def wrong(code: str, where: str, what: str, expected: str, observed: Any) -> Problem:
    """Return the problem of a value that has another type than `expected`."""
    return Problem(code, f"{what} is {shown(observed)}, expected {expected}", field=where)


def missing(code: str, where: str, value: dict[str, Any]) -> Problem:
    """Return the problem of a member that is not there, with the nearest one that is."""
    name = where.rpartition(".")[2]
    return Problem(code, f"the member `{name}` is missing", field=where, hint=nearest(name, value))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint with the closest known name, also in another case; '' when none is near."""
    folded = {other.lower(): other for other in known}
    close = difflib.get_close_matches(name.lower(), folded, 1)
    return f"did you mean {quoted(folded[close[0]])}?" if close else ""
