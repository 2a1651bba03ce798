"""What ends an instance, what the caller learns, and what goes on (ABI.md section 5)."""

from __future__ import annotations

import struct

import pytest

from pytest_zeno import (
    ClosedError,
    ExitError,
    LimitError,
    Limits,
    ProtocolError,
    TrapError,
    ZenoError,
    ZenoHost,
)
from tests.host.plugins import LOOP, TRAP, ask, asking, dropped, write
from tests.runtime.guests import entry

COUNTED = b'{"success":true,"data":{"count":0}}'
DIGIT = f"(i32.const {20000 + COUNTED.index(b'0')})"
COUNT = f"(i32.store8 {DIGIT} (i32.add (i32.load8_u {DIGIT}) (i32.const 1)))"
FAILURES = {
    "trap": (TRAP, TrapError, "trap.unreachable"),
    "exit": (
        "(call $proc_exit (i32.const 3)) (unreachable)",
        ExitError,
        "exit.proc_exit",
    ),
    "time": (LOOP, LimitError, "limit.time"),
    "null": ("(i32.const 0)", ProtocolError, "protocol.null_pointer"),
    "no response": ("(i32.const 1024)", ProtocolError, "response.success_missing"),
    "no JSON": ("(i32.const 1025)", ProtocolError, "protocol.json"),
}


def _failing(body):
    """Return a guest that counts its calls in its memory, writes, and fails in the second one."""
    given = asking("host_log", "host_env_get")
    text = struct.pack("<II", 21000, 5)
    return {
        "imports": (*given["imports"], "proc_exit", "fd_write"),
        "data": given["data"] | {20000: COUNTED + b"\0", 21000: b"dying", 22008: text},
        "run": f"""{dropped("host_log", "host_env_get")} {COUNT}
          (drop (call $fd_write
            (i32.const 2) (i32.const 22008) (i32.const 1) (i32.const 22016)))
          (if (i32.eq (i32.load8_u {DIGIT}) (i32.const {ord("2")}))
            (then {body if body.startswith("(call") else f"(return {body})"}))
          (i32.const 20000)""",
    }


@pytest.fixture
def neighbours(make):
    """A host with a short time limit, and a plugin that is never to notice anything."""
    with ZenoHost(limits=Limits(timeout=0.2)) as host:
        other = host.load(make("other", **_failing("(i32.const 20000)")))
        other.call("other.run")
        yield host, other


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_ends_the_instance_and_no_other(make, neighbours, name):
    """The error says where; the next call sees none of the old state; others keep theirs."""
    host, other = neighbours
    body, kind, code = FAILURES[name]
    plugin = host.load(make(**_failing(body)))
    assert plugin.call("probe.run").data == {"count": 1}
    with pytest.raises(kind) as caught:
        plugin.call("probe.run")
    error = caught.value
    assert (error.plugin, error.phase, error.slot) == ("probe", "execute", "probe.run")
    assert error.code == code
    assert [record.message for record in error.logs] == ["hello"]
    assert [call.function for call in error.host_calls] == ["host_log", "host_env_get"]
    assert plugin.call("probe.run").data == {"count": 1}
    assert other.call("other.run").data == {"count": 2}


def test_a_trap_has_its_backtrace_and_what_was_written(make, host):
    """The frames of the guest, and its standard error."""
    plugin = host.load(make(**_failing(TRAP)))
    plugin.call("probe.run")
    with pytest.raises(TrapError) as error:
        plugin.call("probe.run")
    assert error.value.backtrace[0].startswith("execute at 0x")
    assert error.value.stderr == "dying" * 2


def test_an_exit_keeps_its_status(make, host):
    """And says what to do instead."""
    plugin = host.load(make(**_failing(FAILURES["exit"][0])))
    plugin.call("probe.run")
    with pytest.raises(ExitError) as error:
        plugin.call("probe.run")
    assert (error.value.status, error.value.stderr) == (3, "dying" * 2)
    assert error.value.hint


def test_a_refused_response_is_shown(make, host):
    """The bytes that came are in the error."""
    plugin = host.load(make(run="(i32.const 1024)"))
    with pytest.raises(ProtocolError) as error:
        plugin.call("probe.run")
    assert '{"name":"probe"' in error.value.observed


@pytest.mark.parametrize("phase", ["start", "init", "register", "cleanup"])
def test_a_trap_names_its_phase(make, phase):
    """Wherever it happens, and leaves nothing behind."""
    parts = {
        "start": {"extra": f'(func (export "_initialize") {TRAP})'},
        "init": {"init": entry("plugin_init", TRAP)},
        "register": {"register": entry("plugin_register_slots", TRAP)},
        "cleanup": {"cleanup": f'(func (export "plugin_cleanup") {TRAP})'},
    }[phase]
    with ZenoHost() as host, pytest.raises(TrapError) as error:
        host.load(make(**parts)).close()
    assert (error.value.plugin, error.value.phase, error.value.slot) == ("probe", phase, "")


def test_metadata_that_is_refused_comes_with_what_the_guest_did(make, host):
    """A protocol error of init has the logs and host calls of init."""
    given = asking("host_log", "host_env_get")
    body = f"{dropped('host_log', 'host_env_get')} (i32.const 4096)"
    with pytest.raises(ProtocolError) as error:
        host.load(make(**given, init=entry("plugin_init", body)))
    assert (error.value.plugin, error.value.phase) == ("probe", "init")
    assert [record.message for record in error.value.logs] == ["hello"]
    assert [call.function for call in error.value.host_calls] == ["host_log", "host_env_get"]


def test_a_fresh_instance_that_fails_is_tried_again(make):
    """A start that fails once does not bar the plugin for good."""
    given = asking("host_env_get")
    run = f"(if (i32.load8_u {ask('host_env_get')}) (then {TRAP})) (i32.const 4096)"
    init = f"(if (i32.load8_u {ask('host_env_get')}) (then {TRAP})) (i32.const 1024)"
    folder = make(
        manifest="permissions: {env: [API_KEY]}\n",
        **given,
        init=entry("plugin_init", init),
        run=run,
    )
    with ZenoHost() as host:
        plugin = host.load(folder)
        host.env["API_KEY"] = "trap"
        for phase in ("execute", "init", "init"):
            with pytest.raises(TrapError) as error:
                plugin.call("probe.run")
            assert error.value.phase == phase
        del host.env["API_KEY"]
        assert plugin.call("probe.run").success


def test_calls_go_on_after_parameters_that_are_no_json(make, host):
    """A ValueError of the caller's making does not cost the instance."""
    plugin = host.load(make(**_failing("(i32.const 20000)")))
    plugin.call("probe.run")
    with pytest.raises(ValueError, match="numbers are finite"):
        plugin.call("probe.run", value=float("nan"))
    assert plugin.call("probe.run").data == {"count": 2}


def test_a_slot_name_of_the_caller_is_made_harmless(make, host):
    """Slots may come from a guest's list, and stand in errors."""
    plugin = host.load(make(run=TRAP))
    with pytest.raises(TrapError) as error:
        plugin.call("a\n::error::b")
    assert error.value.slot == "a\\u000a::error::b"


# -- closed ----------------------------------------------------------------------------------------


def test_a_closed_plugin_says_so(make, host):
    """With where, and what to do."""
    plugin = host.load(make())
    plugin.close()
    with pytest.raises(ClosedError) as error:
        plugin.call("probe.run")
    error = error.value
    assert (error.plugin, error.phase, error.slot) == ("probe", "execute", "probe.run")
    assert (error.code, bool(error.hint)) == ("closed.plugin", True)
    with pytest.raises(ClosedError):
        plugin.send("probe.run", b"{}")
    with pytest.raises(ClosedError):
        _ = plugin.memory


@pytest.mark.parametrize("method", ["load", "load_directory"])
def test_a_closed_host_says_so(make, method):
    """It loads nothing, and reports no plugin as bad."""
    folder = make()
    host = ZenoHost()
    host.close()
    with pytest.raises(ClosedError) as error:
        getattr(host, method)(folder)
    assert (error.value.code, bool(error.value.hint)) == ("closed.host", True)
    assert host.failures == {}


def test_every_error_is_a_zeno_error(tmp_path, host):
    """One except clause is enough."""
    write(tmp_path / "p", run=TRAP)
    plugin = host.load(tmp_path / "p")
    with pytest.raises(ZenoError):
        plugin.call("probe.run")
