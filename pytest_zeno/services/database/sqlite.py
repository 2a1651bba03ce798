"""A SQLite database that runs a stranger's statements (PERMISSIONS.md, database).

Each statement runs in a transaction of the host's, which ends with the call; an authorizer lets
through what the contract lists; a progress handler ends what takes too long. The host works on a
copy in memory, which ends with it: nobody waits for another one's lock, and the file stays.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.limits import KIB, MIB
from pytest_zeno.services.database.sqlite_rules import LIMITS, allows, refusal
from pytest_zeno.services.database.statement import fit
from pytest_zeno.services.database.turns import Turns
from pytest_zeno.services.database.values import SECONDS, collect

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from pytest_zeno.permissions.database import Params

MEMORY: Final = ":memory:"

_PAGES: Final = 64 * MIB // (4 * KIB)
_NUMBER: Final = 8
_STEPS: Final = 1_000
"""Virtual machine steps between two looks at the clock: some 20 microseconds."""

_UNLIMITED: Final = 2**31 - 1  # SQLite takes its own maximum instead

# Texts, quoted names, comments and words come first: a placeholder in them is none.
_TOKEN: Final = re.compile(
    r"""
      ' [^']*+ '? | " [^"]*+ "? | ` [^`]*+ `? | \[ [^\]]*+ \]?
    | -- [^\n]*+
    | /\* .*? (?: \*/ | \Z )
    | [A-Za-z0-9_\x80-\U0010ffff] [A-Za-z0-9_$\x80-\U0010ffff]*+
    | : (?P<name> [A-Za-z_][A-Za-z0-9_]*+ )
    | (?P<place> \? ) (?! [0-9] )
    | (?P<other> [@$\#] | \? [0-9]++ )
    """,
    re.VERBOSE | re.DOTALL,
)


class SQLite:
    """One SQLite connection.

    Args:
        path: a file, or ``:memory:``.
        script: statements that the host runs before any plugin, with no limits.
        read_only: whether the engine refuses what plugins write.
        keep: write to the file itself, not to a copy that ends with the host.
        seconds: how long one statement of a plugin may take, waiting for its turn included.

    Raises `sqlite3.Error` for a file that is missing or no database, and for a bad script.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = MEMORY,
        *,
        script: str = "",
        read_only: bool = True,
        keep: bool = False,
        seconds: float = SECONDS,
    ) -> None:
        self._deadline = float("inf")
        self._trusted = False
        self._read_only = read_only
        in_memory = str(path) == MEMORY or not keep
        # A misspelt path is an error, where nobody writes.
        mode = "rw" if read_only and not script else "rwc"
        self._connection = _copied(path) if in_memory else _connect(path, mode, seconds)
        self._turns = Turns(seconds, self._connection.close)
        try:
            self._prepare(self._connection, in_memory)
            if script:
                self.execute(script)
        except BaseException:
            self.close()
            raise

    def query(self, statement: str, params: Params) -> dict[str, Any]:
        """Run one statement; where two columns share a name the last one stands.

        Raises Refused: ``invalid_request`` for SQL and values that do not fit,
        ``permission_denied`` for what plugins may not do, ``limit_exceeded`` above 10,000 rows or
        8 MiB, ``timeout`` after 1 s, ``encoding`` for bytes that are no text, ``unavailable``.
        """
        values = fit(statement, params, _TOKEN)
        with self._turns.guest() as self._deadline:
            try:
                rows, affected = self._transact(statement, values)
            except (sqlite3.Error, sqlite3.Warning) as error:
                raise refusal(error) from None
        return {"rows": rows, "affected": affected}

    def execute(self, statement: str, params: Params = None) -> list[dict[str, Any]]:
        """Run a statement of the host's own, or several when no values are given.

        Raises `sqlite3.Error`, and Refused for values that do not fit.
        """
        values = () if params is None else fit(statement, params, _TOKEN)
        with self._turns.host(), self._unbound():
            try:
                return self._transact(statement, values, bounded=False)[0]
            except (sqlite3.ProgrammingError, sqlite3.Warning) as error:
                if params is not None or "one statement at a time" not in str(error):
                    raise
            try:
                self._connection.executescript(statement)
            finally:
                self._roll_back()
        return []

    def close(self) -> None:
        """Close the connection; a second time does nothing."""
        self._turns.close()

    def _prepare(self, connection: sqlite3.Connection, in_memory: bool) -> None:
        connection.text_factory = bytes
        if in_memory:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages + _PAGES}").close()
        connection.execute("PRAGMA trusted_schema = OFF").close()
        # The first look at a file: whether it is a database shows now.
        connection.execute("PRAGMA schema_version").close()
        if sys.version_info >= (3, 12):
            connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        self._bind(connection, self._read_only, LIMITS)
        connection.set_authorizer(self._authorize)
        connection.set_progress_handler(self._overdue, _STEPS)

    def _bind(
        self, connection: sqlite3.Connection, read_only: bool, limits: dict[int, int]
    ) -> None:
        for limit, value in limits.items():
            connection.setlimit(limit, value)
        connection.execute(f"PRAGMA query_only = {read_only:d}").close()

    @contextmanager
    def _unbound(self) -> Iterator[None]:
        """Let the host do what plugins may not."""
        self._trusted, self._deadline = True, float("inf")
        self._bind(self._connection, False, dict.fromkeys(LIMITS, _UNLIMITED))
        try:
            yield
        finally:
            self._bind(self._connection, self._read_only, LIMITS)
            self._trusted = False

    def _transact(
        self,
        statement: str,
        values: tuple[Any, ...] | dict[str, Any],
        *,
        bounded: bool = True,
    ) -> tuple[list[dict[str, Any]], int]:
        """Run a statement in a transaction that ends with it: kept when it is served whole."""
        try:
            self._own("BEGIN")
            with closing(self._connection.cursor()) as cursor:
                cursor.execute(statement, values)
                names = [column[0] for column in cursor.description or ()]
                rows = collect(names, _sized(cursor), bounded=bounded)
                # Before the cursor closes: SQLite commits no transaction with a statement open.
                affected = max(cursor.rowcount, 0)
            self._own("COMMIT")
        finally:
            self._roll_back()
        return rows, affected

    def _roll_back(self) -> None:
        """End a transaction that was not kept."""
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._own("ROLLBACK")

    def _own(self, statement: str) -> None:
        """Run a statement of the host's own, which the authorizer lets through."""
        trusted, self._trusted = self._trusted, True
        try:
            self._connection.execute(statement).close()
        finally:
            self._trusted = trusted

    def _authorize(
        self,
        action: int,
        first: str | None,
        second: str | None,
        _database: str | None,
        _trigger: str | None,
    ) -> int:
        allowed = self._trusted or allows(action, first or "", second or "")
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    def _overdue(self) -> int:
        return monotonic() > self._deadline


def _connect(
    path: str | os.PathLike[str], mode: str, seconds: float = SECONDS
) -> sqlite3.Connection:
    """Return a connection; `mode` is SQLite's: ``ro``, ``rw`` or ``rwc``, which makes a file."""
    in_memory = str(path) == MEMORY
    # No cached statements: a guest's COMMIT would find the host's, which nobody asks about.
    return sqlite3.connect(
        MEMORY if in_memory else f"{Path(path).absolute().as_uri()}?mode={mode}",
        timeout=seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=0,
        uri=not in_memory,
    )


def _copied(path: str | os.PathLike[str]) -> sqlite3.Connection:
    """Return a database in memory, with what a file holds when one is named."""
    connection = _connect(MEMORY, "rwc")
    if str(path) != MEMORY:
        try:
            with closing(_connect(path, "ro")) as source:
                source.backup(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _sized(cursor: sqlite3.Cursor) -> Iterator[tuple[tuple[Any, ...], int]]:
    """Give each row with its size."""
    for values in cursor:
        yield values, sum(len(v) if isinstance(v, bytes) else _NUMBER for v in values)
