"""Connections by name; a statement of a guest runs under the contract's rules and no others."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from pytest_zeno.errors import ClosedError
from pytest_zeno.permissions.database import Query
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.database import Databases
from pytest_zeno.services.sqlite import SQLite

USERS = """
    create table users(id integer primary key, name, pw);
    insert into users values (1, 'ann', 'x'), (2, 'bob', 'y');
"""
SECRETS = "create table secrets(v); insert into secrets values ('TOPSECRET');"

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data/database.jsonl").read_text("utf-8").splitlines()
]
# What a manifest may grant and whether a request is well formed is decided before.
EXECUTED = [
    case
    for case in CASES
    if case["expect"] != "reject_manifest" and case["request"]["connection"] in case["grants"]
]

CODES = {
    "deny_sql": {"permission_denied"},
    "invalid": {"invalid_request"},
    "limit": {"limit_exceeded"},
    "timeout": {"timeout"},
    "encoding": {"encoding"},
    "error": {"permission_denied", "invalid_request", "unavailable", "internal"},
}


@pytest.fixture
def databases():
    """Two connections with the same table: one to write, one to read."""
    databases = Databases()
    databases.add("default", script=USERS, readonly=False)
    databases.add("ro", script=USERS)
    yield databases
    databases.close()


def refused(databases, sql, params=None, connection="default"):
    """Return how a statement is refused."""
    with pytest.raises(Refused) as refusal:
        databases.rows(connection, sql, params)
    return refusal.value


def query(connection, sql, params=None):
    """Return a request as the gate hands it on."""
    return Query(connection, sql, params)


# -- the attack corpus -----------------------------------------------------------------------------


@pytest.mark.parametrize("case", EXECUTED, ids=lambda case: case["id"])
def test_attack(case):
    """Each recorded attack ends as demanded, in time, and leaves nothing behind."""
    databases = Databases()
    for name, kind in case["connections"].items():
        script = SECRETS if kind.get("seed") == "secrets" else USERS
        databases.add(name, script=script, readonly=kind["mode"] == "ro")
    before = time.monotonic()
    outcome, detail, rows = attack(databases, case["request"])
    assert outcome & {case["expect"], *case.get("also", ())}, detail
    assert rows == case.get("rows", rows)
    assert time.monotonic() - before < case.get("max_wall_s", 1)
    assert not Path(case.get("must_not_exist", "/nowhere")).exists()
    if "check_after" in case:
        sql, count = case["check_after"]
        assert databases.rows(case["request"]["connection"], sql) == [{"count(*)": count}]
    databases.close()


def attack(databases, request):
    """Return the names of what came out, the reason, and the rows."""
    sql = request.get("sql")
    if "sql_repeat" in request:
        head, unit, times, tail = request["sql_repeat"]
        sql = head + unit * times + tail
    try:
        reply = databases.query(query(request["connection"], sql, request.get("params")))
    except Refused as refusal:
        names = {name for name, codes in CODES.items() if refusal.code in codes}
        return names, f"{refusal.code} {refusal.rule} {refusal.detail}", None
    return {"ok", "rows"}, str(reply)[:200], reply["rows"]


def test_the_corpus_is_there():
    """A missing or empty corpus would prove nothing."""
    assert len(EXECUTED) > 40


# -- connections -----------------------------------------------------------------------------------


def test_a_query_answers_rows_and_the_number_of_changes(databases):
    """Rows are objects by column; `affected` counts changed rows, none for a read."""
    read = databases.query(query("default", "select id, name from users where id = :id", {"id": 2}))
    assert read == {"rows": [{"id": 2, "name": "bob"}], "affected": 0}
    written = databases.query(query("default", "update users set pw = ?", ["z"]))
    assert written == {"rows": [], "affected": 2}


def test_an_unknown_connection_looks_denied(databases):
    """A guest cannot tell what is configured; the ledger's detail can."""
    refusal = refused(databases, "select 1", connection="defualt")
    assert refusal.text == "permission denied: database"
    assert refusal.rule == "database.unknown"
    assert refusal.detail.endswith("did you mean 'default'?")


@pytest.mark.parametrize("name", ["", ".x", "a b", "a\n", "ä", "x" * 65])
def test_a_name_the_contract_does_not_know_is_a_mistake(databases, name):
    """A connection that no plugin could ask for is not configured."""
    with pytest.raises(ValueError, match="is no connection name"):
        databases.add(name)


def test_a_bad_script_shows_at_once(databases):
    """The test learns about its own mistake where it made it."""
    with pytest.raises(sqlite3.OperationalError, match="nope"):
        databases.add("broken", script="insert into nope values (1)")
    assert "broken" not in databases


class Echo:
    """Another kind of database."""

    closed = 0

    def query(self, sql, params):
        """Answer with the question."""
        return {"rows": [{"sql": sql, "params": params}], "affected": 0}

    def close(self):
        """Count the end."""
        self.closed += 1


def test_any_database_can_be_connected(databases):
    """The seam: whatever answers a query can stand behind a name, and is closed with the rest."""
    echo = Echo()
    databases.connect("echo", echo)
    assert databases.rows("echo", "?", [1]) == [{"sql": "?", "params": [1]}]
    databases.connect("echo", Echo())
    assert echo.closed == 1


def test_close_ends_every_connection(databases):
    """After close nothing is configured and nothing can be added; twice is fine."""
    databases.close()
    databases.close()
    assert list(databases) == []
    with pytest.raises(ClosedError):
        databases.add("late")


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
    databases.rows("default", sql)
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
    assert databases.rows("ro", sql)


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
    databases.rows("default", "select 1")
    for _ in range(2):
        refusal = refused(databases, sql)
        assert (refusal.code, refusal.rule) == ("permission_denied", "database.statement")


def test_a_trigger_of_the_host_fires(databases):
    """What the script set up works; plugins may just not add to it."""
    databases.add(
        "log",
        readonly=False,
        script="create table a(x); create table b(x);"
        "create trigger t after insert on a begin insert into b values (upper(new.x)); end;",
    )
    databases.rows("log", "insert into a values ('x')")
    assert databases.rows("log", "select x from b") == [{"x": "X"}]


def test_a_refused_statement_changes_nothing(databases):
    """Rows that were written before a limit was hit are gone again."""
    sql = (
        "with recursive c(x) as (select 10 union all select x + 1 from c where x < 20000) "
        "insert into users(id) select x from c returning id"
    )
    assert refused(databases, sql).rule == "database.rows"
    assert databases.rows("default", "select count(*) n from users") == [{"n": 2}]


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
    assert databases.rows("default", sql, params) == [row]


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
    assert len(databases.rows("ro", sql, {"n": 10_000})) == 10_000
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
    assert databases.rows("default", "select count(*) n from users") == [{"n": 2}]


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
    database = SQLite(script="create table t(a)", readonly=False, seconds=0.05)
    with pytest.raises(Refused):
        database.query(f"insert into t {ENDLESS}", None)
    assert database.query("select count(*) n from t", None)["rows"] == [{"n": 0}]
    database.close()


# -- files -----------------------------------------------------------------------------------------


def test_a_file_keeps_what_was_written(tmp_path):
    """A database in a file is there for the next host, and closed files can be removed."""
    path = tmp_path / "shop.db"
    database = SQLite(path, script=USERS, readonly=False)
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
    database = SQLite(path, script=USERS, readonly=False, seconds=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin exclusive")
    with pytest.raises(Refused) as refusal:
        database.query("insert into users(name) values ('eve')", None)
    other.close()
    database.close()
    assert refusal.value.code == "timeout"


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
