"""The database connections that plugins may be granted (PERMISSIONS.md, database).

A connection has a name and a `Database` behind it: SQLite by `add`, anything else by `connect`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from pytest_zeno.errors import ClosedError
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.protocol.describe import nearest
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from pytest_zeno.permissions.database import Params, Query

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)


class Database(Protocol):
    """What a connection needs: one statement at a time, and an end. Safe to use from threads."""

    def query(self, sql: str, params: Params) -> dict[str, Any]:
        """Return ``{"rows": [{column: value}], "affected": n}``. Raises Refused."""

    def close(self) -> None:
        """Let go of the connection; a second time does nothing."""


class Databases:
    """The databases behind `host_db_query`, by connection name; none at the start."""

    def __init__(self) -> None:
        self._databases: dict[str, Database] = {}
        self._closed = False

    def __repr__(self) -> str:
        return f"<Databases {', '.join(self._databases) or 'none'}>"

    def __contains__(self, name: str) -> bool:
        return name in self._databases

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._databases))

    def __len__(self) -> int:
        return len(self._databases)

    def add(
        self,
        name: str,
        *,
        script: str = "",
        readonly: bool = True,
        path: str | os.PathLike[str] = ":memory:",
    ) -> None:
        """Configure a SQLite connection, by default in memory and read-only for plugins.

        `script` is any number of statements that the host itself runs first. Raises ValueError
        for a name the contract does not know, `sqlite3.Error` for a bad script.
        """
        self._check(name)
        from pytest_zeno.services.sqlite import SQLite

        self.connect(name, SQLite(path, script=script, readonly=readonly))

    def connect(self, name: str, database: Database) -> None:
        """Configure a connection to any database; one that had the name before is closed."""
        self._check(name)
        before = self._databases.get(name)
        self._databases[name] = database
        if before is not None:
            before.close()

    def query(self, request: Query) -> dict[str, Any]:
        """Answer one statement of a guest.

        Raises Refused: ``permission_denied`` for a connection that is not configured, so that it
        looks like one that is not granted, and whatever the database says.
        """
        database = self._databases.get(request.connection)
        if database is None:
            raise self._unknown(request.connection)
        return database.query(request.sql, request.params)

    def rows(self, connection: str, sql: str, params: Params = None) -> list[dict[str, Any]]:
        """Return the rows of a statement, under the rules that a guest's has; for tests.

        Raises Refused, as a guest would see it.
        """
        database = self._databases.get(connection)
        if database is None:
            raise self._unknown(connection)
        rows: list[dict[str, Any]] = database.query(sql, params)["rows"]
        return rows

    def close(self) -> None:
        """Close every connection."""
        self._closed = True
        while self._databases:
            self._databases.popitem()[1].close()

    def _check(self, name: str) -> None:
        if self._closed:
            raise ClosedError("the databases are closed", code="closed.databases")
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} is no connection name; use 1 to 64 letters, digits, '_', '.' and '-', "
                "the first a letter, digit or '_'"
            )

    def _unknown(self, name: str) -> Refused:
        hint = nearest(name, self._databases) or "configure it with host.databases.add(...)"
        detail = f"no connection {quoted(name)} is configured; {hint}"
        return Refused("permission_denied", "database.unknown", detail, kind="database")
