"""Which database connections a plugin may use (PERMISSIONS.md, database).

What a statement says and how many values it takes is the service's to check: it knows the
dialect, and enforces read-only connections by the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.limits import KIB
from pytest_zeno.permissions.decision import Decision
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.permissions.request import invalid, not_granted, read_object, require, text_member
from pytest_zeno.protocol.describe import shown
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from pytest_zeno.limits import Limits
    from pytest_zeno.manifest.grants import Grants

MOST_SQL: Final = 64 * KIB
"""How many bytes a statement may have."""

Params = dict[str, Any] | list[Any] | None

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class Query:
    """One statement for a connection; ``params`` bind by name or by position."""

    connection: str
    sql: str
    params: Params


def decide(grants: Grants, request: bytes, limits: Limits) -> Decision[Query]:
    """Return the statement, for a connection that is granted; whether it exists plays no part.

    Raises Refused: ``permission_denied``, ``invalid_request`` for an empty connection, NUL in the
    SQL and values that do not bind, ``limit_exceeded`` for more than 64 KiB of SQL, ``encoding``.
    PERMISSIONS.md, database.
    """
    require("database", grants.database)
    message = read_object("database", request, limits, limits.reply)
    connection = text_member("database", message, "connection")
    if not connection:
        invalid("database.connection", "`connection` is empty; no name stands for another")
    sql = text_member("database", message, "sql")
    if "\0" in sql:
        invalid("database.sql", "`sql` holds a NUL")
    params = _params(message.get("params"))
    if connection not in grants.database:
        raise not_granted("database", connection, grants.database)
    _check_size(sql)
    return Decision(f"database.grant {connection}", Query(connection, sql, params))


def _check_size(sql: str) -> None:
    size = len(sql.encode())
    if size > MOST_SQL:
        detail = f"the statement has {size} bytes, the limit is {MOST_SQL}"
        raise Refused("limit_exceeded", "database.size", detail)


def _params(params: Any) -> Params:
    if not isinstance(params, dict | list | None):
        invalid("database.params", f"`params` is {shown(params)}, expected an object or an array")
    values = params.items() if isinstance(params, dict) else list(enumerate(params or (), 1))
    for where, value in values:
        if not _binds(value):
            detail = f"the value {quoted(str(where))} is {shown(value)}, expected null, a boolean, "
            invalid("database.params", detail + "a 64-bit integer, a finite number or text")
    return params


def _binds(value: Any) -> bool:
    if isinstance(value, int):
        return _LOWEST <= value <= _HIGHEST
    if isinstance(value, float):
        return isfinite(value)
    return value is None or isinstance(value, str)
