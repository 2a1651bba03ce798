"""Recovery: whatever ends a guest is a typed error, and the next call is on a fresh instance.

Each guest counts its calls in its memory: an instance that was used again would be found out.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from pytest_zeno import ExitError, LimitError, Limits, ProtocolError, TrapError, ZenoHost
from tests.host.plugins import LOOP, TRAP, ask, asking
from tests.runtime.guests import entry

DWARF = Path(__file__).parents[1] / "runtime" / "data" / "dwarf" / "boom.wasm"

COUNTED = b'{"success":true,"data":{"count":0}}'
DIGIT = f"(i32.const {20000 + COUNTED.index(b'0')})"
EXIT = "(call $proc_exit (i32.const 2)) (unreachable)"
GROW = "(loop $l (br_if $l (i32.ge_s (memory.grow (i32.const 16)) (i32.const 0))))"
TRAPS = {
    "unreachable": (TRAP, "trap.unreachable"),
    "out of the memory": ("(drop (i32.load (i32.const -4)))", "trap.memory"),
    "out of the table": ("(call_indirect (type $none) (i32.const 9))", "trap.table"),
    "an empty entry": ("(call_indirect (type $none) (i32.const 1))", "trap.call_null"),
    "the wrong type": ("(call_indirect (type $none) (i32.const 0))", "trap.call_type"),
    "division by zero": ("(drop (i32.div_s (i32.const 1) (i32.const 0)))", "trap.division_by_zero"),
    "an overflow": (
        "(drop (i32.div_s (i32.const -2147483648) (i32.const -1)))",
        "trap.integer_overflow",
    ),
    "no integer": ("(drop (i32.trunc_f32_s (f32.const nan)))", "trap.conversion"),
    "recursion": ("(call $deeper)", "trap.stack_overflow"),
    "a loop": ("(loop $l (br $l))", "limit.time"),
    "an exit": ("(call $proc_exit (i32.const 0))", "exit.proc_exit"),
    "null": ("(return (i32.const 0))", "protocol.null_pointer"),
}
TABLE = """(type $none (func)) (table 2 funcref) (elem (i32.const 0) $execute)
  (func $deeper (call $deeper) (call $deeper))"""


def counting(body: str, *imports: str, **parts):
    """Return a guest that counts its calls in its memory, and ends as `body` does in the second."""
    run = f"""(i32.store8 {DIGIT} (i32.add (i32.load8_u {DIGIT}) (i32.const 1)))
      (if (i32.eq (i32.load8_u {DIGIT}) (i32.const {ord("2")})) (then {body}))
      (i32.const 20000)"""
    data = parts.pop("data", {}) | {20000: COUNTED + b"\0"}
    return {"imports": ("proc_exit", *imports), "extra": TABLE, "data": data, "run": run} | parts


@pytest.fixture(params=["fast", "plain"])
def quick(request, monkeypatch):
    """A host with a short time limit, on each call path."""
    monkeypatch.setenv("ZENO_RUNTIME", request.param)
    with ZenoHost(limits=Limits(timeout="150ms")) as host:
        yield host


@pytest.mark.parametrize("name", TRAPS)
def test_the_call_after_an_end_sees_a_fresh_instance(make, quick, name):
    """The error names plugin, phase, slot and kind; the count begins again, each time."""
    body, code = TRAPS[name]
    plugin = quick.load(make(**counting(body)))
    for _ in range(2):
        assert plugin.call("probe.run").data == {"count": 1}
        with pytest.raises((TrapError, ExitError, LimitError, ProtocolError)) as caught:
            plugin.call("probe.run")
        error = caught.value
        assert (error.code, error.plugin) == (code, "probe")
        assert (error.phase, error.slot) == ("execute", "probe.run")
    assert plugin.call("probe.run").data == {"count": 1}


@pytest.mark.parametrize("body", [TRAP, EXIT, LOOP], ids=["trap", "exit", "loop"])
@pytest.mark.parametrize("phase", ["start", "init", "register", "cleanup"])
def test_an_end_in_another_phase_names_it(make, phase, body):
    """The plugin is not loaded, or is closed all the same; the host takes the next one."""
    parts = {
        "start": {"extra": f'(func (export "_initialize") {body})'},
        "init": {"init": entry("plugin_init", body)},
        "register": {"register": entry("plugin_register_slots", body)},
        "cleanup": {"cleanup": f'(func (export "plugin_cleanup") {body})'},
    }[phase]
    with ZenoHost(limits=Limits(timeout=0.1, load_timeout=0.1)) as host:
        with pytest.raises((TrapError, ExitError, LimitError)) as caught:
            host.load(make(imports=("proc_exit",), **parts)).close()
        assert (caught.value.plugin, caught.value.phase) == ("probe", phase)
        assert host.plugins == {}
        assert host.load(make(**counting(""))).call("probe.run").data == {"count": 1}


# -- what the author is shown ----------------------------------------------------------------------


def test_a_frame_has_its_file_and_line(quick):
    """Where the module has debug information; the module was built with -g, from boom.c."""
    plugin = quick.load(DWARF)
    assert [plugin.call("boom.run").data["count"] for _ in range(2)] == [1, 2]
    with pytest.raises(TrapError) as caught:
        plugin.call("boom.run")
    inner, outer = caught.value.backtrace
    assert inner.startswith("count at 0x")
    assert inner.endswith("(./boom.c:21:9)")
    assert outer.endswith("(./boom.c:27:5)")
    assert inner in str(caught.value)
    assert plugin.call("boom.run").data == {"count": 1}


def _panicking(body: str, *, before: int = 0):
    """Return a guest that writes `before` bytes to stderr, then a panic's message, and ends."""
    said = b"panicked at src/lib.rs:7"
    vectors = struct.pack("<IIII", 0, before, 21000, len(said))
    write = (
        "(drop (call $fd_write (i32.const 2) (i32.const 22008) (i32.const 2) (i32.const 22040)))"
    )
    return counting(f"{write} {body}", "fd_write", data={21000: said, 22008: vectors})


@pytest.mark.parametrize("body", [TRAP, EXIT, "(loop $l (br $l))"], ids=["trap", "exit", "loop"])
def test_what_a_panic_wrote_is_shown(make, quick, body):
    """Rust traps behind its message, Go exits with 2; a guest that hangs may have said why, too."""
    plugin = quick.load(make(**_panicking(body)))
    plugin.call("probe.run")
    with pytest.raises((TrapError, ExitError, LimitError)) as caught:
        plugin.call("probe.run")
    assert caught.value.stderr == "panicked at src/lib.rs:7"
    assert "\n  | panicked at src/lib.rs:7" in str(caught.value)


def test_the_last_words_are_kept(make, quick):
    """A guest that wrote more than is kept before it panicked."""
    plugin = quick.load(make(**_panicking(TRAP, before=100_000)))
    plugin.call("probe.run")
    with pytest.raises(TrapError) as caught:
        plugin.call("probe.run")
    assert caught.value.stderr.endswith("panicked at src/lib.rs:7")


def test_a_guest_whose_memory_was_full_is_told(make, quick):
    """It fails in its own way; the hint says what may have been the reason."""
    folder = make(**counting(f"{GROW} {TRAP}"))
    plugin = quick.load(folder, limits={"memory": "2MiB"})
    plugin.call("probe.run")
    with pytest.raises(TrapError) as caught:
        plugin.call("probe.run")
    assert "of the 2097152 bytes" in caught.value.hint
    assert "raise Limits(memory=...)" in caught.value.hint
    assert plugin.call("probe.run").memory == 131072


# -- the host's side -------------------------------------------------------------------------------


class _Database:
    """A database that runs a function when it is asked."""

    def __init__(self, run):
        self.query = lambda _sql, _params: run()

    def close(self):
        pass


def _asking_in_the_second_call():
    given = asking("host_db_query")
    body = f"(drop {ask('host_db_query')})"
    parts = counting(body, *given["imports"], data=given["data"])
    return parts | {"manifest": "permissions: {database: [main]}\n"}


@pytest.mark.parametrize("failure", [RecursionError, MemoryError, LookupError])
def test_an_exception_of_a_service_is_an_answer(make, host, failure):
    """The guest is told that the host failed, and no more; it lives on."""

    def fail():
        raise failure("secret")

    host.db.connect("main", _Database(fail))
    plugin = host.load(make(**_asking_in_the_second_call()))
    plugin.call("probe.run")
    result = plugin.call("probe.run")
    assert result.data == {"count": 2}
    (call,) = result.host_calls
    assert (call.code, call.rule) == ("internal", "service.failed")
    assert b"secret" not in call.reply


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_goes_through_and_ends_the_instance(make, host, ending):
    """What is raised to end the process is no answer; the next call is on a fresh instance."""

    def end():
        raise ending

    host.db.connect("main", _Database(end))
    plugin = host.load(make(**_asking_in_the_second_call()))
    plugin.call("probe.run")
    with pytest.raises(ending):
        plugin.call("probe.run")
    assert plugin.call("probe.run").data == {"count": 1}


def test_plugins_that_call_each_other_have_a_floor(make):
    """Each has a stack of its own on the thread's: at some depth that would be a crash."""
    given = asking("host_db_query")
    chain, depth = [], []
    with ZenoHost(limits=Limits(nesting=3)) as host:

        def deeper():
            depth.append(1)
            chain[len(depth)].call(f"p{len(depth)}.run")

        host.db.connect("main", _Database(deeper))
        manifest = "permissions: {database: [main]}\n"
        chain += [
            host.load(make(f"p{at}", **given, manifest=manifest, run=ask("host_db_query")))
            for at in range(5)
        ]
        with pytest.raises(LimitError) as caught:
            chain[0].call("p0.run")
        error = caught.value
        assert (error.code, error.limit, error.allowed) == ("limit.nesting", "nesting", 3)
        assert (error.plugin, len(depth)) == ("p3", 3)
        depth.clear()
        with pytest.raises(LimitError):
            chain[0].call("p0.run")
