"""A PostgreSQL server for tests, from the programs that this machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_INITDB = ("-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale", "C", "--no-sync")
_DEBIAN = Path("/usr/lib/postgresql")


class Server:
    """A server that listens on a socket in a directory of its own.

    Attributes:
        folder: where its socket is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._schemas = count(1)

    def url(self, user: str = "zeno", **options: str) -> str:
        """Return the URL of a schema that nobody else has, for an ordinary role."""
        schema = f"s{next(self._schemas)}"
        self.ask(f"create schema {schema} authorization zeno")
        given = {"host": str(self.folder), "options": f"-csearch_path={schema}", **options}
        query = "&".join(f"{name}={value}" for name, value in given.items())
        return f"postgresql://{user}@/zeno?{query}"

    def ask(self, statement: str, database: str = "zeno") -> list[tuple[object, ...]]:
        """Run a statement as superuser, outside every transaction."""
        import psycopg

        where = f"host={self.folder} user=postgres dbname={database}"
        with psycopg.connect(where, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def sessions(self) -> int:
        """Return how many connections of the ordinary role are open."""
        ((number,),) = self.ask("select count(*) from pg_stat_activity where usename = 'zeno'")
        return int(str(number))


@contextmanager
def serving() -> Iterator[Server]:
    """Start a server; skip the test where there is none, with the reason."""
    programs = _programs()
    # In /tmp: the path of a socket has 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="zeno-pg-"))
    try:
        run = _runner(folder)
        data = str(folder / "data")
        run(programs / "initdb", "-D", data, *_INITDB)
        options = f"-F -k {folder} -c listen_addresses='' -c max_connections=20"
        start = ("-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        run(programs / "pg_ctl", *start)
        try:
            server = Server(folder)
            server.ask("create role zeno login", "postgres")
            server.ask("create database zeno owner zeno", "postgres")
            yield server
        finally:
            run(programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Return the directory of the newest PostgreSQL."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed")
    if os.name != "posix":
        pytest.skip("the PostgreSQL of tests listens on a Unix socket")
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    program = found[-1] if found else Path(shutil.which("initdb") or "initdb").resolve()
    if not program.with_name("pg_ctl").exists():
        pytest.skip("there is no PostgreSQL here: apt-get install postgresql")
    return program.parent


def _runner(folder: Path):
    """Return what runs a program as a user that the server accepts: anyone but root."""
    who = {}
    if os.geteuid() == 0:
        import pwd

        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def run(*arguments: str | Path) -> None:
        # The server inherits stdout: a pipe would stay open as long as it runs.
        with (folder / "out").open("ab") as out:
            done = subprocess.run(  # noqa: S603 (our own arguments)
                arguments, stdout=out, stderr=out, cwd=folder, check=False, **who
            )
        assert done.returncode == 0, (folder / "out").read_text("utf-8")

    return run
