"""Each recorded attack on databases, from the guest's bytes to its answer, on each engine."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from pytest_zeno.limits import Limits
from pytest_zeno.manifest.grants import make_grants
from pytest_zeno.permissions import database
from pytest_zeno.permissions.refusal import Refused
from tests.permissions.corpus import by_id, load

CASES = load("database")

CODES = {
    "deny": {"permission_denied", "invalid_request"},
    "deny_sql": {"permission_denied"},
    "invalid": {"invalid_request"},
    "limit": {"limit_exceeded"},
    "timeout": {"timeout"},
    "encoding": {"encoding"},
    "error": {"permission_denied", "invalid_request", "unavailable", "internal"},
}

ON_POSTGRESQL = {
    "bd024": "invalid",  # load_extension is no function there
    "bd026": "invalid",  # a pragma is no table there
    "bd048": "rows",  # 600 terms of a compound select are not many there
    "bd051": "invalid",  # group_concat is no function there
}
"""What comes of cases that are about SQLite's own names and limits."""

USERS = """
    create table users(id {} primary key, name {text}, pw {text});
    insert into users(name, pw) values ('ann', 'x'), ('bob', 'y');
"""
SECRETS = "create table secrets(v {text}); insert into secrets values ('TOPSECRET');"


def connect(databases, connections, source):
    """Configure a case's connections; columns have types where the engine needs them."""
    serial = "integer" if source() == "sqlite://" else "serial"
    text = "" if serial == "integer" else "text"
    for name, kind in connections.items():
        script = SECRETS if kind.get("seed") == "secrets" else USERS
        read_only = kind["mode"] == "ro"
        given = script.format(serial, text=text)
        databases.connect(name, source(), script=given, read_only=read_only)


def assert_hidden(case, text):
    """Check that a guest does not read what it must not."""
    assert not any(secret in text for secret in case.get("must_not_show", ()))


def attack(databases, case):
    """Return the names of what came out, the reason, and the rows."""
    request = dict(case["request"])
    if "sql_repeat" in request:
        head, unit, times, tail = request.pop("sql_repeat")
        request["sql"] = head + unit * times + tail
    try:
        grants = make_grants({"database": case["grants"]})
    except ValueError as error:
        return {"reject_manifest"}, str(error), None
    try:
        decision = database.decide(grants, json.dumps(request).encode(), Limits())
        reply = databases.query(decision.resource)
    except Refused as refusal:
        names = {name for name, codes in CODES.items() if refusal.code in codes}
        assert_hidden(case, refusal.text)
        return names, f"{refusal.code} {refusal.rule} {refusal.detail}", None
    return {"ok", "rows"}, str(reply)[:200], reply["rows"]


@pytest.mark.parametrize("case", CASES, ids=by_id)
def test_attack(databases, source, case, request):
    """It ends as demanded, in time, and leaves nothing behind; what is due is answered."""
    expected = {case["expect"], *case.get("also", ())}
    if request.node.callspec.id.startswith("postgresql"):
        expected.add(ON_POSTGRESQL.get(case["id"], case["expect"]))
    connect(databases, case["connections"], source)
    before = time.monotonic()
    outcome, detail, rows = attack(databases, case)
    assert outcome & expected, detail
    assert rows == case.get("rows", rows)
    # A bound of the corpus, seconds above the limit that is tested: it tells an end from none.
    assert time.monotonic() - before < case.get("max_wall_s", 10)
    assert not Path(case.get("must_not_exist", "/nowhere")).exists()
    if "check_after" in case:
        sql, count = case["check_after"]
        (row,) = databases.execute(case["request"]["connection"], sql)
        assert list(row.values()) == [count]


def test_the_corpus_is_there():
    """Each of its lines is a test above; a missing or empty corpus would prove nothing."""
    assert len({case["id"] for case in CASES}) == 54
