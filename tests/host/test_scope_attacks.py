"""Recorded attacks on the scope, each by a guest in a whole host, from manifest to reply."""

from __future__ import annotations

import json

import pytest

from pytest_zeno import ZenoHost
from pytest_zeno.errors import ManifestError
from tests.host.plugins import GRANTS, ask, asking, write
from tests.permissions.corpus import by_id, load

CASES = load("scope")
FAR = 1 << 20
"""Where a request that is one unit many times is written, behind everything else."""


def manifest(case):
    """Return the permissions of a case as YAML."""
    return f"permissions:\n  scope: {json.dumps(case['grants'])}\n"


def request(call):
    """Return the name of the host function and the guest's bytes; what is repeated is left out."""
    if call["fn"].startswith("get"):
        return "host_scope_get", call.get("key", "").encode()
    if call["fn"] == "set":
        value = {"key": call["key"], "value": call["value"]}
        return "host_scope_set", json.dumps(value).encode()
    return "host_scope_set", call.get("json", call.get("prefix", "")).encode()


def many(name, start, unit, times):
    """Return a guest that asks with a start and a unit many times behind it, doubled in place."""
    size, first = len(unit) * times, FAR + len(start)
    return {
        "imports": (name,),
        "memory": f'(memory (export "memory") {(FAR + size) // 65536 + 2})',
        "data": {FAR: start + unit},
        "run": f"""(local.set $a (i32.const {len(unit)}))
          (loop $double
            (local.set $b (i32.sub (i32.const {size}) (local.get $a)))
            (if (i32.gt_u (local.get $b) (local.get $a)) (then (local.set $b (local.get $a))))
            (memory.copy (i32.add (i32.const {first}) (local.get $a)) (i32.const {first})
              (local.get $b))
            (local.set $a (i32.add (local.get $a) (local.get $b)))
            (br_if $double (i32.lt_u (local.get $a) (i32.const {size}))))
          (drop (call ${name} (i32.const {FAR}) (i32.const {len(start) + size})))
          (i32.const 4096)""",
    }


def guest(call):
    """Return the parts of a guest that makes the call of a case."""
    if call is None:
        return {}
    if call["fn"] == "execute":
        log = "(call $host_log (i32.const 0) (i32.const 0) (local.get 2) (local.get 3))"
        reply = json.dumps(call.get("reply", {"success": True})).encode()
        run = f"{log} (i32.const 4096)"
        return {"imports": ("host_log",), "data": {4096: reply + b"\0"}, "run": run}
    name, asked = request(call)
    if "times" in call:
        return many(name, asked, call["unit"].encode(), call["times"])
    run = f"(drop {ask(name, asked)}) (i32.const 4096)"
    return {**asking(name, **{name: asked}), "run": run}


def leave_over(folder, host):
    """Call another slot of a plugin that may do all, whose response and request have the key."""
    left = b'{"success":true,"data":{"left_over":1}}\0'
    other = host.load(write(folder, "other", manifest=GRANTS, data={4096: left}))
    assert other.call("other.run", left_over=1).data == {"left_over": 1}


@pytest.mark.parametrize("case", CASES, ids=by_id)
def test_attack(case, tmp_path):
    """A guest gets what the line says and nothing of what it may not see; no value changes."""
    call, expected = case["call"], case["expect"]
    folder = write(tmp_path / "probe", manifest=manifest(case), **guest(call))
    with ZenoHost(scope=case["scope_values"]) as host:
        if expected == "reject_manifest":
            with pytest.raises(ManifestError):
                host.load(folder)
            return
        plugin = host.load(folder)
        if call["fn"] == "get_after_other_call":
            leave_over(tmp_path / "other", host)
        result = plugin.call("probe.run")
        if call["fn"] == "execute":
            check_execution(case, host, result)
        else:
            (made,) = result.host_calls
            assert made.request.startswith(request(call)[1] + call.get("unit", "").encode() * 2)
            check_reply(case, made.reply)
        written = {call["key"]: call["value"]} if expected == 1 else {}
        assert host.scope.snapshot() == case["scope_values"] | written


def check_execution(case, host, result):
    """What a slot is given has no scope in it, and what it answers goes to the caller alone."""
    (given,) = host.log.records
    asked = json.loads(given.message)
    assert "_zeno_scope" not in {**asked, **asked["parameters"]}
    assert "TOPSECRET" not in given.message
    assert result.data == case["call"].get("reply", {}).get("data")


def check_reply(case, reply):
    """The guest gets a number for a write, and a value or a failure without one for a read."""
    if isinstance(reply, int):
        assert reply == case["expect"]
        return
    answer = json.loads(reply)
    assert answer["success"] is case["expect"]["success"]
    assert answer.get("data", {}).get("value") == case["expect"].get("value")
    assert not any(secret in reply.decode() for secret in case.get("must_not_show", ()))
