"""What SQLite lets plugins do, and how it says no (PERMISSIONS.md, database)."""

from __future__ import annotations

import re
import sqlite3
from typing import Final

from pytest_zeno.limits import MIB
from pytest_zeno.permissions.database import MOST_SQL
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.text import quoted

MOST_VALUE: Final = 4 * MIB
"""How large one text or one row may be inside the engine, which builds them before we see them."""

LIMITS: Final = {
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

_FUNCTIONS: Final = frozenset(
    re.findall(
        r"\S+",
        """
    abs changes char coalesce concat concat_ws format glob hex ifnull iif if instr
    last_insert_rowid length like likelihood likely lower ltrim max min nullif octet_length printf
    quote random randomblob replace round rtrim sign soundex substr substring total_changes trim
    typeof unhex unicode unistr unistr_quote unlikely upper zeroblob
    date time datetime julianday unixepoch strftime timediff current_date current_time
    current_timestamp
    avg count group_concat string_agg sum total median percentile percentile_cont percentile_disc
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value
    nth_value
    acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10
    log2 mod pi pow power radians sin sinh sqrt tan tanh trunc
    json jsonb json_array jsonb_array json_array_insert jsonb_array_insert json_array_length
    json_error_position json_extract jsonb_extract -> ->> json_insert jsonb_insert json_object
    jsonb_object json_patch jsonb_patch json_pretty json_remove jsonb_remove json_replace
    jsonb_replace json_set jsonb_set json_type json_valid json_quote json_group_array
    jsonb_group_array json_group_object jsonb_group_object json_each json_tree
    """,
    )
)

# ALTER TABLE is made of these; the engine lets nobody else call them.
_ALTERING: Final = ("sqlite_rename_", "sqlite_drop_column")

_SCHEMA: Final = frozenset(
    ("sqlite_master", "sqlite_schema", "sqlite_sequence", "sqlite_temp_master")
)
_VIRTUAL: Final = frozenset(
    ("bytecode", "completion", "dbstat", "fsdir", "fts3tokenize", "tables_used", "zipfile")
)


def _is_function(name: str) -> bool:
    """Return whether plugins may call a SQL function: those that only compute."""
    return name.lower() in _FUNCTIONS or name.startswith(_ALTERING)


def _is_internal(table: str) -> bool:
    """Return whether a table is the engine's own and shows more than the database holds."""
    name = table.lower()
    if name.startswith("sqlite_"):
        return name not in _SCHEMA and not name.startswith("sqlite_stat")
    return name.startswith("pragma_") or name in _VIRTUAL


def allows(action: int, first: str, second: str) -> bool:
    """Return whether plugins may do what the engine asks its authorizer about."""
    if action == sqlite3.SQLITE_FUNCTION:
        return _is_function(second)
    if action == sqlite3.SQLITE_READ:
        return not _is_internal(first)
    return action in _ALLOWED


def refusal(error: Exception) -> Refused:
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
