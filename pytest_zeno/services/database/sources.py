"""What a connection may be made of: a URL, a file, an engine, or a database of one's own."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from pytest_zeno.services.database.connections import Database

_URL: Final = re.compile(r"(?P<backend>[a-z0-9]+)(?:\+(?P<driver>[a-z0-9_]+))?://", re.IGNORECASE)
_MODES: Final = {"rw": False, "ro": True}
_KNOWN: Final = (
    "expected sqlite:///FILE, sqlite:// (in memory) or postgresql://USER:PASSWORD@HOST/DATABASE; "
    "no other engine can be held to the contract, a `Database` of your own stands for it"
)


def open_database(
    source: str | os.PathLike[str] | Engine | Database,
    *,
    read_only: bool | None,
    script: str,
    keep: bool,
) -> Database:
    """Return an open database; `Databases.connect` says what the arguments mean and raises."""
    if isinstance(source, str):
        url, mode = _split_mode(source)
        backend = _backend(url)
        given = mode if read_only is None else read_only
        if backend == "sqlite":
            return _sqlite(_path(url), read_only=given, script=script, keep=keep)
        return _postgresql(url, read_only=given, script=script, keep=keep)
    given = read_only is not False
    if isinstance(source, os.PathLike):
        return _sqlite(source, read_only=given, script=script, keep=keep)
    if hasattr(source, "dialect"):
        return _postgresql(source, read_only=given, script=script, keep=keep)
    if read_only is not None or script:
        raise ValueError("a Database of your own takes neither read_only nor script")
    return source


def check_url(url: str) -> None:
    """Raise ValueError for a URL that names no database of a known kind; nothing is opened."""
    _backend(_split_mode(url)[0])


def masked(url: str) -> str:
    """Return a URL without what may be secret: who asks, and options."""
    match = _URL.match(url)
    scheme = match[0] if match else ""
    _, at, place = url[len(scheme) :].rpartition("@")
    place, mark, _ = place.partition("?")
    return scheme + (at and "***@") + place + (mark and "?***")


def _split_mode(url: str) -> tuple[str, bool]:
    """Return a URL without its `mode`, and whether that means read-only."""
    head, mark, query = url.partition("?")
    options = parse_qsl(query, keep_blank_values=True)
    modes = [value for name, value in options if name == "mode"] or ["ro"]
    if not _MODES.keys() >= set(modes):
        raise ValueError(f"{masked(url)}: mode is {modes[-1]!r}, expected ro or rw")
    rest = urlencode([option for option in options if option[0] != "mode"])
    return head + (mark and rest and f"?{rest}"), _MODES[modes[-1]]


def _backend(url: str) -> str:
    match = _URL.match(url)
    backend = match["backend"].lower() if match else ""
    if match is None or backend not in ("sqlite", "postgresql", "postgres"):
        raise ValueError(f"{masked(url)!r} is no URL of a database that is known; {_KNOWN}")
    if match["driver"] not in (None, "pysqlite" if backend == "sqlite" else "psycopg"):
        raise ValueError(
            f"{masked(url)!r}: the driver {match['driver']!r} is none of ours; drop it"
        )
    return backend


def _path(url: str) -> str:
    """Return the file that a SQLite URL names: behind its third slash, as SQLAlchemy has it."""
    rest = url.partition("://")[2]
    if rest and not rest.startswith("/"):
        raise ValueError(f"{masked(url)!r}: write sqlite:///relative or sqlite:////absolute")
    if "?" in rest:
        raise ValueError(f"{masked(url)!r}: a SQLite URL takes no option but mode")
    return rest[1:] or ":memory:"


def _sqlite(path: str | os.PathLike[str], **options: Any) -> Database:
    from pytest_zeno.services.database.sqlite import SQLite

    return SQLite(path, **options)


def _postgresql(source: Any, *, keep: bool, **options: Any) -> Database:
    if keep:
        raise ValueError("keep=True is for SQLite files; PostgreSQL is always rolled back")
    try:
        import psycopg  # noqa: F401 (whether it is there)
        import sqlalchemy  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"PostgreSQL needs {error.name}: pip install 'pytest-zeno[postgresql]'",
            name=error.name,
        ) from None
    from pytest_zeno.services.database.postgresql import PostgreSQL, make_engine

    if isinstance(source, str):
        return PostgreSQL(make_engine(source), **options)
    return PostgreSQL(source, **options)
