"""Host functions that fail, stall and answer garbage because a test says so."""

from __future__ import annotations

import json
import re

import pytest

from pytest_zeno import ExpectationError, LimitError, Limits, ZenoHost
from pytest_zeno.host.effects import PATIENCE
from pytest_zeno.runtime.abi import ANSWER_NUMBERS, HOST_FUNCTIONS
from tests.host.plugins import GRANTS, REQUESTS, ask, asking, dropped

TEXTS = ("host_db_query", "host_http_request", "host_scope_get", "host_file_read")
ANSWERING = tuple(name for name in HOST_FUNCTIONS if name != "host_log")
GARBAGE = {name: 7 if name in ANSWER_NUMBERS else b"{\xff" for name in ANSWERING}


@pytest.fixture
def host():
    """A host that serves what `REQUESTS` ask for."""
    with ZenoHost(env={"API_KEY": "k"}, scope={"user": 7}) as host:
        host.db.connect("main")
        host.files.put("/srv/a.txt", "a")
        host.http.respond("GET", "https://api.example.com/a", body=b"found")
        yield host


@pytest.fixture
def asks(make, host):
    """Return a function that loads a plugin which asks for one thing, with every grant."""
    return lambda function, times=1, manifest=GRANTS: host.load(
        make(
            manifest=manifest,
            **asking(function),
            run=f"{dropped(*[function] * times)} (i32.const 4096)",
        )
    )


def _rules(result):
    return [call.rule for call in result.host_calls]


# -- failing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", TEXTS)
def test_a_failure_is_the_contracts_error_reply(host, asks, function):
    """The reply has the text and the code that were given, and the ledger says who gave them."""
    host.faults.fail(function, error="disk full", code="unavailable")
    (call,) = asks(function).call("probe.run").host_calls
    expected = {"success": False, "error": "disk full", "code": "unavailable"}
    assert json.loads(call.reply) == expected
    assert (call.allowed, call.code, call.rule) == (False, "unavailable", "fault.fail")
    assert call.detail.startswith(f"{function} fails with unavailable: disk full; ")


def test_a_failure_without_a_text_has_the_contracts_own(host, asks):
    """By default the guest reads what it would read of any other error."""
    host.faults.fail("host_db_query")
    (call,) = asks("host_db_query").call("probe.run").host_calls
    expected = {"success": False, "error": "internal error", "code": "internal"}
    assert json.loads(call.reply) == expected


@pytest.mark.parametrize("function", sorted(ANSWER_NUMBERS))
def test_a_failed_write_is_0_and_writes_nothing(host, asks, function):
    """What answers a number answers 0, and the service is not asked."""
    host.faults.fail(function)
    (call,) = asks(function).call("probe.run").host_calls
    assert (call.reply, call.rule) == (0, "fault.fail")
    assert "seen" not in host.scope
    assert not host.files.path("/srv/b.txt").exists()


def test_a_failed_variable_is_empty(host, asks):
    """A variable is as if it were not set."""
    host.faults.fail("host_env_get")
    (call,) = asks("host_env_get").call("probe.run").host_calls
    assert (call.reply, call.rule) == (b"", "fault.fail")


def test_a_failed_log_line_is_lost(host, asks):
    """The line is in the ledger and not in the log."""
    host.faults.fail("host_log", nth=1)
    result = asks("host_log", times=2).call("probe.run")
    assert [record.message for record in result.logs] == ["hello"]
    assert _rules(result) == ["fault.fail", "log.always"]


# -- stalling --------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [name for name in HOST_FUNCTIONS if name not in PATIENCE])
def test_a_stall_beyond_the_limit_ends_the_call(host, asks, function):
    """The call ends as one that took too long, without anybody waiting; the next one is fresh."""
    plugin = asks(function)
    fault = host.faults.stall(function, seconds=3600, times=1)
    with pytest.raises(LimitError) as caught:
        plugin.call("probe.run")
    error = caught.value
    assert (error.code, error.phase, error.slot) == ("limit.time", "execute", "probe.run")
    assert error.message == f"the time limit has passed while {function} stalled for 3600 s"
    assert [(call.code, call.rule) for call in error.host_calls] == [("timeout", "fault.stall")]
    assert len(fault.requests) == 1
    assert plugin.call("probe.run").success


@pytest.mark.parametrize("function", HOST_FUNCTIONS)
def test_a_short_stall_is_served_afterwards(host, asks, function):
    """What fits into the call's time is served; the ledger names the stall and the grant."""
    plugin = asks(function)
    served = plugin.call("probe.run").host_calls[0].reply
    host.faults.stall(function, seconds=0.5)
    (call,) = plugin.call("probe.run").host_calls
    assert (call.allowed, call.rule, call.reply) == (True, "fault.stall", served)
    assert call.detail.startswith(f"{function} stalls for 0.5 s; ")
    assert call.detail.endswith(" allows it")


def test_stalls_of_one_call_add_up(host, asks):
    """Three times two seconds are more than five, and the next call starts from nothing."""
    plugin = asks("host_scope_get", times=3)
    host.faults.stall("host_scope_get", seconds=2, times=5)
    with pytest.raises(LimitError) as caught:
        plugin.call("probe.run")
    assert len(caught.value.host_calls) == 3
    assert plugin.call("probe.run").success


@pytest.mark.parametrize("function", PATIENCE)
def test_the_host_loses_patience_with_a_service(make, function):
    """HTTP and databases have deadlines of their own: the guest reads `timeout`."""
    folder = make(manifest=GRANTS, **asking(function), run=ask(function))
    with ZenoHost(limits=Limits(timeout=30)) as host:
        host.faults.stall(function, seconds=PATIENCE[function] + 1)
        result = host.load(folder).call("probe.run")
    assert (result.success, result.error) == (False, "timeout")
    assert (result.host_calls[0].code, _rules(result)) == ("timeout", ["fault.stall"])


def test_a_stall_within_patience_can_be_too_long_for_the_call(make):
    """The call's own limit comes first where it is the shorter one."""
    function = "host_http_request"
    folder = make(manifest=GRANTS, **asking(function), run=ask(function))
    with ZenoHost() as host:
        host.faults.stall(function, seconds=6)
        with pytest.raises(LimitError, match="stalled for 6 s"):
            host.load(folder).call("probe.run")


# -- garbage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("function", "reply"), GARBAGE.items())
def test_garbage_is_what_the_guest_gets(host, asks, function, reply):
    """The reply is as given, the service is not asked, and the ledger says so."""
    host.faults.garbage(function, reply)
    (call,) = asks(function).call("probe.run").host_calls
    assert (call.allowed, call.rule, call.reply) == (True, "fault.garbage", reply)
    assert "seen" not in host.scope
    assert not host.files.path("/srv/b.txt").exists()


@pytest.mark.parametrize("path", ["fast", "plain"])
def test_garbage_reaches_the_guest(make, host, monkeypatch, path):
    """On both call paths the guest reads these bytes, and that number."""
    monkeypatch.setenv("ZENO_RUNTIME", path)
    done = "(i32.add (i32.const 4095) (call $host_scope_set (i32.const {}) (i32.const {})))"
    at = next(iter(asking("host_scope_set")["data"]))
    parts = asking("host_scope_set", "host_scope_get")
    host.faults.garbage("host_scope_set", 1)
    run = done.format(at, len(REQUESTS["host_scope_set"]))
    assert host.load(make("one", manifest=GRANTS, **parts, run=run)).call("one.run").success
    host.faults.garbage("host_scope_get", b'{"success":true,"data":{"n":1}}')
    folder = make("two", manifest=GRANTS, **parts, run=ask("host_scope_get"))
    assert host.load(folder).call("two.run").data == {"n": 1}


# -- which call ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "failed"),
    [
        ({}, [1, 2, 3, 4]),
        ({"nth": 2}, [2]),
        ({"times": 3}, [1, 2, 3]),
        ({"nth": 2, "times": 2}, [2, 3]),
    ],
)
def test_calls_are_chosen_by_number(host, asks, chosen, failed):
    """`nth` is one call, `times` so many; calls are counted over all calls of slots."""
    plugin = asks("host_env_get", times=2)
    plugin.call("probe.run")  # before the fault: not counted
    fault = host.faults.fail("host_env_get", **chosen)
    rules = _rules(plugin.call("probe.run")) + _rules(plugin.call("probe.run"))
    assert [at for at, rule in enumerate(rules, 1) if rule == "fault.fail"] == failed
    assert len(fault.requests) == len(failed)


def test_a_fault_is_for_one_function(host, asks):
    """Other functions are served."""
    host.faults.fail("host_scope_get", optional=True)
    assert _rules(asks("host_env_get").call("probe.run")) == ["env.grant API_KEY"]


def test_of_two_faults_the_first_has_its_way(host, asks):
    """Both count the same calls."""
    host.faults.garbage("host_env_get", b"x", nth=2)
    host.faults.fail("host_env_get")
    result = asks("host_env_get", times=3).call("probe.run")
    assert _rules(result) == ["fault.fail", "fault.garbage", "fault.fail"]


def test_a_call_without_permission_meets_no_fault(host, asks):
    """What is refused is not counted: it would never have reached the service."""
    fault = host.faults.fail("host_db_query", optional=True)
    (call,) = asks("host_db_query", manifest="").call("probe.run").host_calls
    assert (call.rule, fault.calls) == ("database.no_grant", 0)


def test_faults_hold_in_every_phase(make, host):
    """A fault that is there before the plugin is loaded is met by `plugin_init`."""
    init = f'(func (export "plugin_init") (result i32) {dropped("host_env_get")} (i32.const 1024))'
    host.faults.fail("host_env_get")
    host.load(make(manifest=GRANTS, **asking("host_env_get"), init=init))
    assert [(call.phase, call.rule) for call in host.ledger] == [("init", "fault.fail")]


def test_clear_ends_every_fault(host, asks):
    """Afterwards everything is served again, by the instance that is there."""
    plugin = asks("host_env_get")
    host.faults.fail("host_env_get")
    plugin.call("probe.run")
    host.faults.clear()
    assert _rules(plugin.call("probe.run")) == ["env.grant API_KEY"]
    assert list(host.faults) == []


# -- what was not met ------------------------------------------------------------------------------


def test_a_fault_that_nothing_met_is_told(host, asks):
    """A test whose fault did not happen has tested nothing."""
    host.faults.fail("host_env_get", nth=2)
    host.faults.fail("host_file_read", optional=True)
    asks("host_env_get").call("probe.run")
    with pytest.raises(ExpectationError) as caught:
        host.faults.verify()
    assert caught.value.code == "faults.unmet"
    assert caught.value.message == (
        "not met: host_env_get fails with internal: internal error, "
        "which takes 2 calls that are granted; there were 1"
    )
    host.faults.strict = False
    host.faults.verify()


def test_a_fault_that_was_met_is_fine(host, asks):
    """Once is enough for one that is there for ever."""
    host.faults.fail("host_env_get")
    asks("host_env_get").call("probe.run")
    host.faults.verify()


# -- what cannot be --------------------------------------------------------------------------------


@pytest.mark.parametrize("make_fault", ["fail", "stall", "garbage"])
def test_another_function_is_refused_with_the_eight(host, make_fault):
    """The error names every function, and the one that was meant."""
    given = {"fail": {}, "stall": {"seconds": 1}, "garbage": {"reply": b""}}[make_fault]
    with pytest.raises(ValueError, match="is no host function") as caught:
        getattr(host.faults, make_fault)("host_db_querry", **given)
    assert all(name in str(caught.value) for name in HOST_FUNCTIONS)
    assert str(caught.value).endswith("did you mean 'host_db_query'?")


@pytest.mark.parametrize(
    ("add", "said"),
    [
        (lambda faults: faults.fail("host_log", nth=0), "`nth` is 0"),
        (lambda faults: faults.fail("host_log", times=0), "`times` is 0"),
        (lambda faults: faults.fail("host_log", code="teapot"), "'teapot' is no code"),
        (lambda faults: faults.fail("host_log", error="\ud800"), "expected a text"),
        (lambda faults: faults.stall("host_log", seconds=0), "`seconds` is 0"),
        (lambda faults: faults.stall("host_log", seconds=float("nan")), "`seconds` is nan"),
        (lambda faults: faults.garbage("host_log", b""), "host_log answers nothing"),
        (lambda faults: faults.garbage("host_scope_set", b"1"), "answers a number"),
        (lambda faults: faults.garbage("host_scope_set", 2**31), "a number from 0 to 2147483647"),
        (lambda faults: faults.garbage("host_scope_get", "{"), "give its bytes, not '{'"),
    ],
)
def test_what_cannot_be_is_refused_at_once(host, add, said):
    """An error in a test shows where it was made."""
    with pytest.raises(ValueError, match=re.escape(said)):
        add(host.faults)
    assert list(host.faults) == []
