"""Connections by name: what they are made of, what the host itself may do, and their end."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_zeno.errors import ClosedError
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.database import Databases
from pytest_zeno.services.database.configured import configured

from .statements import ask, refused, rows

# -- names -----------------------------------------------------------------------------------------


def test_an_unknown_connection_looks_denied(databases):
    """A guest cannot tell what is configured; the ledger's detail can."""
    databases.connect("default")
    refusal = refused(databases, "select 1", connection="defualt")
    assert refusal.text == "permission denied: database"
    assert refusal.rule == "database.unknown"
    assert refusal.detail.endswith("did you mean 'default'?")


@pytest.mark.parametrize("name", ["", ".x", "a b", "a\n", "ä", "x" * 65])
def test_a_name_the_contract_does_not_know_is_a_mistake(databases, name):
    """A connection that no plugin could ask for is not configured."""
    with pytest.raises(ValueError, match="is no connection name"):
        databases.connect(name)
    with pytest.raises(ValueError, match="is no connection name"):
        Databases({name: "sqlite://"})


def test_names_are_listed_before_they_are_opened():
    """What is configured counts as a connection; so does what a test connects."""
    databases = Databases({"shop": "sqlite:///nowhere.db"})
    databases.connect("log")
    databases.connect("shop")
    assert (list(databases), len(databases), "shop" in databases) == (["shop", "log"], 2, True)
    assert repr(databases) == "<Databases shop, log>"
    databases.close()


# -- sources ---------------------------------------------------------------------------------------


class Echo:
    """A database of a test's own."""

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
    assert rows(databases, "echo", "?", [1]) == [{"sql": "?", "params": [1]}]
    databases.connect("echo", Echo())
    assert echo.closed == 1
    with pytest.raises(ValueError, match="takes neither read_only nor script"):
        databases.connect("echo", Echo(), read_only=False)


@pytest.mark.parametrize(
    ("url", "read_only", "writable"),
    [
        ("sqlite://", None, False),
        ("sqlite://", True, False),
        ("sqlite://", False, True),
        ("sqlite://?mode=rw", None, True),
        ("sqlite://?mode=ro", None, False),
        ("sqlite://?mode=rw", True, False),
        ("sqlite+pysqlite://?mode=rw", None, True),
    ],
)
def test_read_only_unless_asked(databases, url, read_only, writable):
    """The argument decides, then the URL's mode; a connection is read-only otherwise."""
    databases.connect("default", url, read_only=read_only)
    if writable:
        assert ask(databases, "default", "create table t(a)") == {"rows": [], "affected": 0}
    else:
        assert refused(databases, "create table t(a)").rule == "database.readonly"


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("shop.db", "'shop.db' is no URL of a database that is known; expected sqlite:///FILE"),
        ("mysql://ann:secret@host/shop", "'mysql://***@host/shop' is no URL"),
        ("ann:secret@host", "'***@host' is no URL"),
        ("postgresql+asyncpg://ann:se@cret@h/shop?password=secret", "'asyncpg' is none of ours"),
        ("sqlite://?mode=rwc&key=secret", "mode is 'rwc', expected ro or rw"),
        ("sqlite://shop.db", "write sqlite:///relative or sqlite:////absolute"),
        ("sqlite:///shop.db?cache=secret", "takes no option but mode"),
        ("postgresql://ann:secret@host:port/shop", "cannot be read"),
    ],
)
def test_a_url_that_cannot_be_used_says_why_and_no_secret(databases, url, error):
    """The message names what is wrong, what there is, and neither user nor password."""
    if "host:port" in url:
        pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed")
    with pytest.raises(ValueError, match=r".") as raised:
        databases.connect("default", url)
    assert error in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "cret" not in str(raised.value)


def test_postgresql_without_its_extra_says_what_to_install():
    """Nothing of it is imported before, and the error is a command."""
    script = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from pytest_zeno.services.database import Databases\n"
        "try: Databases().connect('shop', 'postgresql://host/shop')\n"
        "except ModuleNotFoundError as error: print(error, 'sqlalchemy' in sys.modules)"
    )
    run = subprocess.run(  # noqa: S603 (our own script)
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert run.stdout == (
        "PostgreSQL needs psycopg: pip install 'pytest-zeno[postgresql]' False\n"
    ), run.stderr


def test_keep_is_for_files_alone(databases):
    """PostgreSQL is always rolled back; who asks for less learns it."""
    with pytest.raises(ValueError, match="keep=True is for SQLite files"):
        databases.connect("default", "postgresql://host/shop", keep=True)


def test_a_bad_script_shows_at_once(databases):
    """The test learns about its own mistake where it made it."""
    with pytest.raises(sqlite3.OperationalError, match="nope"):
        databases.connect("broken", script="insert into nope values (1)")
    assert "broken" not in databases


# -- connections from outside ----------------------------------------------------------------------


def test_what_is_configured_is_opened_when_it_is_asked_for(tmp_path):
    """A database that no test asks for may be missing."""
    path = tmp_path / "shop.db"
    databases = Databases({"shop": f"sqlite:///{path.as_posix()}?mode=rw"})
    sqlite3.connect(path).close()
    assert rows(databases, "shop", "select 1 one") == [{"one": 1}]
    databases.close()


def test_what_cannot_be_opened_is_unavailable(tmp_path):
    """The guest reads one fixed text, the ledger the reason; a test reads the engine's error."""
    databases = Databases({"shop": f"sqlite:///{(tmp_path / 'shpo.db').as_posix()}"})
    for _ in range(2):
        refusal = refused(databases, "select 1", connection="shop")
        assert (refusal.text, refusal.rule) == ("unavailable", "database.down")
        assert refusal.detail == "OperationalError: unable to open database file"
    with pytest.raises(sqlite3.OperationalError):
        databases.execute("shop", "select 1")
    databases.connect("shop")
    assert rows(databases, "shop", "select 1 one") == [{"one": 1}]
    databases.close()


@pytest.mark.parametrize(
    ("lines", "environ", "urls"),
    [
        ([], {"PATH": "/bin", "ZENO_DBX": "x"}, {}),
        (["shop = sqlite://?mode=rw"], {}, {"shop": "sqlite://?mode=rw"}),
        ([], {"ZENO_DB_SHOP": "sqlite://"}, {"shop": "sqlite://"}),
        (["shop = sqlite:///a"], {"ZENO_DB_SHOP": "sqlite:///b"}, {"shop": "sqlite:///b"}),
        (["Shop-eu.1=sqlite:///a"], {"ZENO_DB_SHOP_EU_1": "sqlite://"}, {"Shop-eu.1": "sqlite://"}),
        (["shop = sqlite:///a"], {"ZENO_DB_SHOP": ""}, {"shop": "sqlite:///a"}),
    ],
)
def test_the_environment_wins_over_the_ini_file(lines, environ, urls):
    """ZENO_DB_<NAME> is the connection of that name, whatever its case, dots and dashes."""
    assert configured(lines, environ) == urls


@pytest.mark.parametrize(
    ("lines", "environ", "error"),
    [
        (["shop"], {}, "zeno_db: 'shop' is no connection; expected name = url"),
        (["= sqlite://"], {}, "zeno_db: '= sqlite://' is no connection"),
        (["postgresql://ann:secret@host"], {}, "zeno_db: 'postgresql://***@host' is no connection"),
        (["a b = sqlite://"], {}, "zeno_db: 'a b' is no connection name"),
        (["shop = postgrsql://ann:secret@h"], {}, r"zeno_db: 'postgrsql://\*\*\*@h' is no URL"),
        ([], {"ZENO_DB_SHOP": "shop.db"}, "ZENO_DB_SHOP: 'shop.db' is no URL"),
        ([], {"ZENO_DB_": "sqlite://"}, "ZENO_DB_: '' is no connection name"),
    ],
)
def test_what_is_no_connection_is_named_with_its_place(lines, environ, error):
    """A mistake shows before any database is asked for, and shows no password."""
    with pytest.raises(ValueError, match=error.replace("***", r"\*\*\*").replace("\\\\", "\\")):
        configured(lines, environ)


# -- what the host itself runs ---------------------------------------------------------------------


def test_the_host_writes_where_plugins_only_read(databases):
    """Seeds and looks at rows are under no rule; after them the plugin's rules hold again."""
    databases.connect("ro")
    databases.execute("ro", "create table t(a); insert into t values (1); insert into t values (2)")
    assert databases.execute("ro", "select a from t where a > ?", [1]) == [{"a": 2}]
    assert databases.execute("ro", "insert into t values (:a) returning a", {"a": 3}) == [{"a": 3}]
    assert databases.execute("ro", "pragma user_version") == [{"user_version": 0}]
    assert len(databases.execute("ro", f"select '{'x' * 100_000}' a")) == 1
    assert refused(databases, "insert into t values (1)", connection="ro").rule == (
        "database.readonly"
    )
    assert refused(databases, "pragma user_version", connection="ro").rule == "database.statement"


def test_a_dump_is_a_script(databases):
    """Its own BEGIN and COMMIT are no obstacle."""
    databases.connect("default", script="begin transaction; create table t(a); commit;")
    assert rows(databases, "default", "select count(*) n from t") == [{"n": 0}]


def test_the_host_learns_of_its_own_mistakes(databases):
    """An unknown name has a hint; SQL that fails is the engine's error, and is undone."""
    databases.connect("default", script="create table t(a unique)")
    with pytest.raises(KeyError, match=r"no connection 'defualt': did you mean 'default'\?"):
        databases.execute("defualt", "select 1")
    with pytest.raises(sqlite3.IntegrityError):
        databases.execute("default", "insert into t values (1), (1)")
    with pytest.raises(Refused):
        databases.execute("default", "select ?", [])
    assert databases.execute("default", "select * from t") == []


# -- the end ---------------------------------------------------------------------------------------


def test_close_ends_every_connection(databases):
    """After close nothing is open and nothing can be added; twice is fine."""
    good, bad = Echo(), Echo()
    bad.close = lambda: 1 / 0
    databases.connect("good", good)
    databases.connect("bad", bad)
    with pytest.raises(ZeroDivisionError):
        databases.close()
    assert good.closed == 1
    databases.close()
    assert list(databases) == []
    for late in (lambda: databases.connect("late"), lambda: databases.execute("late", "select 1")):
        with pytest.raises(ClosedError):
            late()


def test_a_path_is_a_file(databases, tmp_path):
    """As a URL with the file's name is; what is written stays outside it."""
    path = tmp_path / "shop.db"
    databases.connect("shop", path, keep=True, script="create table t(a)")
    databases.connect("shop", Path(path), read_only=False)
    ask(databases, "shop", "insert into t values (1)")
    databases.connect("shop", f"sqlite:///{path.as_posix()}")
    assert rows(databases, "shop", "select * from t") == []
