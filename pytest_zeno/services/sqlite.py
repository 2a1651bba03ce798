"""A SQLite database that runs a stranger's statements (PERMISSIONS.md, database).

Each statement runs in a transaction of the host's, which ends with the call; an authorizer lets
through what the contract lists; a progress handler ends what takes too long.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing, suppress
from math import isfinite
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ClosedError
from pytest_zeno.limits import KIB, MIB
from pytest_zeno.permissions.database import MOST_SQL
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services import sql
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from pytest_zeno.permissions.database import Params

MOST_ROWS: Final = 10_000
MOST_BYTES: Final = 8 * MIB
MOST_VALUE: Final = 4 * MIB
"""How large one text or one row may be inside the engine, which builds them before we see them."""

SECONDS: Final = 1.0

_PAGES: Final = 64 * MIB // (4 * KIB)
_OVERHEAD: Final = 4
_NUMBER: Final = 8
_STEPS: Final = 1_000
"""Virtual machine steps between two looks at the clock: some 20 microseconds."""

_LIMITS: Final = {
    sqlite3.SQLITE_LIMIT_LENGTH: MOST_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: MOST_SQL,
    sqlite3.SQLITE_LIMIT_COLUMN: 500,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 500,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 500,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 250_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 100,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 1_000,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}

_READING: Final = frozenset(
    (
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    )
)
_WRITING: Final = frozenset(
    (
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_UPDATE,
        sqlite3.SQLITE_DELETE,
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_CREATE_INDEX,
        sqlite3.SQLITE_CREATE_VIEW,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_DROP_VIEW,
        sqlite3.SQLITE_ALTER_TABLE,
        sqlite3.SQLITE_REINDEX,
    )
)
_ALLOWED: Final = _READING | _WRITING

_DOWN: Final = frozenset(
    (
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PROTOCOL,
    )
)
_SLOW: Final = frozenset((sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED))
# What has no code of its own. VACUUM asks no authorizer; the transaction around it stops it.
_FORBIDDEN: Final = ("not authorized", "cannot VACUUM")
_TOO_MUCH: Final = ("too many", "Expression tree is too large", "parser stack overflow")
_BIG: Final = frozenset((sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM))


class SQLite:
    """One SQLite connection.

    Args:
        path: a file, or ``:memory:``.
        script: statements that the host runs before any plugin, with no limits.
        readonly: whether the engine refuses to write.
        seconds: how long one statement may take, waiting for its turn included.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = ":memory:",
        *,
        script: str = "",
        readonly: bool = True,
        seconds: float = SECONDS,
    ) -> None:
        self._seconds = seconds
        self._deadline = float("inf")
        self._trusted = False
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = _connect(path, seconds, readonly, script)
        try:
            self._prepare(self._connection, script, readonly, str(path) == ":memory:")
        except BaseException:
            self.close()
            raise

    def query(self, statement: str, params: Params) -> dict[str, Any]:
        """Run one statement; where two columns share a name the last one stands.

        Raises Refused: ``invalid_request`` for SQL and values that do not fit,
        ``permission_denied`` for what plugins may not do, ``limit_exceeded`` above 10,000 rows or
        8 MiB, ``timeout`` after 1 s, ``encoding`` for bytes that are no text, ``unavailable``.
        """
        values = sql.bind(statement, params)
        deadline = monotonic() + self._seconds
        if not self._lock.acquire(timeout=self._seconds):
            raise Refused("timeout", "database.time", "other statements took all the time")
        try:
            if self._connection is None:
                raise ClosedError("the database is closed", code="closed.database")
            self._deadline = deadline
            return self._transact(self._connection, statement, values)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connection; a second time does nothing."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def _prepare(
        self, connection: sqlite3.Connection, script: str, readonly: bool, in_memory: bool
    ) -> None:
        connection.text_factory = bytes
        if in_memory:
            connection.execute(f"PRAGMA max_page_count = {_PAGES}").close()
        connection.execute("PRAGMA trusted_schema = OFF").close()
        # The first look at a file: whether it is a database shows now.
        connection.execute("PRAGMA schema_version").close()
        connection.executescript(script)
        connection.commit()
        if readonly:
            connection.execute("PRAGMA query_only = ON").close()
        for limit, value in _LIMITS.items():
            connection.setlimit(limit, value)
        if sys.version_info >= (3, 12):
            connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        connection.set_authorizer(self._authorize)
        connection.set_progress_handler(self._overdue, _STEPS)

    def _transact(
        self,
        connection: sqlite3.Connection,
        statement: str,
        values: tuple[Any, ...] | dict[str, Any],
    ) -> dict[str, Any]:
        """Run a statement in a transaction that ends with it: kept when it is served whole."""
        try:
            self._own(connection, "BEGIN")
            with closing(connection.cursor()) as cursor:
                cursor.execute(statement, values)
                rows = list(_rows(cursor))
                # Before the cursor closes: SQLite commits no transaction with a statement open.
                affected = max(cursor.rowcount, 0)
            self._own(connection, "COMMIT")
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise _refusal(error) from None
        finally:
            if connection.in_transaction:
                with suppress(sqlite3.Error):
                    self._own(connection, "ROLLBACK")
        return {"rows": rows, "affected": affected}

    def _own(self, connection: sqlite3.Connection, statement: str) -> None:
        """Run a statement of the host's own, which the authorizer lets through."""
        self._trusted = True
        try:
            connection.execute(statement).close()
        finally:
            self._trusted = False

    def _authorize(
        self,
        action: int,
        first: str | None,
        second: str | None,
        _database: str | None,
        _trigger: str | None,
    ) -> int:
        if self._trusted:
            return sqlite3.SQLITE_OK
        if action not in _ALLOWED:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_FUNCTION and not sql.is_function(second or ""):
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_READ and sql.is_internal(first or ""):
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    def _overdue(self) -> int:
        return monotonic() > self._deadline


def _connect(
    path: str | os.PathLike[str], seconds: float, readonly: bool, script: str
) -> sqlite3.Connection:
    """Return a connection; a file that is only read must be there."""
    only_read = readonly and not script and str(path) != ":memory:"
    # No cached statements: a guest's COMMIT would find the host's, which nobody asks about.
    return sqlite3.connect(
        f"{Path(path).absolute().as_uri()}?mode=ro" if only_read else path,
        timeout=seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=0,
        uri=only_read,
    )


def _rows(cursor: sqlite3.Cursor) -> Iterator[dict[str, Any]]:
    """Give the rows as JSON; raises Refused above the limits."""
    names = [column[0] for column in cursor.description or ()]
    left = MOST_BYTES
    head = sum(len(name) + _OVERHEAD for name in names)
    for at, values in enumerate(cursor):
        if at == MOST_ROWS:
            raise Refused("limit_exceeded", "database.rows", f"more than {MOST_ROWS} rows")
        left -= head + sum(_size(value) for value in values)
        if left < 0:
            raise Refused("limit_exceeded", "database.size", f"more than {MOST_BYTES} bytes")
        yield {name: _json(value, name) for name, value in zip(names, values, strict=True)}


def _size(value: Any) -> int:
    return len(value) if isinstance(value, bytes) else _NUMBER


def _json(value: Any, column: str) -> Any:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            pass
    elif not isinstance(value, float) or isfinite(value):
        return value
    detail = f"the column {quoted(column)} holds what is no text and no finite number"
    raise Refused("encoding", "database.encoding", detail)


def _refusal(error: Exception) -> Refused:
    """Say no for what the engine said; its words stand in the ledger alone."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    detail = quoted(str(error))
    if code == sqlite3.SQLITE_READONLY:
        detail = f"the connection is read-only: {detail}"
        return Refused("permission_denied", "database.readonly", detail, kind="database")
    if code == sqlite3.SQLITE_AUTH or str(error).startswith(_FORBIDDEN):
        detail = f"plugins may not run this statement: {detail}"
        return Refused("permission_denied", "database.statement", detail, kind="database")
    if code in _SLOW:
        return Refused("timeout", "database.time", detail)
    if code in _BIG or str(error).startswith(_TOO_MUCH):
        return Refused("limit_exceeded", "database.size", detail)
    if code in _DOWN:
        return Refused("unavailable", "database.down", detail)
    return Refused("invalid_request", "database.sql", detail)
