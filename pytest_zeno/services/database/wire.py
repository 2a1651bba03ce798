"""Statements and rows on a connection to PostgreSQL, row by row and with an end.

psycopg's cursors wait for the whole answer, or cannot say how many rows a statement has changed;
so this is libpq's own way, with psycopg's adapters for the values.
"""

from __future__ import annotations

import selectors
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from json import loads
from math import isinf
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import pq
from psycopg.adapt import AdaptersMap, Loader
from psycopg.errors import error_from_result

from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.database.values import collect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from psycopg.abc import Buffer
    from psycopg.pq.abc import PGconn, PGresult

_BOOL, _INT4, _INT8, _FLOAT8, _UNKNOWN = 16, 23, 20, 701, 0
_HIGHEST_INT4: Final = 2**31
_GRACE: Final = 0.5
"""How many seconds later than the server itself we end a statement."""

_ENDED: Final = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK, pq.ExecStatus.EMPTY_QUERY)
_CHANGING: Final = (b"INSERT", b"UPDATE", b"DELETE", b"MERGE")
_COPYING: Final = (pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH)


class _Text(Loader):
    """A value in the engine's own words: ISO 8601, as the session is set up."""

    def load(self, data: Buffer) -> str:
        return bytes(data).decode()


class _Moment(_Text):
    """A point in time: `2026-01-02T03:04:05+00:00`."""

    def load(self, data: Buffer) -> str:
        text = super().load(data).replace(" ", "T", 1)
        return text + ":00" if text.endswith("+00") else text


class _Json(Loader):
    """JSON with every digit of its numbers."""

    def load(self, data: Buffer) -> Any:
        return loads(bytes(data), parse_float=Decimal)


@cache
def _adapters() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    for name in ("date", "time", "timetz", "interval", "uuid", "inet", "cidr"):
        adapters.register_loader(name, _Text)
    for name in ("timestamp", "timestamptz"):
        adapters.register_loader(name, _Moment)
    for name in ("json", "jsonb"):
        adapters.register_loader(name, _Json)
    return adapters


@dataclass(frozen=True, slots=True)
class _Context:
    """What loaders look at, `psycopg.abc.AdaptContext`."""

    adapters: AdaptersMap
    connection: psycopg.Connection[Any]


def command(connection: psycopg.Connection[Any], statements: str) -> None:
    """Run statements of the host's own that answer nothing. Raises `psycopg.Error`."""
    result = connection.pgconn.exec_(statements.encode())
    if result.status not in _ENDED:
        raise _failure(result)


def run(
    connection: psycopg.Connection[Any],
    statement: str,
    values: Sequence[Any] | None,
    deadline: float,
) -> tuple[list[dict[str, Any]], int]:
    """Run a statement; return its rows, and how many it has changed.

    Args:
        connection: nobody else's, and not busy.
        statement: with ``$1``, ``$2``... for values; the server itself takes one alone. With
            `values` None it may be several, and the last one answers, without limits.
        values: as JSON has them.
        deadline: when to give up, on the monotonic clock.

    Raises Refused: ``limit_exceeded``, ``timeout``, ``encoding``; `psycopg.Error`. Whatever is
    raised, the server has stopped, or the connection is closed.
    """
    try:
        _send(connection.pgconn, statement, values)
        return _answer(connection, deadline, bounded=values is not None)
    except BaseException:
        _stop(connection)
        raise


def _send(pgconn: PGconn, statement: str, values: Sequence[Any] | None) -> None:
    if values is None:
        pgconn.send_query(statement.encode())
    else:
        bound = [_bind(value) for value in values]
        types, texts = [oid for oid, _ in bound], [text for _, text in bound]
        pgconn.send_query_params(statement.encode(), texts, param_types=types)
    pgconn.set_single_row_mode()


def _bind(value: Any) -> tuple[int, bytes | None]:
    """Return the type and the text of a value; for text and null the engine finds the type."""
    if value is None:
        return _UNKNOWN, None
    if isinstance(value, str):
        if "\0" in value:
            raise Refused("invalid_request", "database.params", "PostgreSQL has no text with NUL")
        return _UNKNOWN, value.encode()
    if isinstance(value, bool):
        return _BOOL, b"t" if value else b"f"
    if isinstance(value, int):
        return _INT4 if -_HIGHEST_INT4 <= value < _HIGHEST_INT4 else _INT8, b"%d" % value
    return _FLOAT8, repr(value).encode()


def _answer(
    connection: psycopg.Connection[Any], deadline: float, *, bounded: bool
) -> tuple[list[dict[str, Any]], int]:
    """Return the rows of the last statement, and how many it has changed."""
    rows: list[dict[str, Any]] = []
    affected = 0
    results = _results(connection, deadline)
    for first in results:
        ends = [first]
        sized = _rows(connection, results, ends)
        rows = collect([_name(first, at) for at in range(first.nfields)], sized, bounded=bounded)
        tag = ends[0].command_status or b""
        affected = (ends[0].command_tuples or 0) if tag.startswith(_CHANGING) else 0
    return rows, affected


def _results(connection: psycopg.Connection[Any], deadline: float) -> Iterator[PGresult]:
    """Give what comes, as it comes: a row each, and each statement's end."""
    pgconn = connection.pgconn
    while True:
        while pgconn.flush():
            _wait(pgconn.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, deadline)
            pgconn.consume_input()
        while pgconn.is_busy():
            _wait(pgconn.socket, selectors.EVENT_READ, deadline)
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            return
        if result.status not in (pq.ExecStatus.SINGLE_TUPLE, *_ENDED):
            raise _failure(result)
        yield result


def _rows(
    connection: psycopg.Connection[Any], results: Iterator[PGresult], ends: list[PGresult]
) -> Iterator[tuple[list[Any], int]]:
    """Give one statement's rows and their sizes, and leave its end in `ends`."""
    result = ends[0]
    context = _Context(_adapters(), connection)
    loaders = [_loader(result.ftype(at), context) for at in range(result.nfields)]
    while result.status == pq.ExecStatus.SINGLE_TUPLE:
        raw = [result.get_value(0, at) for at in range(len(loaders))]
        size = sum(len(data) for data in raw if data is not None)
        yield [None if d is None else load(d) for load, d in zip(loaders, raw, strict=True)], size
        result = ends[0] = next(results)


def _loader(oid: int, context: _Context) -> Callable[[bytes], Any]:
    kind = context.adapters.get_loader(oid, pq.Format.TEXT) or _Text
    return kind(oid, context).load


def _name(result: PGresult, at: int) -> str:
    return (result.fname(at) or b"").decode()


def _failure(result: PGresult) -> psycopg.Error:
    if result.status in _COPYING:
        return psycopg.NotSupportedError("COPY is not supported here; insert rows instead")
    return error_from_result(result)


def _wait(socket: int, events: int, deadline: float) -> None:
    left = None if isinf(deadline) else deadline + _GRACE - monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(socket, events)
        if (left is not None and left <= 0) or not selector.select(left):
            raise Refused("timeout", "database.time", "the server is silent")


def _stop(connection: psycopg.Connection[Any]) -> None:
    """Make the server stop and take the rest; where that fails, close the connection."""
    if connection.pgconn.transaction_status != pq.TransactionStatus.ACTIVE:
        return
    try:
        connection.cancel_safe(timeout=_GRACE)
        _drain(connection, monotonic() + _GRACE)
    except (psycopg.Error, Refused):
        connection.close()


def _drain(connection: psycopg.Connection[Any], deadline: float) -> None:
    while True:
        try:
            for _ in _results(connection, deadline):
                pass
        except psycopg.errors.QueryCanceled:
            continue
        return
