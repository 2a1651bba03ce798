"""What a statement may say, whatever database runs it (PERMISSIONS.md, database)."""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NoReturn

from pytest_zeno.permissions.database import MOST_SQL
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.protocol.describe import nearest, shown
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from pytest_zeno.permissions.database import Params

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1

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


def is_function(name: str) -> bool:
    """Return whether plugins may call a SQL function: those that only compute."""
    return name.lower() in _FUNCTIONS or name.startswith(_ALTERING)


def is_internal(table: str) -> bool:
    """Return whether a table is the engine's own and shows more than the database holds."""
    name = table.lower()
    if name.startswith("sqlite_"):
        return name not in _SCHEMA and not name.startswith("sqlite_stat")
    return name.startswith("pragma_") or name in _VIRTUAL


def bind(sql: str, params: Params) -> tuple[Any, ...] | dict[str, Any]:
    """Return the values in the form that the placeholders of `sql` take.

    Raises Refused: ``limit_exceeded`` for too long a statement, ``invalid_request`` for NUL in
    it, other placeholders than ``:name`` and ``?``, both of them, values of other types, and too
    many or too few.
    """
    _check_sql(sql)
    names, places = _placeholders(sql)
    if names and places:
        _refuse("database.placeholder", "the statement mixes `:name` and `?`")
    if isinstance(params, dict):
        return _by_name(params, names, places)
    if not isinstance(params, list | None):
        _refuse("database.params", f"`params` is {shown(params)}, expected an object or an array")
    return _by_place(params or [], names, places)


def _check_sql(sql: str) -> None:
    try:
        size = len(sql.encode())
    except UnicodeEncodeError:
        _refuse("database.sql", "the statement holds half a surrogate pair")
    if size > MOST_SQL:
        detail = f"the statement has {size} bytes, the limit is {MOST_SQL}"
        raise Refused("limit_exceeded", "database.size", detail)
    if "\0" in sql:
        _refuse("database.sql", "the statement holds a NUL")


def _placeholders(sql: str) -> tuple[frozenset[str], int]:
    names, places = set(), 0
    for match in _TOKEN.finditer(sql):
        if match["name"]:
            names.add(match["name"])
        elif match["place"]:
            places += 1
        elif match["other"]:
            detail = f"the placeholder {quoted(match['other'])} is neither `:name` nor `?`"
            _refuse("database.placeholder", detail)
    return frozenset(names), places


def _by_name(params: dict[str, Any], names: frozenset[str], places: int) -> dict[str, Any]:
    if places:
        _refuse("database.arity", "`params` is an object, but the statement has `?`")
    for name in names:
        if name not in params:
            hint = nearest(name, params)
            _refuse("database.arity", f"`params` lacks {quoted(name)}" + (hint and f"; {hint}"))
    for name, value in params.items():
        if name not in names:
            hint = nearest(name, names)
            detail = f"the statement has no {quoted(':' + name)}" + (hint and f"; {hint}")
            _refuse("database.arity", detail)
        _check(value, quoted(name))
    return params


def _by_place(params: list[Any], names: frozenset[str], places: int) -> tuple[Any, ...]:
    if names:
        _refuse("database.arity", f"the statement has `:{min(names)}`; `params` is no object")
    if len(params) != places:
        _refuse("database.arity", f"{len(params)} values for {places} `?`")
    for at, value in enumerate(params):
        _check(value, f"value {at + 1}")
    return tuple(params)


def _check(value: Any, where: str) -> None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            _refuse("database.params", f"{where} holds half a surrogate pair")
    elif isinstance(value, float):
        if not isfinite(value):
            _refuse("database.params", f"{where} is {value}; numbers are finite")
    elif isinstance(value, int):
        if not _LOWEST <= value <= _HIGHEST:
            _refuse("database.params", f"{where} is {value:.6g}, beyond 64 bits")
    elif value is not None:
        detail = f"{where} is {shown(value)}, expected null, a boolean, a number or text"
        _refuse("database.params", detail)


def _refuse(rule: str, detail: str) -> NoReturn:
    raise Refused("invalid_request", rule, detail)
