"""What PostgreSQL lets plugins do, and how it says no (PERMISSIONS.md, database).

PostgreSQL asks nobody before it runs a statement, so a plugin's statement is read first: a strict
subset of its tokens, one kind of statement out of a list, no name of the engine's own. Behind
that stand the engine's rights: a plugin never gets those of a superuser, and read-only is a
transaction that no statement makes writable again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from pytest_zeno.permissions.refusal import Code, Refused
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN: Final = re.compile(
    r"""
      (?P<escaped> [eE] ' | [uU] & ['"] )
    | ' (?: [^'] | '' )*+ '
    | " (?P<quoted> (?: [^"] | "" )*+ ) "
    | -- [^\n\r]*+
    | /\* (?: (?! /\* | \*/ ) . )*+ \*/
    | (?P<word> [A-Za-z_\x80-\U0010ffff] [A-Za-z0-9_$\x80-\U0010ffff]*+ )
    | [0-9] [A-Za-z0-9_.\x80-\U0010ffff]*+
    | :: | :=
    | : (?P<name> [A-Za-z_][A-Za-z0-9_]*+ )
    | (?P<place> \? )
    | (?P<mark> [().;\]] )
    | (?P<other> \$ [0-9]++ )
    | (?P<broken> ['"$\\] | /\* )
    """,
    re.VERBOSE | re.DOTALL,
)
"""Where both read alike: no E'' and U&'' texts, no $$ texts, no comment within a comment."""

_KINDS: Final = re.compile(
    r"(?:select|with|values|table|insert|update|delete|merge"
    r"|create (?:unique )?index|create (?:unlogged )?table|create (?:or replace )?view"
    r"|drop (?:table|index|view)|alter table)\b"
)

ENGINE_FUNCTIONS: Final = """
    select proname::text as name, bool_or(1 between pronargs - pronargdefaults and pronargs) as one
    from pg_catalog.pg_proc p where provolatile <> 'i' and (
        pronamespace = 'pg_catalog'::regnamespace or exists (
            select from pg_catalog.pg_depend
            where classid = 'pg_proc'::regclass and objid = p.oid and deptype = 'e'))
    group by proname
"""
"""Functions of the engine and its extensions that do more than compute from their arguments, and
whether they take one argument: `x.name` calls those, too."""

_ALLOWED: Final = frozenset(
    re.findall(
        r"\S+",
        """
    abs age array_to_json array_to_string bernoulli clock_timestamp concat concat_ws convert
    convert_from convert_to currval date date_part date_trunc enum_first enum_last enum_range
    extract format gen_random_uuid generate_series json_agg json_agg_strict json_build_array
    json_build_object json_object_agg json_object_agg_strict json_object_agg_unique
    json_object_agg_unique_strict json_populate_record json_populate_recordset json_to_record
    json_to_recordset jsonb_agg jsonb_agg_strict jsonb_build_array jsonb_build_object
    jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique
    jsonb_object_agg_unique_strict jsonb_path_exists_tz jsonb_path_match_tz
    jsonb_path_query_array_tz jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record
    jsonb_populate_recordset jsonb_to_record jsonb_to_recordset lastval length make_timestamptz
    max min money nextval now numeric overlaps phraseto_tsquery plainto_tsquery quote_literal
    quote_nullable random random_normal row_to_json setval statement_timestamp string_agg system
    time timestamp timestamptz timetz timezone to_char to_date to_json to_jsonb to_number
    to_timestamp to_tsquery to_tsvector transaction_timestamp ts_headline uuid_generate_v4 uuidv4
    uuidv7 websearch_to_tsquery
    """,
    )
)

_WHO: Final = frozenset(
    {
        *("current_catalog", "current_role", "current_schema", "current_user"),
        *("session_user", "system_user", "user"),
    }
)
"""Functions without parentheses that name what the connection is."""


_OPTIONS: Final = frozenset(
    {
        *("foreign_data_wrapper_options", "foreign_server_options"),
        *("foreign_table_options", "user_mapping_options"),
    }
)
"""What the information schema says of other servers, passwords included."""


class Name(NamedTuple):
    """A word, a quoted name or a mark of a statement."""

    text: str
    bare: bool


_NONE: Final = Name("", bare=False)


def check_statement(sql: str, risky: Mapping[str, bool]) -> None:
    """Let through what plugins may run; `risky` are the functions of `ENGINE_FUNCTIONS`.

    Raises Refused: ``permission_denied`` and ``invalid_request``.
    """
    names = [_NONE, *_names(sql), _NONE]
    for at in range(1, len(names) - 1):
        _check_name(names[at - 1], names[at], names[at + 1], risky)
    words = [name.text for name in names if name.bare]
    if words and not _KINDS.match(" ".join(words[:4])):
        _deny(f"the statement begins with {quoted(words[0])}")


def _names(sql: str) -> list[Name]:
    """Return what a statement is made of, but operators, texts and comments."""
    names: list[Name] = []
    for match in TOKEN.finditer(sql):
        broken = match["broken"] or match["escaped"]
        if broken:
            detail = f"{quoted(broken)}: write texts as '...', or better as a parameter"
            raise Refused("invalid_request", "database.sql", detail)
        if names and names[-1] == (";", False) and (match["mark"] or match["word"]):
            raise Refused("invalid_request", "database.sql", "more than one statement")
        if match["word"]:
            names.append(Name(match["word"].lower(), bare=True))
        elif match["quoted"] is not None:
            names.append(Name(match["quoted"].replace('""', '"'), bare=False))
        elif match["mark"]:
            names.append(Name(match["mark"], bare=False))
    return names


def _check_name(last: Name, name: Name, behind: Name, risky: Mapping[str, bool]) -> None:
    """Check a name that stands between two others."""
    if name.text.lower().startswith(("pg_", "_pg_")) or name.text in _OPTIONS:
        _deny(f"{quoted(name.text)} is the engine's own")
    called = behind.text == "(" or (last.text == "." and risky.get(name.text))
    if called and name.text in risky and name.text not in _ALLOWED:
        _deny(f"the function {quoted(name.text)} does more than compute")
    if name.bare and name.text in _WHO and last.text not in {".", "as"}:
        _deny(f"{quoted(name.text)} tells who asks")


def _deny(detail: str) -> NoReturn:
    raise Refused("permission_denied", "database.statement", detail, kind="database")


_CODES: Final[dict[str, tuple[Code, str]]] = {
    "25006": ("permission_denied", "database.readonly"),
    "25": ("permission_denied", "database.statement"),
    "2D": ("permission_denied", "database.statement"),
    "42501": ("permission_denied", "database.statement"),
    "57014": ("timeout", "database.time"),
    "55P03": ("timeout", "database.time"),
    "40": ("timeout", "database.time"),
    "53": ("limit_exceeded", "database.size"),
    "54": ("limit_exceeded", "database.size"),
    "08": ("unavailable", "database.down"),
    "57": ("unavailable", "database.down"),
    "58": ("unavailable", "database.down"),
    "XX": ("unavailable", "database.down"),
}
"""What an SQLSTATE, or else its class, is to a plugin; any other is the request's fault."""


_FAULT: Final[tuple[Code, str]] = ("invalid_request", "database.sql")


def refusal(error: Any) -> Refused:
    """Say no for what the engine said, a `psycopg.Error`; its words stand in the ledger alone."""
    state = error.sqlstate or "08"
    code, rule = _CODES.get(state) or _CODES.get(state[:2]) or _FAULT
    kind = "database" if code == "permission_denied" else ""
    return Refused(code, rule, quoted(f"{state} {error}"), kind=kind)
