"""PostgreSQL: what its statements may not do, its values, and its one transaction."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_zeno import ZenoHost
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.database import Databases
from tests.host.plugins import GRANTS, asking, write
from tests.host.plugins import ask as guest

from .statements import ask, refused, rows

USERS = """
    create table users(id serial primary key, name text);
    insert into users(name) values ('ann'), ('bob');
"""


@pytest.fixture(autouse=True)
def users(databases, postgresql):
    """Two connections with the same table: one to write, one to read."""
    databases.connect("default", postgresql.url(), script=USERS, read_only=False)
    databases.connect("ro", postgresql.url(), script=USERS)


# -- what a statement may do -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "set transaction read write",
        "set role zeno",
        "reset all",
        "set local statement_timeout = 0",
        "copy users to '/tmp/zeno.csv'",
        "copy users from program 'id'",
        "do 'begin end'",
        "call f()",
        "create function f() returns int language sql as 'select 1'",
        "create extension dblink",
        "create schema s",
        "create foreign table f(a int) server s",
        "create rule r as on insert to users do nothing",
        "create role r",
        "alter role zeno createrole",
        "alter system set port = 1",
        "grant all on users to public",
        "drop schema public cascade",
        "truncate users",
        "lock table users",
        "listen x",
        "notify x",
        "prepare p as select 1",
        "execute p",
        "declare c cursor for select 1",
        "explain analyze delete from users",
        "discard all",
        "load 'x'",
        "set constraints all deferred",
        "vacuum users",
        "reindex table users",
        "cluster users",
        "comment on table users is 'x'",
        "import foreign schema s from server t into u",
    ],
)
def test_statements_that_are_not_on_the_list(databases, sql):
    """Whatever is neither data nor a table, an index or a view is refused."""
    refusal = refused(databases, sql)
    assert (refusal.code, refusal.rule) == ("permission_denied", "database.statement")


@pytest.mark.parametrize(
    "expression",
    [
        "pg_read_file('/etc/passwd')",
        "pg_catalog.pg_read_file('/etc/passwd')",
        "\"pg_read_file\"('/etc/passwd')",
        "PG_READ_FILE /* x */ ('/etc/passwd')",
        "('/etc/passwd'::text).pg_read_file",
        "(array['data_directory'])[1].current_setting",
        "t.current_setting from lower('DATA_DIRECTORY') as t",
        't."current_setting" from unnest(array[1]) t',
        "set_config('transaction_read_only', 'off', true)",
        "\"set_config\"('role', 'postgres', true)",
        "current_setting('data_directory')",
        "lo_import('/etc/passwd')",
        "query_to_xml('select 1', true, false, '')",
        "database_to_xml(true, false, '')",
        "ts_rewrite(to_tsquery('a'), 'select 1')",
        "version()",
        "inet_server_addr()",
        "current_database()",
        "current_user",
        "session_user",
        "user",
        "txid_current()",
        "has_table_privilege('users', 'select')",
        "pg_sleep(10)",
        "pg_terminate_backend(1)",
        "pg_advisory_lock(1)",
        "pg_notify('x', 'y')",
        "(select count(*) from pg_stat_activity)",
        "(select passwd from pg_shadow)",
        "(select option_value from information_schema.user_mapping_options)",
        "(select setting from \"pg_settings\" where name = 'data_directory')",
    ],
)
def test_what_reaches_beyond_the_data(databases, expression):
    """Files, settings, sessions and what the connection is: none of it, however it is written."""
    refusal = refused(databases, f"select {expression}")
    assert (refusal.code, refusal.rule) == ("permission_denied", "database.statement")
    inside = refused(databases, f"create view v as select 1, {expression}")
    assert inside.rule == "database.statement"


@pytest.mark.parametrize(
    "sql",
    [
        "select E'\\' commit '",
        "select e'x'",
        'select U&"pg\\005fsleep"(1)',
        "select u&'x'",
        "select $$x$$",
        "select $tag$x$tag$",
        "select 1$$commit$$",
        "/* /* */ select 1 */ commit",
        "select 1 /* /* */ */",
        "select 'x",
        'select "x',
        "select 1 /* x",
    ],
)
def test_what_two_readers_could_read_in_two_ways(databases, sql):
    """Only plain texts, names and comments: what we read is what the engine reads."""
    refusal = refused(databases, sql)
    assert (refusal.code, refusal.rule) == ("invalid_request", "database.sql")


@pytest.mark.parametrize(
    "sql",
    [
        "insert into users(name) values ('x')",
        "with x as (insert into users(name) values ('x') returning id) select id from x",
        "select nextval('users_id_seq')",
        "select setval('users_id_seq', 9)",
        "select id into others from users",
        "select id into temp others from users",
        "select id from users for update",
        "merge into users using users u on users.id = u.id when matched then delete",
        "create table t as select 1 as a",
    ],
)
def test_read_only_is_the_engines(databases, sql):
    """A write is refused however it is written: no keyword of it is looked for."""
    refusal = refused(databases, sql, connection="ro")
    assert (refusal.code, refusal.rule) == ("permission_denied", "database.readonly")


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*), sum(id), min(name), string_agg(name, ',') from users",
        "select lower(name), length(name), substring(name, 1) from users",
        "select coalesce(name, 'x'), nullif(id, 1), greatest(1, 2) from users",
        "select row_number() over (partition by name order by id) from users",
        "select now(), current_date, date_trunc('day', now()), extract(year from now())",
        "select to_char(now(), 'YYYY'), age(now()), to_timestamp(0)",
        "select json_build_object('a', 1), jsonb_agg(id), to_jsonb(name) from users group by 3",
        "select '{\"a\":[1]}'::jsonb #>> '{a,0}', '[1]'::jsonb @> '1'",
        "select x from unnest(array[1, 2]) as t(x) where x = any(array[1])",
        "select g from generate_series(1, 3) g",
        "select cast(id as varchar(10)), id::numeric(10, 2) from users",
        "select * from users tablesample system (100)",
        "select u.name as user from users u where exists (select 1)",
        "select t.version from (select 1 as version) t",
        "select table_name from information_schema.tables",
        "select concat(name, '-', id), format('%s', name), md5(name) from users",
        "values (1), (2)",
        "table users",
        "(select 1) union (select 2)",
        "with recursive c(x) as (select 1 union all select x + 1 from c where x < 3) table c",
    ],
)
def test_what_only_computes_is_allowed(databases, sql):
    """Ordinary SQL of readers runs."""
    assert ask(databases, "ro", sql)["affected"] == 0


def test_functions_of_the_schema_may_be_called(databases):
    """What the database's owner made is there for plugins, triggers included."""
    databases.execute(
        "default",
        "create function twice(x int) returns int language sql as 'select 2 * x';"
        "create function shout() returns trigger language plpgsql as "
        "$$ begin new.name = upper(new.name); return new; end $$;"
        "create trigger t before insert on users for each row execute function shout()",
    )
    assert rows(databases, "default", "select twice(2) as v") == [{"v": 4}]
    assert rows(databases, "default", "insert into users(name) values ('eve') returning name") == [
        {"name": "EVE"}
    ]


@pytest.mark.parametrize("powers", ["", "pg_read_server_files", "pg_execute_server_program"])
def test_a_role_that_reaches_files_is_refused(databases, postgresql, powers):
    """The engine itself keeps plugins from files; the error says how to make a role."""
    user = "postgres"
    if powers:
        user = powers.replace("pg_", "with_")
        postgresql.ask(f"create role {user} login; grant {powers} to {user}")
    with pytest.raises(ValueError, match=f"has the rights of.*{powers}.*CREATE ROLE zeno LOGIN"):
        databases.connect("power", postgresql.url(user))


# -- values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1.10::numeric", Decimal("1.10")),
        ("12345678901234567890.123456789::numeric", Decimal("12345678901234567890.123456789")),
        ("9223372036854775807::bigint", 2**63 - 1),
        ("0.1::float8", 0.1),
        ("true", True),
        ("null", None),
        ("date '2026-01-02'", "2026-01-02"),
        ("timestamp '2026-01-02 03:04:05.6'", "2026-01-02T03:04:05.6"),
        ("timestamptz '2026-01-02 03:04:05+01'", "2026-01-02T02:04:05+00:00"),
        ("time '03:04:05'", "03:04:05"),
        ("interval '1 day 2 hours'", "P1DT2H"),
        ("timestamp 'infinity'", "infinity"),
        ("'6f9619ff-8b86-d011-b42d-00cf4fc964ff'::uuid", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"),
        ("'127.0.0.1'::inet", "127.0.0.1"),
        ("'a'::char(3)", "a  "),
        ("decode('616263', 'hex')", "abc"),
        ("array[1, null, 3]", [1, None, 3]),
        ("array[array[date '2026-01-02']]", [["2026-01-02"]]),
        ('\'{"a": [1.10, null, "x"]}\'::jsonb', {"a": [Decimal("1.10"), None, "x"]}),
        ("'[1,2)'::int4range::text", "[1,2)"),
        ("money '1.10'", "$1.10"),
    ],
)
def test_values_are_json(databases, expression, value):
    """Numbers keep their digits, times are ISO 8601, what is structured stays so."""
    (row,) = rows(databases, "ro", f"select {expression} as v")
    assert row == {"v": value}
    assert type(row["v"]) is type(value)
    assert databases.execute("ro", f"select {expression} as v") == [row]


@pytest.mark.parametrize(
    "expression",
    [
        "decode('ff', 'hex')",
        "'NaN'::float8",
        "'-Infinity'::float8",
        "'NaN'::numeric",
        "1e309::numeric",
        "array['NaN'::float8]",
        "'1e400'::jsonb",
        "'18446744073709551616'::jsonb",
        "'\"\\ud800\"'::json",
        "'[1,2)'::int4range",
    ],
)
def test_what_json_cannot_say_is_refused(databases, expression):
    """It is never repaired: no replacement characters, no null for NaN."""
    refusal = refused(databases, f"select {expression} as v", connection="ro")
    assert (refusal.code, refusal.rule) == ("encoding", "database.encoding")


def test_a_plugin_reads_every_digit(postgresql, tmp_path):
    """A number reaches the plugin as a JSON number, as the engine wrote it."""
    sql = b'{"connection":"main","sql":"select 12345678901234567890.10 as v"}'
    given = asking("host_db_query", host_db_query=sql)
    folder = write(tmp_path, manifest=GRANTS, **given, run=guest("host_db_query", sql))
    with ZenoHost(db={"main": postgresql.url()}) as host:
        result = host.load(folder).call("probe.run")
    assert result.success
    assert b'"v":12345678901234567890.10}' in result.host_calls[0].reply


def test_a_text_with_nul_does_not_bind(databases):
    """PostgreSQL has none; the plugin learns it before the server does."""
    refusal = refused(databases, "select ?", ["a\0b"])
    assert (refusal.code, refusal.rule) == ("invalid_request", "database.params")


@pytest.mark.parametrize(
    ("sql", "params", "row"),
    [
        ("select name from users where id = ?", [1], {"name": "ann"}),
        ("select sum(id + :n) as v from users where name <> :x", {"n": 1, "x": ""}, {"v": 5}),
        ("select substring('abc', ?) as v", [2], {"v": "bc"}),
        ("select (?::numeric + 0.1)::text as v", [0.2], {"v": "0.3"}),
        ("select ?::date + 1 as v", ["2026-01-01"], {"v": "2026-01-02"}),
        ("select ?::jsonb ->> 'a' as v", ['{"a": 1}'], {"v": "1"}),
        ("select (array[1, 2, 3])[1:2] as v", None, {"v": [1, 2]}),
        ("select true as v where not ?", [False], {"v": True}),
    ],
)
def test_values_find_their_types(databases, sql, params, row):
    """A text is what the statement makes of it; casts and slices are no placeholders."""
    assert rows(databases, "ro", sql, params) == [row]


# -- the transaction -------------------------------------------------------------------------------


def test_no_other_session_sees_anything(databases, postgresql):
    """Tables and rows of a test are there for the test alone, and gone after it."""
    place = postgresql.url()
    schema = place.rpartition("search_path=")[2]
    postgresql.ask(f"create table {schema}.kept(a int); grant all on {schema}.kept to zeno")
    databases.connect("more", place, read_only=False, script="insert into kept values (1)")
    rows(databases, "more", "insert into kept values (2)")
    rows(databases, "more", "create table made(a int)")
    look = f"select count(*) from {schema}.kept"  # noqa: S608 (our own name)
    assert postgresql.ask(look) == [(0,)]
    databases.close()
    assert postgresql.ask(look) == [(0,)]
    assert postgresql.ask(f"select to_regclass('{schema}.made')") == [(None,)]


def test_an_engine_that_commits_by_itself_does_not(databases, postgresql):
    """What a user's engine is set up for does not undo the rollback, nor is its pool changed."""
    from sqlalchemy import create_engine

    from pytest_zeno.services.database.postgresql import make_engine

    url = make_engine(postgresql.url()).url
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    databases.connect("pool", engine, read_only=False, script="create table made(a int)")
    rows(databases, "pool", "insert into made values (1)")
    databases.close()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("select to_regclass('made')").scalar() is None
        assert connection.connection.driver_connection.autocommit
    engine.dispose()


def test_an_engine_of_another_kind_is_refused(databases):
    """A file is named by its path, where SQLAlchemy is not needed."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    with pytest.raises(ValueError, match=r"an engine for sqlite\+pysqlite, expected postgresql"):
        databases.connect("other", sqlalchemy.create_engine("sqlite://"))


def test_a_deferred_constraint_is_checked_with_the_call(databases):
    """A call's end is what a commit would be: what breaks the data there is undone."""
    databases.execute(
        "default",
        "create table orders(id int, user_id int references users deferrable initially deferred)",
    )
    refusal = refused(databases, "insert into orders values (1, 99)")
    assert (refusal.code, refusal.rule) == ("invalid_request", "database.sql")
    assert "violates foreign key" in refusal.detail
    rows(databases, "default", "insert into orders values (2, 1)")
    assert rows(databases, "default", "select id from orders") == [{"id": 2}]


def test_waiting_for_a_lock_is_a_timeout(databases, postgresql):
    """Another session's lock does not hold the host."""
    import psycopg

    place = postgresql.url()
    schema = place.rpartition("search_path=")[2]
    postgresql.ask(f"create table {schema}.t(a int); grant all on {schema}.t to zeno")
    databases.connect("more", place, read_only=False)
    where = f"host={postgresql.folder} user=postgres dbname=zeno"
    with psycopg.connect(where) as other:
        other.execute(f"lock table {schema}.t")
        assert refused(databases, "insert into t values (1)", connection="more").code == "timeout"
        other.rollback()
    assert ask(databases, "more", "insert into t values (1)")["affected"] == 1


def test_a_server_that_goes_is_unavailable(databases, postgresql):
    """The guest reads one fixed text; nothing goes on as if the transaction were still there."""
    postgresql.ask("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'zeno'")
    for _ in range(2):
        refusal = refused(databases, "select count(*) from users")
        assert (refusal.text, refusal.rule) == ("unavailable", "database.down")
    databases.close()
    assert postgresql.sessions() == 0


def test_a_server_that_is_not_there_is_unavailable(tmp_path):
    """What is configured and cannot be reached: the reason is the ledger's, no password in it."""
    where = f"postgresql://ann:secret@/shop?host={tmp_path}"
    databases = Databases({"shop": where})
    refusal = refused(databases, "select 1", connection="shop")
    assert (refusal.text, refusal.rule) == ("unavailable", "database.down")
    assert "No such file or directory" in refusal.detail
    assert "secret" not in refusal.detail
    databases.close()


def test_large_rows_do_not_pile_up(databases):
    """A row above the limit is refused, whatever is behind it."""
    refusal = refused(databases, "select repeat('a', 9000000) from generate_series(1, 1000)")
    assert (refusal.code, refusal.rule) == ("limit_exceeded", "database.size")
    assert rows(databases, "default", "select 1 as v") == [{"v": 1}]


def test_the_server_stops_when_the_limit_is_reached(postgresql):
    """It is told so, long before its own limit of time; the transaction goes on."""
    from pytest_zeno.services.database.postgresql import PostgreSQL, make_engine

    engine = make_engine(postgresql.url())
    database = PostgreSQL(engine, script="create table t(a int)", seconds=60)
    with pytest.raises(Refused, match="more than 10000 rows"):
        database.query("select generate_series(1, 1000000000) as g", None)
    assert database.query("select count(*) as n from t", None)["rows"] == [{"n": 0}]
    database.close()


def test_a_commit_of_the_hosts_ends_the_connection(databases):
    """What comes after it would stay: better nothing comes."""
    with pytest.raises(Refused, match="a COMMIT or ROLLBACK of the test's own"):
        databases.execute("default", "commit")
    assert refused(databases, "select 1").rule == "database.down"


def test_a_copy_of_the_hosts_is_no_statement(databases):
    """COPY speaks another protocol; the connection is given up rather than left half-way."""
    import psycopg

    with pytest.raises(psycopg.NotSupportedError, match="insert rows instead"):
        databases.execute("default", "copy users to stdout")
    with pytest.raises(Refused) as refusal:
        ask(databases, "default", "select 1")
    assert refusal.value.code == "unavailable"
