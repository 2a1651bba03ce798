"""SQLite: what its statements may do, its values, limits and files."""

from __future__ import annotations

import sqlite3
import threading
import time

import pytest

from pytest_zeno.errors import ClosedError
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.database.sqlite import SQLite

from .statements import refused, rows

USERS = """
    create table users(id integer primary key, name, pw);
    insert into users values (1, 'ann', 'x'), (2, 'bob', 'y');
"""


@pytest.fixture(autouse=True)
def users(databases):
    """Two connections with the same table: one to write, one to read."""
    databases.connect("default", script=USERS, read_only=False)
    databases.connect("ro", script=USERS)


# -- what a statement may do -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "create table t(a)",
        "alter table users add column more",
        "alter table users rename to people",
        "alter table users rename column pw to secret",
        "alter table users drop column pw",
        "create index i on users(name)",
        "create view v as select name from users",
        "insert into users(id) values (1) on conflict(id) do update set name = 'x'",
        "insert into users(name) values ('x') returning id",
        "delete from users",
    ],
)
def test_what_a_writable_connection_allows(databases, sql):
    """Ordinary data and schema statements run, and a read-only connection refuses them all."""
    rows(databases, "default", sql)
    refusal = refused(databases, sql, connection="ro")
    assert (refusal.code, refusal.rule) == ("permission_denied", "database.readonly")


@pytest.mark.parametrize(
    "sql",
    [
        "with c(x) as (select 1) select x from c",
        "select row_number() over (order by id) from users",
        "select value from json_each('[1]')",
        "select '{}' ->> '$.a'",
        "select upper(name), date('now'), printf('%d', id) from users",
        "select name from sqlite_schema",
    ],
)
def test_what_only_computes_is_allowed(databases, sql):
    """Common table expressions, window functions, JSON and the schema are there for readers."""
    assert rows(databases, "ro", sql)


@pytest.mark.parametrize(
    "sql",
    [
        "begin",
        "commit",
        "COMMIT",
        "rollback",
        "ROLLBACK",
        "end",
        "release x",
        "vacuum",
        "analyze",
        "create trigger t after insert on users begin select 1; end",
        "create virtual table f using fts5(x)",
        "create temp table t(a)",
        "create temp view v as select 1",
        "select sqlite_version()",
        "select load_extension('x')",
        "select * from pragma_table_info('users')",
    ],
)
def test_what_no_connection_allows(databases, sql):
    """What leaves the database, outlives the call or runs other code is refused.

    Also after the host's own COMMIT and ROLLBACK, which say the same.
    """
    rows(databases, "default", "select 1")
    for _ in range(2):
        refusal = refused(databases, sql)
        assert (refusal.code, refusal.rule) == ("permission_denied", "database.statement")


def test_a_trigger_of_the_host_fires(databases):
    """What the script set up works; plugins may just not add to it."""
    databases.connect(
        "log",
        read_only=False,
        script="create table a(x); create table b(x);"
        "create trigger t after insert on a begin insert into b values (upper(new.x)); end;",
    )
    rows(databases, "log", "insert into a values ('x')")
    assert rows(databases, "log", "select x from b") == [{"x": "X"}]


def test_a_refused_statement_changes_nothing(databases):
    """Rows that were written before a limit was hit are gone again."""
    sql = (
        "with recursive c(x) as (select 10 union all select x + 1 from c where x < 20000) "
        "insert into users(id) select x from c returning id"
    )
    assert refused(databases, sql).rule == "database.rows"
    assert rows(databases, "default", "select count(*) n from users") == [{"n": 2}]


def test_the_schema_cannot_be_written(databases):
    """The schema table is nobody's to change."""
    refusal = refused(databases, "delete from sqlite_schema")
    assert refusal.code == "invalid_request"


# -- values in and out -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "params", "row"),
    [
        ("select :a v, :A w", {"a": 1, "A": 2}, {"v": 1, "w": 2}),
        ("select :a v, :a w", {"a": 1}, {"v": 1, "w": 1}),
        ("select ? v, ? w", [None, -(2**63)], {"v": None, "w": -(2**63)}),
        ("select ? v, ? w", [True, 1.5], {"v": 1, "w": 1.5}),
        ("select ? v", ["grüß\0"], {"v": "grüß\0"}),
        ("select ':a' v, '?' w", None, {"v": ":a", "w": "?"}),
        ("select 1 v -- :a ?", {}, {"v": 1}),
        ("select /* :a ? */ 1 v", [], {"v": 1}),
        ('select 1 ":a", 2 [?], 3 `$`', None, {":a": 1, "?": 2, "$": 3}),
        ("select 'it''s :a' v", None, {"v": "it's :a"}),
        ("select cast(x'616263' as blob) v", None, {"v": "abc"}),
    ],
)
def test_values_keep_their_meaning(databases, sql, params, row):
    """Placeholders take values by name or place; in texts, names and comments there are none."""
    assert rows(databases, "default", sql, params) == [row]


@pytest.mark.parametrize(
    ("sql", "params", "rule"),
    [
        ("select ?", [], "database.arity"),
        ("select ?", [1, 2], "database.arity"),
        ("select ?", None, "database.arity"),
        ("select ?", {"a": 1}, "database.arity"),
        ("select :a", [1], "database.arity"),
        ("select :a", None, "database.arity"),
        ("select :a", {"a": 1, "b": 2}, "database.arity"),
        ("select 1", {"a": 1}, "database.arity"),
        ("select :a, ?", [1, 2], "database.placeholder"),
        ("select ?1", [1], "database.placeholder"),
        ("select $a", {"a": 1}, "database.placeholder"),
        ("select @a", {"a": 1}, "database.placeholder"),
        ("select :a", {"a": [1]}, "database.params"),
        ("select ?", [float("inf")], "database.params"),
        ("select ?", [2**63], "database.params"),
        ("select ?", ["\ud800"], "database.params"),
        ("select 1", 5, "database.params"),
        ("select '\ud800'", None, "database.sql"),
        ("select '\0'", None, "database.sql"),
        ("select nonsense", None, "database.sql"),
        ("insert into users(id) values (1)", None, "database.sql"),
    ],
)
def test_what_does_not_fit_is_an_invalid_request(databases, sql, params, rule):
    """Too many, too few, other placeholders, other types and bad SQL are the request's fault."""
    refusal = refused(databases, sql, params)
    assert (refusal.code, refusal.rule) == ("invalid_request", rule)


@pytest.mark.parametrize("value", ["x'ff'", "cast(x'eda080' as text)", "9e999"])
def test_what_is_no_text_and_no_number_is_refused(databases, value):
    """Bytes that are not UTF-8 and infinity are never repaired."""
    refusal = refused(databases, f"select {value} v")
    assert (refusal.code, refusal.rule) == ("encoding", "database.encoding")


# -- limits ----------------------------------------------------------------------------------------


def test_ten_thousand_rows_pass(databases):
    """The limit itself is allowed."""
    sql = (
        "with recursive c(x) as (select 1 union all select x + 1 from c where x < :n) "
        "select x from c"
    )
    assert len(rows(databases, "ro", sql, {"n": 10_000})) == 10_000
    assert refused(databases, sql, {"n": 10_001}).rule == "database.rows"


def test_eight_mebibytes_of_rows(databases):
    """Many large rows are refused before they pile up."""
    refusal = refused(databases, "select printf('%.*c', 3000000, 'a') from users, users b")
    assert (refusal.code, refusal.rule) == ("limit_exceeded", "database.size")


def test_a_database_in_memory_has_an_end(databases):
    """A guest cannot fill the host's memory; what was too much is undone."""
    sql = "insert into users(name) select randomblob(3000000) from users, users b, users c, users d"
    refusal = refused(databases, sql + ", users e")
    assert (refusal.code, refusal.rule) == ("limit_exceeded", "database.size")
    assert rows(databases, "default", "select count(*) n from users") == [{"n": 2}]


ENDLESS = "with recursive c(x) as (select 1 union all select x + 1 from c) select max(x) from c"


def test_waiting_for_a_turn_counts():
    """A statement that waits for another one's end does not wait for ever."""
    database = SQLite(seconds=0.1)
    refusals = []

    def ask():
        try:
            database.query(ENDLESS, None)
        except Refused as refusal:
            refusals.append(refusal.code)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    before = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    assert refusals == ["timeout"] * 3
    assert time.monotonic() - before < 0.5


def test_after_a_timeout_the_connection_serves_on():
    """An interrupted statement leaves no transaction and no clock behind."""
    database = SQLite(script="create table t(a)", read_only=False, seconds=0.05)
    with pytest.raises(Refused):
        database.query(f"insert into t {ENDLESS}", None)
    assert database.query("select count(*) n from t", None)["rows"] == [{"n": 0}]
    database.close()


# -- files -----------------------------------------------------------------------------------------


def test_a_file_keeps_what_was_written(tmp_path):
    """A database in a file is there for the next host, and closed files can be removed."""
    path = tmp_path / "shop.db"
    database = SQLite(path, script=USERS, read_only=False, keep=True)
    database.query("insert into users(name) values ('eve')", None)
    database.close()
    database.close()
    again = SQLite(path)
    assert again.query("select count(*) n from users", None)["rows"] == [{"n": 3}]
    again.close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["shop.db"]


def test_a_closed_database_says_so():
    """A query after the end is a mistake of the host, not of the guest."""
    database = SQLite()
    database.close()
    with pytest.raises(ClosedError):
        database.query("select 1", None)


def test_a_locked_file_is_a_timeout(tmp_path):
    """A database that another process holds does not hold the host."""
    path = tmp_path / "shop.db"
    database = SQLite(path, script=USERS, read_only=False, keep=True, seconds=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin exclusive")
    with pytest.raises(Refused) as refusal:
        database.query("insert into users(name) values ('eve')", None)
    other.close()
    database.close()
    assert refusal.value.code == "timeout"


def test_a_file_is_left_as_it_was(tmp_path):
    """Unless it is to be kept, a plugin and the host work on a copy in memory."""
    path = tmp_path / "shop.db"
    SQLite(path, script=USERS, keep=True).close()
    before = path.read_bytes()
    database = SQLite(path, script="delete from users where id = 1", read_only=False)
    database.query("insert into users(name) values ('eve')", None)
    assert database.query("select id from users", None)["rows"] == [{"id": 2}, {"id": 3}]
    database.close()
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["shop.db"]


def test_a_file_that_is_kept_may_be_read_only_for_plugins(tmp_path):
    """Only its script writes."""
    path = tmp_path / "shop.db"
    SQLite(path, script=USERS, keep=True).close()
    database = SQLite(path, keep=True)
    with pytest.raises(Refused) as refusal:
        database.query("delete from users", None)
    database.close()
    assert refusal.value.rule == "database.readonly"


def test_a_missing_file_is_not_made_to_be_read(tmp_path):
    """A misspelt path is an error, not an empty database."""
    with pytest.raises(sqlite3.OperationalError):
        SQLite(tmp_path / "shpo.db")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_shows_at_once(tmp_path):
    """Nobody waits for the first query to learn it."""
    path = tmp_path / "text.db"
    path.write_text("no database at all, just some text that is long enough to be read" * 20)
    with pytest.raises(sqlite3.DatabaseError):
        SQLite(path)
