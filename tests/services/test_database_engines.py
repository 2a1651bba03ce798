"""What a statement means does not depend on the engine behind the connection."""

from __future__ import annotations

import threading

import pytest

from pytest_zeno.errors import ClosedError
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.database import Databases

from .statements import ask, refused, rows

USERS = """
    create table users(id integer primary key, name text, pw text);
    insert into users(id, name) values (1, 'ann'), (2, 'bob');
"""
NUMBERS = (
    "with recursive c(x) as (select 1 union all select x + 1 from c where x < {}) select x from c"
)
ENDLESS = NUMBERS.format("1000000000").replace("select x from", "select max(x) from")


@pytest.fixture(autouse=True)
def users(databases, source):
    """Two connections with the same table: one to write, one to read."""
    databases.connect("default", source(), script=USERS, read_only=False)
    databases.connect("ro", source(), script=USERS)


def test_a_query_answers_rows_and_the_number_of_changes(databases):
    """Rows are objects by column; `affected` counts changed rows, none for a read."""
    read = ask(databases, "default", "select id, name from users where id = :id", {"id": 2})
    assert read == {"rows": [{"id": 2, "name": "bob"}], "affected": 0}
    written = ask(databases, "default", "update users set id = id + :n", {"n": 10})
    assert written == {"rows": [], "affected": 2}
    added = ask(
        databases, "default", "insert into users(id, name) values (?, ?) returning id", [5, "eve"]
    )
    assert added == {"rows": [{"id": 5}], "affected": 1}
    assert ask(databases, "default", "-- nothing") == {"rows": [], "affected": 0}


@pytest.mark.parametrize(
    "sql",
    [
        "create table t(a integer)",
        "alter table users add column more text",
        "alter table users rename to people",
        "alter table users rename column name to called",
        "alter table users drop column pw",
        "create index i on users(name)",
        "create view v as select name from users",
        "insert into users(id) values (1) on conflict(id) do update set name = 'x'",
        "insert into users(id) values (7) returning id",
        "with x as (select 1) delete from users",
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
        "begin",
        "COMMIT",
        "/* x */ rollback -- y",
        "end",
        "savepoint s",
        "release s",
        "vacuum",
        "analyze",
        "create temp table t(a integer)",
        "create trigger t after insert on users begin select 1; end",
        "(commit)",
    ],
)
def test_what_no_connection_allows(databases, sql):
    """What outlives the call or runs other code is refused, as often as it is asked."""
    for _ in range(2):
        refusal = refused(databases, sql)
        assert (refusal.code, refusal.rule) in {
            ("permission_denied", "database.statement"),
            ("invalid_request", "database.sql"),
        }
    assert rows(databases, "default", "select count(*) as n from users") == [{"n": 2}]


@pytest.mark.parametrize(
    ("sql", "params", "row"),
    [
        ("select :a as v, :A as w", {"a": "1", "A": "2"}, {"v": "1", "w": "2"}),
        ("select :a as v, :a as w", {"a": 1}, {"v": 1, "w": 1}),
        ("select :b as v, :a as w", {"a": 1, "b": 2}, {"v": 2, "w": 1}),
        ("select ? as v, ? as w", [None, -(2**63)], {"v": None, "w": -(2**63)}),
        ("select ? as v, ? as w", [2**63 - 1, 1.5], {"v": 2**63 - 1, "w": 1.5}),
        ("select ? as v, ? as w", [2**53 + 1, 2**31], {"v": 2**53 + 1, "w": 2**31}),
        ("select ? as v", [True], {"v": True}),
        ("select ? as v", ["grüß 🎈"], {"v": "grüß 🎈"}),
        ("select ? as v", ["x' or '1'='1"], {"v": "x' or '1'='1"}),
        ("select ':a' as v, '?' as w", None, {"v": ":a", "w": "?"}),
        ("select 1 as v -- :a ?", {}, {"v": 1}),
        ("select /* :a ? */ 1 as v", [], {"v": 1}),
        ('select 1 as ":a", 2 as "?"', None, {":a": 1, "?": 2}),
        ("select 'it''s :a' as v", None, {"v": "it's :a"}),
        ("select 1 as v, 2 as v", None, {"v": 2}),
        ("select '%s %(a)s $1 \\' as v;", None, {"v": "%s %(a)s $1 \\"}),
        ("select 2 as v where 2 in (?,?)", [1, 2], {"v": 2}),
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
        ("select $1", [1], "database.placeholder"),
        ("select :a", {"a": [1]}, "database.params"),
        ("select ?", [float("inf")], "database.params"),
        ("select ?", [2**63], "database.params"),
        ("select ?", ["\ud800"], "database.params"),
        ("select 1", 5, "database.params"),
        ("select '\ud800'", None, "database.sql"),
        ("select '\0'", None, "database.sql"),
        ("select nonsense", None, "database.sql"),
        ("select 1; select 2", None, "database.sql"),
        ("insert into users(id) values (1)", None, "database.sql"),
    ],
)
def test_what_does_not_fit_is_an_invalid_request(databases, sql, params, rule):
    """Too many, too few, other placeholders, other types and bad SQL are the request's fault."""
    refusal = refused(databases, sql, params)
    assert (refusal.code, refusal.rule) == ("invalid_request", rule)


def test_a_refused_statement_changes_nothing(databases):
    """Rows that were written before a limit was hit are gone again; what was there stays."""
    rows(databases, "default", "insert into users(id, name) values (3, 'eve')")
    sql = "insert into users(id) select x + 10 from ({}) c returning id"
    sql = sql.format(NUMBERS.format(20_000))
    assert refused(databases, sql).rule == "database.rows"
    assert refused(databases, "insert into users(id) values (4), (1)").code == ("invalid_request")
    assert rows(databases, "default", "select count(*) as n from users") == [{"n": 3}]


def test_ten_thousand_rows_pass(databases):
    """The limit itself is allowed."""
    assert len(rows(databases, "ro", NUMBERS.format(10_000))) == 10_000
    assert refused(databases, NUMBERS.format(10_001), connection="ro").rule == "database.rows"


def test_eight_mebibytes_of_rows(databases):
    """Many large rows are refused before they pile up."""
    sql = NUMBERS.format(1_000).replace("select x from", "select ? as v from")
    refusal = refused(databases, sql, ["a" * 100_000], "ro")
    assert (refusal.code, refusal.rule) == ("limit_exceeded", "database.size")
    assert rows(databases, "ro", "select 1 as v") == [{"v": 1}]


def test_after_a_timeout_the_connection_serves_on(databases):
    """An interrupted statement is undone, and what was written before it stays."""
    rows(databases, "default", "insert into users(id, name) values (3, 'eve')")
    refusal = refused(databases, ENDLESS)
    assert (refusal.code, refusal.rule) == ("timeout", "database.time")
    assert refused(databases, f"insert into users(id) {ENDLESS}").code == "timeout"
    assert rows(databases, "default", "select count(*) as n from users") == [{"n": 3}]


def test_threads_take_turns(databases):
    """Statements of several threads run one after the other, each whole."""
    errors = []

    def insert(first):
        try:
            for number in range(first, first + 50):
                rows(databases, "default", "insert into users(id) values (?)", [number])
        except Refused as refusal:
            errors.append(refusal)

    threads = [threading.Thread(target=insert, args=[n]) for n in (100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert rows(databases, "default", "select count(*) as n from users") == [{"n": 152}]


def test_nothing_is_left_for_the_next_test(source):
    """What a host and its plugins have written, tables included, ends with the host."""
    place = source()
    for _ in range(2):
        databases = Databases()
        databases.connect("default", place, script=USERS, read_only=False)
        rows(databases, "default", "create table more(a integer)")
        rows(databases, "default", "insert into users(id, name) values (3, 'eve')")
        databases.close()


def test_a_closed_connection_says_so(databases, source):
    """A query after the end is a mistake of the host, not of the guest."""
    databases.connect("gone", source())
    database = databases._find("gone")
    databases.close()
    for ask_again in (lambda: database.query("select 1", None), lambda: database.execute("x")):
        with pytest.raises(ClosedError):
            ask_again()


def test_the_host_sees_what_plugins_see(databases):
    """Its rows are JSON as theirs; of several statements the last one answers."""
    seeds = "insert into users(id, name) values (3, 'eve'); select name from users where id = 3"
    databases.execute("ro", seeds)
    assert databases.execute("ro", "select name from users where id = ?", [3]) == [{"name": "eve"}]
    assert rows(databases, "ro", "select name from users where id = 3") == [{"name": "eve"}]
