"""Databases of a user's own tests: from the ini file, the environment, a fixture."""

from __future__ import annotations

import sqlite3

import pytest


@pytest.fixture
def shop(pytester):
    """A SQLite file with a table, where pytest runs."""
    path = pytester.path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("create table users(name)")
    connection.commit()
    connection.close()
    return path


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    """Whatever stands in the environment of this run."""
    monkeypatch.delenv("ZENO_DB_SHOP", raising=False)


@pytest.mark.usefixtures("shop")
def test_the_ini_file_names_databases(pytester):
    """Each test starts from what is there, whatever another one wrote."""
    pytester.makeini("[pytest]\nzeno_db =\n    shop = sqlite:///shop.db?mode=rw\n")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("round", [1, 2])
        def test_users(zeno_host, round):
            zeno_host.db.execute("shop", "insert into users values (?)", ["ann"])
            assert zeno_host.db.execute("shop", "select * from users") == [{"name": "ann"}]
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


def test_the_environment_wins_and_a_test_wins_over_both(pytester, monkeypatch):
    """ZENO_DB_<NAME> stands for the URL of the ini file, `connect` for either."""
    monkeypatch.setenv("ZENO_DB_SHOP", "sqlite://")
    pytester.makeini("[pytest]\nzeno_db = shop = sqlite:///missing.db\n")
    pytester.makepyfile(
        """
        def test_environment(zeno_host):
            assert zeno_host.db.execute("shop", "select 1 as one") == [{"one": 1}]

        def test_connect(zeno_host):
            zeno_host.db.connect("shop", script="create table t(a)")
            assert zeno_host.db.execute("shop", "select * from t") == []
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


def test_a_fixture_names_databases(pytester, monkeypatch):
    """`zeno_db` of the user's own says which there are, and no other."""
    monkeypatch.setenv("ZENO_DB_SHOP", "sqlite://")
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def zeno_db():
            return {"log": "sqlite://"}

        def test_names(zeno_host):
            assert list(zeno_host.db) == ["log"]
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)


def test_a_line_that_is_no_connection_is_a_usage_error(pytester):
    """One line, exit code 4, no password."""
    pytester.makeini("[pytest]\nzeno_db = shop = mysql://ann:secret@host/shop\n")
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: zeno_db: 'mysql://[*][*][*]@host/shop' is no URL*"])
    result.stderr.no_fnmatch_line("*secret*")


def test_a_variable_that_is_no_connection_fails_who_needs_it(pytester, monkeypatch):
    """Others do not notice; those have one line and no traceback."""
    monkeypatch.setenv("ZENO_DB_SHOP", "shop.db")
    pytester.makepyfile("def test_one(): pass\ndef test_two(zeno_host): pass\n")
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["ZENO_DB_SHOP: 'shop.db' is no URL*"])
    result.stdout.no_fnmatch_line("*Traceback*")
