"""Which database connections a plugin may use."""

from __future__ import annotations

import json

import pytest

from pytest_zeno.limits import Limits
from pytest_zeno.manifest.grants import Grants, make_grants
from pytest_zeno.permissions import database
from pytest_zeno.permissions.database import Query
from pytest_zeno.permissions.decision import Decision

from .corpus import answer, by_id, code, load, split

LIMITS = Limits()
GRANTS = make_grants({"database": ["default", "ro"]})
CODES = {
    "deny": {"permission_denied", "invalid_request"},
    "invalid": {"invalid_request"},
    "limit": {"limit_exceeded"},
}


def reason(case):
    """Say why a case needs more than a decision; '' when it does not."""
    if case["id"] in ("bd014", "bd017", "bd029"):
        return "one statement"
    if case["id"] == "bd035":
        return "as many values as placeholders"
    if case["expect"] in ("rows", "ok", "deny_sql", "error", "limit", "timeout"):
        return "what a statement does"
    return ""


HERE, LEFT, REASONS = split(load("database"), reason)


def ask(case):
    """Return what is decided about a recorded request."""
    request = dict(case["request"])
    if "sql_repeat" in request:
        before, unit, times, behind = request.pop("sql_repeat")
        request["sql"] = before + unit * times + behind
    grants = make_grants({"database": case["grants"]})
    return answer(database.decide, grants, json.dumps(request).encode(), LIMITS)


@pytest.mark.parametrize("case", HERE, ids=by_id)
def test_attack(case):
    """Each recorded attack is refused with a code that it may have."""
    if case["expect"] == "reject_manifest":
        with pytest.raises(ValueError, match=r"^[a-z]"):
            make_grants({"database": case["grants"]})
        return
    expected = set().union(*(CODES[name] for name in (case["expect"], *case.get("also", ()))))
    assert code(ask(case)) in expected


def test_nothing_is_lost():
    """Every recorded attack is decided here or left for a reason, and those are counted."""
    assert len(HERE) + len(LEFT) == 54
    assert REASONS == {
        "one statement": 3,
        "as many values as placeholders": 1,
        "what a statement does": 34,
    }


@pytest.mark.parametrize("case", LEFT, ids=by_id)
def test_left_for_the_service(case):
    """It is allowed as far as grants and shapes go; test_database_attacks.py has its end."""
    assert ask(case).resource.connection == case["request"]["connection"]


# -- rights ----------------------------------------------------------------------------------------


def ask_for(grants=GRANTS, limits=LIMITS, **members):
    """Return what is decided about a request with these members."""
    request = {"connection": "default", "sql": "select 1", **members}
    kept = {name: value for name, value in request.items() if value is not ...}
    return answer(database.decide, grants, json.dumps(kept).encode(), limits)


@pytest.mark.parametrize("params", [None, {}, [], {"a": 1}, [None, True, 2**63 - 1, 0.5, "x\0"]])
def test_decision(params):
    """An allowed request comes as connection, statement and values."""
    query = Query("ro", "select 1", params)
    assert ask_for(connection="ro", params=params) == Decision("database.grant ro", query)


def test_params_may_be_missing():
    """A request without values is one."""
    assert ask_for().resource.params is None


def test_unknown_looks_like_denied():
    """Whatever a connection that is not granted is called, the guest reads the same."""
    names = ("other", "Default", "default ", "default\0x", "file:/tmp/x.db", "_" * 65, "é")
    outcomes = [ask_for(connection=name) for name in names]
    assert {(o.code, o.rule, o.text) for o in outcomes} == {
        ("permission_denied", "database.no_grant", "permission denied: database")
    }


@pytest.mark.parametrize("request_", [b"", b"\xff", b'{"connection":"default","sql":"select 1"}'])
def test_no_grant(request_):
    """With no connection granted the request is not looked at."""
    outcome = answer(database.decide, Grants(), request_, LIMITS)
    assert (outcome.code, outcome.rule) == ("permission_denied", "database.no_grant")
    assert outcome.detail == "the manifest grants no database"


def test_malformed_comes_first():
    """A malformed request is invalid, also for a connection that is not granted."""
    assert ask_for(connection="other", sql=None).code == "invalid_request"


# -- shapes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "code_", "rule"),
    [
        ({"connection": ...}, "invalid_request", "database.connection"),
        ({"connection": ""}, "invalid_request", "database.connection"),
        ({"connection": None}, "invalid_request", "database.connection"),
        ({"connection": 1}, "invalid_request", "database.connection"),
        ({"sql": ...}, "invalid_request", "database.sql"),
        ({"sql": ["select 1"]}, "invalid_request", "database.sql"),
        ({"sql": "select '\0'"}, "invalid_request", "database.sql"),
        ({"params": "x"}, "invalid_request", "database.params"),
        ({"params": 0}, "invalid_request", "database.params"),
        ({"params": False}, "invalid_request", "database.params"),
        ({"params": [[]]}, "invalid_request", "database.params"),
        ({"params": {"a": {}}}, "invalid_request", "database.params"),
        ({"params": [2**63]}, "invalid_request", "database.params"),
        ({"params": [-(2**63) - 1]}, "invalid_request", "database.json"),
        ({"params": [float("nan")]}, "invalid_request", "database.json"),
    ],
)
def test_malformed(members, code_, rule):
    """A malformed request is refused with the rule that it breaks."""
    outcome = ask_for(**members)
    assert (code(outcome), outcome.rule) == (code_, rule)


@pytest.mark.parametrize(("character", "times"), [(" ", 65536), ("é", 32768)])
def test_longest_statement(character, times):
    """A statement may have 64 KiB and no more."""
    sql = character * times
    assert ask_for(sql=sql).resource.sql == sql
    outcome = ask_for(sql=sql + character)
    assert (code(outcome), outcome.rule) == ("limit_exceeded", "database.size")


def test_request_as_large_as_a_message():
    """A request may be as large as a reply and no larger."""
    size = len('{"connection": "default", "sql": "select 1"}')
    assert ask_for(limits=Limits(reply=size)).resource.sql == "select 1"
    outcome = ask_for(limits=Limits(reply=size - 1))
    assert (code(outcome), outcome.rule) == ("limit_exceeded", "database.size")


def test_detail_names_the_value():
    """The ledger says which value does not bind, and what would."""
    assert ask_for(params={"id": []}).detail == (
        "the value 'id' is an array, expected null, a boolean, a 64-bit integer, "
        "a finite number or text"
    )
