"""Which keys of the scope a plugin may read and write, and when."""

from __future__ import annotations

import json

import pytest

from pytest_zeno.errors import PHASES
from pytest_zeno.limits import Limits
from pytest_zeno.manifest.grants import Grants, make_grants
from pytest_zeno.permissions import scope
from pytest_zeno.permissions.decision import Decision
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.permissions.scope import ScopeWrite

from .corpus import answer, by_id, code, load, split

LIMITS = Limits()
BOTH = make_grants({"scope": ["read", "write"]})


def reason(case):
    """Say why a case needs more than a decision; '' when it does not."""
    function = case["call"] and case["call"]["fn"]
    if function == "execute":
        return "what a call is given and what becomes of its response"
    if function == "get_after_other_call":
        return "what another call left behind"
    if case["id"] in ("sd011", "sd017"):
        return "what a key walks into"
    return ""


HERE, LEFT, REASONS = split(load("scope"), reason)


def ask(case):
    """Return what is decided about a recorded call."""
    grants, call = make_grants({"scope": case["grants"]}), case["call"]
    function, text = call["fn"], call.get("unit", "") * call.get("times", 0)
    if function.startswith("get"):
        key = call.get("key", text)
        return answer(scope.decide_get, grants, key.encode(), "execute")
    if function == "set":
        request = json.dumps({"key": call["key"], "value": call["value"]})
    else:
        request = call.get("json") or call["prefix"] + text
    return answer(scope.decide_set, grants, request.encode(), "execute", LIMITS)


@pytest.mark.parametrize("case", HERE, ids=by_id)
def test_attack(case):
    """Each recorded attack is refused, and what is no attack is allowed."""
    if case["expect"] == "reject_manifest":
        with pytest.raises(ValueError, match=r"^[a-z]"):
            make_grants({"scope": case["grants"]})
        return
    outcome = ask(case)
    allowed = case["expect"] == 1 or (case["expect"] != 0 and case["expect"]["success"])
    assert isinstance(outcome, Decision) == allowed
    assert not hasattr(outcome, "text") or "TOPSECRET" not in outcome.text


def test_nothing_is_lost():
    """Every recorded attack is decided here or left for a reason, and those are few."""
    assert len(HERE) + len(LEFT) == 31
    assert REASONS == {
        "what a call is given and what becomes of its response": 2,
        "what another call left behind": 1,
        "what a key walks into": 2,
    }


@pytest.mark.parametrize(
    "case", [case for case in LEFT if case["call"]["fn"] != "execute"], ids=by_id
)
def test_left_for_the_service(case):
    """What is left for the service is allowed as far as the grants go."""
    assert isinstance(ask(case), Decision)


# -- rights ----------------------------------------------------------------------------------------


def get(key, grants=BOTH, phase="execute"):
    """Return what is decided about reading a key."""
    return answer(scope.decide_get, grants, key, phase)


def put(request, grants=BOTH, phase="execute", limits=LIMITS):
    """Return what is decided about a write."""
    return answer(scope.decide_set, grants, request, phase, limits)


def test_read_gives_segments():
    """A dotted key comes as its segments, with the right that allowed it."""
    assert get(b"user.name") == Decision("scope.grant read", ("user", "name"))


@pytest.mark.parametrize("key", [b"user.name", b"user..name", b"\xff"])
def test_what_was_decided_about_a_key_is_no_right_of_others(key):
    """A key that one plugin may read is refused to one without the right, and in other phases."""
    get(key)
    assert code(get(key, make_grants({"scope": ["write"]}))) == "permission_denied"
    assert code(get(key, phase="init")) == "permission_denied"


def test_write_gives_segments_and_value():
    """A write comes as segments and the value, null included."""
    write = ScopeWrite(("a", "b"), None)
    assert put(b'{"key":"a.b","value":null}') == Decision("scope.grant write", write)


@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase != "execute"])
def test_no_scope_outside_execute(phase):
    """The scope is there in plugin_execute alone, whatever is granted."""
    for outcome in (get(b"a", phase=phase), put(b'{"key":"a","value":1}', phase=phase)):
        assert (outcome.code, outcome.rule) == ("permission_denied", "scope.phase")
        assert outcome.text == "permission denied: scope"


@pytest.mark.parametrize(
    ("decide", "granted", "request_"),
    [
        (get, "write", b"a"),
        (get, "write", b""),
        (put, "read", b'{"key":"a","value":1}'),
        (put, "read", b"no JSON"),
    ],
)
def test_no_right(decide, granted, request_):
    """Neither right implies the other, and without it the request is not looked at."""
    for grants in (make_grants({"scope": [granted]}), Grants()):
        outcome = decide(request_, grants)
        assert (outcome.code, outcome.rule) == ("permission_denied", "scope.no_grant")


# -- keys and values -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    ["a", "é", "a b", "a" * 256, "漢" * 256, "😀" * 256, "a._b", "a.__class__", "0", "-", "$"],
)
def test_key(key):
    """Keys are 1 to 256 characters of any script; only the first segment may not begin with _."""
    assert get(key.encode()).resource == tuple(key.split("."))
    assert put(json.dumps({"key": key, "value": 1}).encode()).resource.key == tuple(key.split("."))


@pytest.mark.parametrize(
    "key",
    [
        *("", "_", "_zeno_scope", "_a.b", "a" * 257, "a" * 1025, ".", ".a", "a.", "a..b"),
        *(
            "a\0",
            "a\n",
            "\ta",
            "a\x7f",
            "a\x85",
            "a\u200b",
            "a\u202e",
            "\ufeffa",
            "a\u2028",
            "a\xad",
            "\u3164",
            "a\u115f",
        ),
    ],
)
def test_no_key(key):
    """What is no key is an invalid request, for reading and for writing."""
    assert (get(key.encode()).code, get(key.encode()).rule) == ("invalid_request", "scope.key")
    outcome = put(json.dumps({"key": key, "value": 1}).encode())
    assert (outcome.code, outcome.rule) == ("invalid_request", "scope.key")


@pytest.mark.parametrize(
    ("request_", "code_", "rule"),
    [
        (b"\xff", "encoding", "scope.encoding"),
        (b"", "invalid_request", "scope.json"),
        (b"[]", "invalid_request", "scope.json"),
        (b'{"key":"a","value":1} x', "invalid_request", "scope.json"),
        (b'{"key":"a","value":1,"key":"b"}', "invalid_request", "scope.json"),
        (b'{"value":1}', "invalid_request", "scope.key"),
        (b'{"key":null,"value":1}', "invalid_request", "scope.key"),
        (b'{"key":"a"}', "invalid_request", "scope.value"),
        (b'{"key":"a","value":[[[[1]]]]}', "limit_exceeded", "scope.json_depth"),
        (b'{"key":"a","value":[1,2,3,4,5,6,7,8]}', "limit_exceeded", "scope.json_nodes"),
    ],
)
def test_malformed_write(request_, code_, rule):
    """A malformed write is refused with the rule that it breaks."""
    outcome = put(request_, limits=Limits(json_depth=4, json_nodes=8))
    assert (code(outcome), outcome.rule) == (code_, rule)


def test_enormous_write():
    """A request that no value of 1 MiB needs is refused before it is parsed."""
    outcome = put(b'{"key":"a","value":"' + b"a" * 7_000_000)
    assert (code(outcome), outcome.rule) == ("limit_exceeded", "scope.size")


def test_escaped_value():
    """A value of 1 MiB fits, however it is escaped."""
    value = "\0" * (1024 * 1024 - 2)
    assert put(json.dumps({"key": "a", "value": value}).encode()).resource.value == value


def test_key_in_other_encoding():
    """A key that is not UTF-8 is answered as such."""
    with pytest.raises(Refused) as refusal:
        scope.decide_get(BOTH, b"\xe9", "execute")
    assert (refusal.value.code, refusal.value.rule) == ("encoding", "scope.encoding")
