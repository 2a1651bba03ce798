"""The database connections that plugins may be granted (PERMISSIONS.md, database)."""

from __future__ import annotations

import re
from contextlib import ExitStack
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol

from pytest_zeno.errors import ClosedError
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.protocol.describe import nearest
from pytest_zeno.text import quoted, visible

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from sqlalchemy.engine import Engine

    from pytest_zeno.permissions.database import Params, Query

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)


class Database(Protocol):
    """What a connection needs: one statement at a time, and an end. Safe to use from threads."""

    def query(self, sql: str, params: Params, /) -> dict[str, Any]:
        """Return ``{"rows": [{column: value}], "affected": n}`` for a plugin. Raises Refused."""

    def execute(self, sql: str, params: Params = None, /) -> list[dict[str, Any]]:
        """Run the host's own statements, under no rule; return the rows of the last one."""

    def close(self) -> None:
        """Let go of the connection, and of all that was written; again does nothing."""


class Databases:
    """The databases behind `host_db_query`, by connection name.

    Args:
        configured: URLs by name, each opened when it is first asked for. ValueError for a name
            the contract does not know.
    """

    def __init__(self, configured: Mapping[str, str] | None = None) -> None:
        self._configured = dict(configured or {})
        self._databases: dict[str, Database] = {}
        self._failed: dict[str, str] = {}
        self._closed = False
        self._lock = Lock()
        for name in self._configured:
            check_name(name)

    def __repr__(self) -> str:
        return f"<Databases {', '.join(self) or 'none'}>"

    def __contains__(self, name: str) -> bool:
        return name in self._configured or name in self._databases

    def __iter__(self) -> Iterator[str]:
        return iter({**self._configured, **self._databases})

    def __len__(self) -> int:
        return len({**self._configured, **self._databases})

    def connect(
        self,
        name: str,
        source: str | os.PathLike[str] | Engine | Database = "sqlite://",
        *,
        read_only: bool | None = None,
        script: str = "",
        keep: bool = False,
    ) -> None:
        """Configure a connection, by default to SQLite in memory, read-only for plugins.

        Args:
            name: what manifests grant and plugins ask for. The connection that had it before is
                closed, one from the ini file or the environment is not used.
            source: a URL (``sqlite:///shop.db``, ``postgresql://user@host/shop``), the path of a
                SQLite file, an SQLAlchemy engine for PostgreSQL, or any `Database`.
            read_only: whether the engine refuses what plugins write; without it the URL's
                ``?mode=rw`` or ``?mode=ro`` says so, and read-only if neither does.
            script: any number of statements that the host itself runs first.
            keep: a SQLite file is written to; without it, and in PostgreSQL always, what was
                written is gone with the host.

        Raises ValueError for a name or URL that cannot be used, ModuleNotFoundError that says
        what to install, and the engine's own error for a database that cannot be opened and for
        a bad script.
        """
        check_name(name)
        self._check_open()
        from pytest_zeno.services.database.sources import open_database

        database = open_database(source, read_only=read_only, script=script, keep=keep)
        before = self._databases.get(name)
        self._databases[name] = database
        self._failed.pop(name, None)
        if before is not None:
            before.close()

    def execute(self, name: str, sql: str, params: Params = None) -> list[dict[str, Any]]:
        """Run the test's own SQL on a connection, read-only or not; return the rows.

        Values bind by `:name` (a dict) or by `?` (a list). Without values it may be any number
        of statements. Raises KeyError for an unknown connection, and the engine's own errors.
        """
        self._check_open()
        database = self._find(name)
        if database is None:
            raise KeyError(f"no connection {name!r}: {self._hint(name)}")
        return database.execute(sql, params)

    def query(self, request: Query) -> dict[str, Any]:
        """Answer one statement of a guest.

        Raises Refused: ``permission_denied`` for a connection that is not configured, so that it
        looks like one that is not granted, ``unavailable`` for one that cannot be opened, and
        whatever the database says.
        """
        if request.connection in self._failed:
            raise Refused("unavailable", "database.down", self._failed[request.connection])
        try:
            database = self._find(request.connection)
        except Exception as error:
            detail = visible(f"{type(error).__name__}: {error}")
            self._failed[request.connection] = detail  # a server that is down keeps nobody twice
            raise Refused("unavailable", "database.down", detail) from error
        if database is None:
            detail = f"no connection {quoted(request.connection)} is configured; "
            detail += self._hint(request.connection)
            raise Refused("permission_denied", "database.unknown", detail, kind="database")
        return database.query(request.sql, request.params)

    def close(self) -> None:
        """Close every connection, also when another one cannot be closed."""
        self._closed = True
        with ExitStack() as stack:
            while self._databases:
                stack.callback(self._databases.popitem()[1].close)

    def _find(self, name: str) -> Database | None:
        """Return a connection, opened if it is configured; None when there is none."""
        with self._lock:
            if name not in self._databases and name in self._configured:
                self.connect(name, self._configured[name])
        return self._databases.get(name)

    def _hint(self, name: str) -> str:
        return nearest(name, self) or "configure it with zeno_host.db.connect(...)"

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("the databases are closed", code="closed.databases")


def check_name(name: str) -> None:
    """Raise ValueError for a name that no manifest could grant."""
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is no connection name; use 1 to 64 letters, digits, '_', '.' and '-', "
            "the first a letter, digit or '_'"
        )
