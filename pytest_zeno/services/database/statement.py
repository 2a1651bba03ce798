"""What a statement may say, whatever database runs it (PERMISSIONS.md, database)."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_zeno.permissions.database import MOST_SQL
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.protocol.describe import nearest, shown
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    import re

    from pytest_zeno.permissions.database import Params

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


def fit(sql: str, params: Params, token: re.Pattern[str]) -> tuple[Any, ...] | dict[str, Any]:
    """Return the values in the form that the placeholders of `sql` take.

    Args:
        sql: one statement.
        params: values by name or by place.
        token: what the dialect's texts, names and comments look like; a match is a placeholder
            where its group ``name`` or ``place`` is one, and a mistake where ``other`` is.

    Raises Refused: ``limit_exceeded`` for too long a statement, ``invalid_request`` for NUL in
    it, other placeholders than ``:name`` and ``?``, both of them, values of other types, and too
    many or too few.
    """
    _check_sql(sql)
    names, places = _placeholders(sql, token)
    if names and places:
        _refuse("database.placeholder", "the statement mixes `:name` and `?`")
    if isinstance(params, dict):
        return _by_name(params, names, places)
    if not isinstance(params, list | None):
        _refuse("database.params", f"`params` is {shown(params)}, expected an object or an array")
    return _by_place(params or [], names, places)


def _check_sql(sql: str) -> None:
    try:
        size = len(sql.encode())
    except UnicodeEncodeError:
        _refuse("database.sql", "the statement holds half a surrogate pair")
    if size > MOST_SQL:
        detail = f"the statement has {size} bytes, the limit is {MOST_SQL}"
        raise Refused("limit_exceeded", "database.size", detail)
    if "\0" in sql:
        _refuse("database.sql", "the statement holds a NUL")


def _placeholders(sql: str, token: re.Pattern[str]) -> tuple[frozenset[str], int]:
    names, places = set(), 0
    for match in token.finditer(sql):
        if match["name"]:
            names.add(match["name"])
        elif match["place"]:
            places += 1
        elif match["other"]:
            detail = f"the placeholder {quoted(match['other'])} is neither `:name` nor `?`"
            _refuse("database.placeholder", detail)
    return frozenset(names), places


def _by_name(params: dict[str, Any], names: frozenset[str], places: int) -> dict[str, Any]:
    if places:
        _refuse("database.arity", "`params` is an object, but the statement has `?`")
    for name in names:
        if name not in params:
            hint = nearest(name, params)
            _refuse("database.arity", f"`params` lacks {quoted(name)}" + (hint and f"; {hint}"))
    for name, value in params.items():
        if name not in names:
            hint = nearest(name, names)
            detail = f"the statement has no {quoted(':' + name)}" + (hint and f"; {hint}")
            _refuse("database.arity", detail)
        _check(value, quoted(name))
    return params


def _by_place(params: list[Any], names: frozenset[str], places: int) -> tuple[Any, ...]:
    if names:
        _refuse("database.arity", f"the statement has `:{min(names)}`; `params` is no object")
    if len(params) != places:
        _refuse("database.arity", f"{len(params)} values for {places} `?`")
    for at, value in enumerate(params):
        _check(value, f"value {at + 1}")
    return tuple(params)


def _check(value: Any, where: str) -> None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            _refuse("database.params", f"{where} holds half a surrogate pair")
    elif isinstance(value, float):
        if not isfinite(value):
            _refuse("database.params", f"{where} is {value}; numbers are finite")
    elif isinstance(value, int):
        if not _LOWEST <= value <= _HIGHEST:
            _refuse("database.params", f"{where} is {value:.6g}, beyond 64 bits")
    elif value is not None:
        detail = f"{where} is {shown(value)}, expected null, a boolean, a number or text"
        _refuse("database.params", detail)


def _refuse(rule: str, detail: str) -> NoReturn:
    raise Refused("invalid_request", rule, detail)
