"""Each limit holds, and its error says which it is, what is allowed, and how to raise it."""

from __future__ import annotations

import time

import pytest

from pytest_zeno import LimitError, Limits, TrapError, ZenoHost
from pytest_zeno.limits import MIB
from tests.host.plugins import LOOP, TRAP, ask, asking, slots
from tests.runtime.guests import entry

LOG = asking("host_log")
ASK = asking("host_env_get")
MANY = f"(loop $l (drop {ask('host_env_get')}) (br $l)) (unreachable)"
DEEP = b'{"success":true,"data":{"a":' + b"[" * 9 + b"]" * 9 + b"}}\0"
WIDE = b'{"success":true,"data":{"a":[' + b"0," * 99 + b"0]}}\0"
LONG = b'{"success":true,"data":{"a":"' + b"x" * 2000 + b'"}}\0'
START = f'(func (export "_initialize") {LOOP})'
CASES = {
    "module": (100, {}, "limit.module"),
    "imports": (1, {"imports": ("host_log", "host_env_get")}, "limit.imports"),
    "exports": (4, {}, "limit.exports"),
    "load_timeout": (0.05, {"extra": START}, "limit.time"),
    "timeout": (0.05, {"run": LOOP}, "limit.time"),
    "fuel": (500, {"run": LOOP}, "limit.fuel"),
    "memory": (MIB, {"memory": '(memory (export "memory") 17)'}, "limit.instantiate"),
    "tables": (1, {"extra": "(table 1 funcref) (table 1 funcref)"}, "limit.instantiate"),
    "table_elements": (9, {"extra": "(table 10 funcref)"}, "limit.instantiate"),
    "reply": (1000, {"run": "(i32.const 30000)", "data": {30000: LONG}}, "limit.reply"),
    "json_depth": (8, {"run": "(i32.const 30000)", "data": {30000: DEEP}}, "limit.json_depth"),
    "json_nodes": (50, {"run": "(i32.const 30000)", "data": {30000: WIDE}}, "limit.json_nodes"),
    "slots": (
        2,
        {
            "data": {30000: slots("probe.a", "probe.b", "probe.c")},
            "register": entry("plugin_register_slots", "(i32.const 30000)"),
        },
        "limit.slots",
    ),
    "host_calls": (10, ASK | {"run": MANY}, "limit.host_calls"),
}
GIVEN = {"imports": 2, "exports": 6, "reply": 2032, "slots": 3}
"""What comes, where the host knows it."""


@pytest.fixture(params=["fast", "plain"])
def path(request, monkeypatch):
    """Each call path in turn."""
    monkeypatch.setenv("ZENO_RUNTIME", request.param)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("limit", CASES)
def test_a_limit_holds_and_is_named(make, limit):
    """With the limit as it is the same guest is let be, or ends by another one."""
    allowed, parts, code = CASES[limit]
    with ZenoHost() as host:
        folder = make(**parts)
        with pytest.raises(LimitError) as caught:
            host.load(folder, limits={limit: allowed}).call("probe.run")
        error = caught.value
        assert (error.code, error.plugin) == (code, "probe")
        assert (error.limit, error.allowed) == (limit, allowed)
        assert error.given == GIVEN.get(limit, error.given)
        assert f"raise Limits({limit}=...) (--zeno-limit={limit}=...)" in error.hint


def test_the_stack_is_a_trap(make, host):
    """It says how to raise it, too; a larger one lets the same guest go deeper."""
    deeper = """(if (i32.lt_u (local.get $name) (i32.const 70000))
      (then (return (call $execute (i32.add (local.get $name) (i32.const 1))
        (i32.const 0) (i32.const 0) (i32.const 0))))) (i32.const 4096)"""
    folder = make(run=deeper)
    with pytest.raises(TrapError) as caught:
        host.load(folder, limits={"stack": "32KiB"}).call("probe.run")
    assert caught.value.code == "trap.stack_overflow"
    assert "raise Limits(stack=...)" in caught.value.hint


def test_log_lines_above_the_limits_are_dropped(make, host):
    """The guest goes on, and one notice counts them."""
    line = ask("host_log")
    plugin = host.load(
        make(**LOG, run=f"{line} {line} {line} (i32.const 4096)"), limits={"log_records": 1}
    )
    result = plugin.call("probe.run")
    said = [record.message for record in result.logs]
    assert said == ["hello", "2 log lines above the limits were dropped"]


def test_a_memory_that_is_full_grows_no_further(make, host):
    """`memory.grow` gives -1, and what the guest does then is its own affair."""
    grow = "(if (i32.ne (memory.grow (i32.const 15)) (i32.const -1)) (then (unreachable)))"
    plugin = host.load(make(run=f"{grow} (i32.const 4096)"), limits={"memory": MIB})
    assert plugin.call("probe.run").memory == 2 * 65536


# -- the time limit --------------------------------------------------------------------------------

LOOPS = {
    "alone": ({}, LOOP),
    "around a host call": (ASK, MANY.replace("(drop", "(drop ", 1)),
    "around a log line": (LOG, f"(loop $l {ask('host_log')} (br $l)) (unreachable)"),
    "around memory.grow": (
        {},
        "(loop $l (drop (memory.grow (i32.const 0))) (br $l)) (unreachable)",
    ),
}


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("loop", LOOPS)
def test_the_time_limit_ends_every_loop(make, host, loop):
    """Also one that is in the host most of the time; in 0.1 s and not in the 5 s of the default."""
    parts, run = LOOPS[loop]
    limits = Limits(timeout=0.1, host_calls=10**9)
    plugin = host.load(make(**parts, run=run), limits=limits)
    before = time.process_time()
    with pytest.raises(LimitError) as caught:
        plugin.call("probe.run")
    assert (caught.value.code, caught.value.limit) == ("limit.time", "timeout")
    assert time.process_time() - before < 2


def test_a_trap_is_no_limit(make, host):
    """A guest with limits to spare is not blamed for one."""
    with pytest.raises(TrapError) as caught:
        host.load(make(run=TRAP)).call("probe.run")
    assert caught.value.hint == ""
