"""A PostgreSQL database that runs a stranger's statements (PERMISSIONS.md, database).

All of a host's statements are one transaction, which is rolled back when the host closes; each
statement of a plugin is a savepoint in it, kept when it is served whole.
"""

from __future__ import annotations

from contextlib import suppress
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.database import wire
from pytest_zeno.services.database.postgresql_rules import (
    ENGINE_FUNCTIONS,
    TOKEN,
    check_statement,
    refusal,
)
from pytest_zeno.services.database.statement import fit
from pytest_zeno.services.database.turns import Turns
from pytest_zeno.services.database.values import SECONDS

if TYPE_CHECKING:
    import re

    from sqlalchemy.engine import Engine

    from pytest_zeno.permissions.database import Params

_CONNECT_SECONDS: Final = 5
_SESSION: Final = """
    SET LOCAL standard_conforming_strings = on; SET LOCAL client_encoding = 'UTF8';
    SET LOCAL lock_timeout = '5s'; SET LOCAL TimeZone = 'UTC';
    SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'iso_8601'
"""
_POWERS: Final = """
    select rolname::text from pg_catalog.pg_roles where (rolsuper or rolname in (
        'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program'))
    and pg_has_role(session_user, oid, 'member')
"""
_SAVE: Final = "SAVEPOINT zeno; SET LOCAL statement_timeout = {}"
_BACK: Final = "ROLLBACK TO SAVEPOINT zeno; RELEASE SAVEPOINT zeno"
# A deferred constraint is checked at the end of the call, as if that were a commit.
_KEEP: Final = (
    "SAVEPOINT zeno_check; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK TO SAVEPOINT zeno_check;"
    "RELEASE SAVEPOINT zeno"
)


def make_engine(url: str) -> Engine:
    """Return an engine for psycopg that keeps no connection. ValueError for a bad URL."""
    try:
        parsed = make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        # SQLAlchemy's words show the URL, which may hold a password.
        raise ValueError("the URL of a PostgreSQL connection cannot be read") from None
    return create_engine(
        parsed, poolclass=NullPool, connect_args={"connect_timeout": _CONNECT_SECONDS}
    )


class PostgreSQL:
    """One connection to PostgreSQL, in one transaction.

    Args:
        engine: SQLAlchemy's, with the driver psycopg.
        script: statements that the host runs before any plugin, with no limits.
        read_only: whether the engine refuses what plugins write.
        seconds: how long one statement of a plugin may take, waiting for its turn included.

    Raises ValueError for another engine, and for a role that may read files or run programs;
    `sqlalchemy.exc.SQLAlchemyError` for a server that cannot be reached, `psycopg.Error` for a
    bad script.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        script: str = "",
        read_only: bool = True,
        seconds: float = SECONDS,
    ) -> None:
        _check_engine(engine)
        self._read_only = read_only
        # An engine that commits each statement by itself would keep what is written.
        self._owner = engine.connect().execution_options(isolation_level="READ COMMITTED")
        self._turns = Turns(seconds, self._end)
        try:
            self._owner.exec_driver_sql(_SESSION)
            self._connection = self._driver()
            _check_powers([row["rolname"] for row in self._ask(_POWERS)])
            self._risky = {row["name"]: row["one"] for row in self._ask(ENGINE_FUNCTIONS)}
            if script:
                self.execute(script)
        except BaseException:
            self.close()
            raise

    def query(self, statement: str, params: Params) -> dict[str, Any]:
        """Run one statement; of columns that share a name the last one stands.

        Raises Refused, as `services.database.sqlite.SQLite.query` does.
        """
        values = fit(statement, params, TOKEN)
        check_statement(statement, self._risky)
        with self._turns.guest() as deadline:
            try:
                rows, affected = self._transact(*_numbered(statement, values), deadline)
            except psycopg.Error as error:
                raise refusal(error) from None
        return {"rows": rows, "affected": affected}

    def execute(self, statement: str, params: Params = None) -> list[dict[str, Any]]:
        """Run a statement of the host's own, or several when no values are given.

        Raises `psycopg.Error`, and Refused for values that do not fit.
        """
        values: list[Any] | None = None
        if params is not None:
            statement, values = _numbered(statement, fit(statement, params, TOKEN))
        with self._turns.host():
            return self._saved(statement, values, inf, _SAVE.format(0), _KEEP)[0]

    def close(self) -> None:
        """Roll everything back and let go of the connection; a second time does nothing."""
        self._turns.close()

    def _end(self) -> None:
        try:
            with suppress(SQLAlchemyError):  # of a server that is gone
                self._owner.rollback()
        finally:
            self._owner.close()

    def _driver(self) -> psycopg.Connection[Any]:
        connection = self._owner.connection.driver_connection
        if not isinstance(connection, psycopg.Connection):
            raise TypeError(f"expected a connection of psycopg, not {connection!r}")
        return connection

    def _ask(self, statement: str) -> list[dict[str, Any]]:
        return wire.run(self._connection, statement, None, inf)[0]

    def _transact(
        self, statement: str, values: list[Any], deadline: float
    ) -> tuple[list[dict[str, Any]], int]:
        milliseconds = max(1, int((deadline - monotonic()) * 1000))
        save = _SAVE.format(milliseconds)
        if self._read_only:
            # In a savepoint, nothing but the savepoint's end makes it writable again.
            return self._saved(
                statement, values, deadline, f"{save}; SET LOCAL transaction_read_only = on", _BACK
            )
        return self._saved(statement, values, deadline, save, _KEEP)

    def _saved(
        self, statement: str, values: list[Any] | None, deadline: float, save: str, keep: str
    ) -> tuple[list[dict[str, Any]], int]:
        """Run a statement between a savepoint and its end; what fails is undone."""
        self._check_transaction()
        wire.command(self._connection, save)
        try:
            answer = wire.run(self._connection, statement, values, deadline)
            self._check_transaction()
            wire.command(self._connection, keep)
        except BaseException:
            with suppress(psycopg.Error):
                wire.command(self._connection, _BACK)
            raise
        return answer

    def _check_transaction(self) -> None:
        """Never go on outside the transaction: what is written there would stay."""
        status = self._connection.pgconn.transaction_status
        if status not in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
            self._connection.close()
            detail = "the connection was lost, or a COMMIT or ROLLBACK of the test's own ended it"
            raise Refused("unavailable", "database.down", detail)


def _check_engine(engine: Engine) -> None:
    if (engine.dialect.name, engine.dialect.driver) != ("postgresql", "psycopg"):
        raise ValueError(
            f"an engine for {engine.dialect.name}+{engine.dialect.driver}, expected "
            "postgresql+psycopg; for SQLite give the file's path"
        )


def _check_powers(roles: list[str]) -> None:
    if roles:
        raise ValueError(
            f"the connection has the rights of {', '.join(roles)}, so that SQL reaches files and "
            "programs of the server; connect as an ordinary role: CREATE ROLE zeno LOGIN "
            "PASSWORD '...'; CREATE DATABASE zeno OWNER zeno"
        )


def _numbered(statement: str, values: tuple[Any, ...] | dict[str, Any]) -> tuple[str, list[Any]]:
    """Return the statement with `$1`, `$2`... for its placeholders, and the values in order."""
    if not isinstance(values, dict):
        places = iter(range(1, len(values) + 1))
        return TOKEN.sub(lambda m: f"${next(places)}" if m["place"] else m[0], statement), [*values]
    numbers = {name: f"${at}" for at, name in enumerate(values, 1)}

    def number(match: re.Match[str]) -> str:
        return numbers[match["name"]] if match["name"] else match[0]

    return TOKEN.sub(number, statement), [*values.values()]
