"""The life of an instance: its end, its closing, and what it leaves behind (ABI.md section 5)."""

from __future__ import annotations

import gc
import os
import sys
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import wasmtime

from pytest_zeno.errors import ClosedError, ExitError, ProtocolError, TrapError, ZenoError
from pytest_zeno.limits import Limits
from pytest_zeno.runtime import PATH_VARIABLE, open_instance
from pytest_zeno.runtime.fast import FastInstance
from pytest_zeno.runtime.plain import PlainInstance
from tests.runtime.guests import RESPONSE, Calls, guest, module

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_zeno.runtime.instance import Instance

    Open = Callable[..., Instance]

_ASKING = {"imports": ("host_env_get",), "run": "(call $host_env_get (i32.const 0) (i32.const 1))"}


def _code(call: Callable[..., object], *given: object) -> str:
    with pytest.raises(ClosedError) as caught:
        call(*given)
    return caught.value.code


def test_close_may_be_called_twice(open_guest: Open) -> None:
    """The second time does nothing."""
    instance = open_guest()
    instance.close()
    instance.close()
    assert instance.closed


@pytest.mark.parametrize("entry", ["init", "register", "cleanup"])
def test_an_entry_of_a_closed_instance_is_refused(open_guest: Open, entry: str) -> None:
    """No call goes through a store that is gone."""
    instance = open_guest()
    instance.close()
    assert _code(getattr(instance, entry)) == "closed.instance"


def test_execute_of_a_closed_instance_is_refused(open_guest: Open) -> None:
    """Also through a reference to `execute` that was taken before."""
    instance = open_guest()
    before = instance.execute
    instance.close()
    assert _code(instance.execute, b"test.run", b"{}") == "closed.instance"
    assert _code(before, b"test.run", b"{}") == "closed.instance"


def test_a_closed_instance_has_no_memory(open_guest: Open) -> None:
    """Asking for its size is an error of ours, no crash."""
    instance = open_guest()
    assert instance.memory_size == 131072
    instance.close()
    assert _code(lambda: instance.memory_size) == "closed.instance"


def test_a_failure_ends_the_instance_and_says_why(open_guest: Open) -> None:
    """The caller is told what happened and to open a fresh one."""
    instance = open_guest(run="(unreachable)")
    with pytest.raises(TrapError) as caught:
        instance.execute(b"test.run", b"{}")
    assert (caught.value.plugin, caught.value.phase, caught.value.slot) == (
        "test",
        "execute",
        "test.run",
    )
    assert instance.closed
    with pytest.raises(ClosedError, match=r"the instance has ended: TrapError: .*unreachable"):
        instance.execute(b"test.run", b"{}")
    with pytest.raises(ClosedError, match="open a fresh instance"):
        instance.cleanup()


def test_a_trap_names_the_frames_of_the_guest_alone(open_guest: Open) -> None:
    """Innermost first; the frames of the host's helper modules are left out."""
    instance = open_guest(run="(call $inner)", extra="(func $inner (result i32) (unreachable))")
    with pytest.raises(TrapError) as caught:
        instance.execute(b"test.run", b"{}")
    names = [frame.partition(" at 0x")[0] for frame in caught.value.backtrace]
    assert names == ["inner", "execute"]


def test_an_exit_keeps_its_status_and_the_last_words(open_guest: Open) -> None:
    """What the guest wrote to stderr before it left comes with the error."""
    instance = open_guest(
        imports=("proc_exit", "fd_write"),
        data={8192: (8200).to_bytes(4, "little") + (4).to_bytes(4, "little") + b"bye\x1b"},
        run="""(drop (call $fd_write (i32.const 2) (i32.const 8192) (i32.const 1) (i32.const 9000)))
               (call $proc_exit (i32.const 42)) (unreachable)""",
    )
    with pytest.raises(ExitError) as caught:
        instance.execute(b"test.run", b"{}")
    assert caught.value.status == 42
    assert caught.value.stderr == "bye\\u001b"


def test_output_is_kept_up_to_64_kib(open_guest: Open) -> None:
    """A flood is not an error, and takes no memory."""
    instance = open_guest(
        imports=("fd_write",),
        data={8192: (0).to_bytes(4, "little") + (100_000).to_bytes(4, "little")},
        run="""(drop (call $fd_write (i32.const 1) (i32.const 8192) (i32.const 1) (i32.const 9000)))
               (i32.const 4096)""",
    )
    instance.execute(b"test.run", b"{}")
    assert len(instance.wasi.stdout) == 65_536


def test_a_protocol_error_shows_pointer_and_memory(open_guest: Open) -> None:
    """What came is said in full."""
    instance = open_guest(run="(i32.const -16)")
    with pytest.raises(ProtocolError) as caught:
        instance.execute(b"test.run", b"{}")
    assert caught.value.observed == "pointer 4294967280 (0xfffffff0), memory 131072 bytes"


def test_a_call_from_a_host_call_is_busy(path: type[Instance]) -> None:
    """Calls into one instance never overlap, and a store entered twice would abort."""
    codes = []

    class Reentrant(Calls):
        def answer(self, function: int, request: bytes, /) -> bytes | bool:
            codes.append(_code(instance.execute, b"test.run", b"{}"))
            codes.append(_code(instance.init))
            codes.append(_code(instance.close))
            return b"fine"

    instance = path(module(guest(**_ASKING)), Reentrant(), Limits())
    assert instance.execute(b"test.run", b"{}") == b"fine"
    assert codes == ["closed.busy"] * 3
    assert instance.execute(b"test.run", b"{}") == b"fine"
    instance.close()


def test_close_and_calls_from_another_thread_are_busy(path: type[Instance]) -> None:
    """While a thread is inside, nobody frees the store under it; afterwards close works."""
    inside, leave = threading.Event(), threading.Event()

    class Waiting(Calls):
        def answer(self, function: int, request: bytes, /) -> bytes | bool:
            inside.set()
            assert leave.wait(5)
            return b"done"

    instance = path(module(guest(**_ASKING)), Waiting(), Limits())
    answers: list[bytes] = []
    thread = threading.Thread(target=lambda: answers.append(instance.execute(b"a.b", b"{}")))
    thread.start()
    assert inside.wait(5)
    assert _code(instance.close) == "closed.busy"
    assert _code(instance.execute, b"a.b", b"{}") == "closed.busy"
    assert not instance.closed
    leave.set()
    thread.join()
    instance.close()
    assert answers == [b"done"]


def test_a_start_that_fails_leaves_nothing_open(path: type[Instance]) -> None:
    """The store goes with the error."""
    gc.collect()
    before = _stores()
    with pytest.raises(ZenoError) as caught:
        path(module(guest(extra="(func $first (unreachable)) (start $first)")), Calls(), Limits())
    assert caught.value.phase == "start"
    del caught
    gc.collect()
    assert _stores() == before


def test_a_thousand_instances_leave_no_store_thread_or_file(path: type[Instance]) -> None:
    """Open, call and close, a thousand times: as many of each as before."""
    compiled, calls = module(guest()), Calls()
    path(compiled, calls, Limits()).close()
    gc.collect()
    keeper = path(compiled, calls, Limits())  # the clock's thread is there before and after
    before = _stores(), threading.active_count(), _open_files()
    references = []
    for _ in range(1000):
        instance = path(compiled, calls, Limits())
        assert instance.execute(b"test.run", b"{}") == RESPONSE
        instance.close()
        references.append(weakref.ref(instance))
    del instance
    gc.collect()
    assert not any(reference() for reference in references)
    assert _stores() == before[0]
    assert threading.active_count() <= before[1]
    assert _open_files() == before[2]
    keeper.close()


def test_an_instance_that_nobody_closed_is_collected(path: type[Instance]) -> None:
    """No callback keeps a forgotten instance alive."""
    reference = weakref.ref(path(module(guest(**_ASKING)), Calls(), Limits()))
    gc.collect()
    assert reference() is None


def test_a_failed_instance_leaves_nothing_to_the_collector() -> None:
    """A finalizer that runs in the next guest would swallow a signal that comes just then."""
    compiled = module(guest(run="(unreachable)"))
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        instance = FastInstance(compiled, Calls(), Limits())
        with pytest.raises(TrapError):
            instance.execute(b"test.run", b"{}")
        instance.close()
        del instance
        gc.collect()
        finalized = [thing for thing in gc.garbage if isinstance(thing, wasmtime.Managed)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert finalized == []


def _stores() -> int:
    return sum(isinstance(thing, wasmtime.Store) for thing in gc.get_objects())


def _open_files() -> int:
    return len(list(Path("/dev/fd").iterdir())) if sys.platform != "win32" else 0


@pytest.mark.parametrize(
    ("variable", "kind"), [("", FastInstance), ("fast", FastInstance), ("plain", PlainInstance)]
)
def test_the_environment_chooses_the_path(
    monkeypatch: pytest.MonkeyPatch, variable: str, kind: type[Instance]
) -> None:
    """The fast path is the default; ZENO_RUNTIME=plain takes the other one."""
    monkeypatch.setenv(PATH_VARIABLE, variable)
    instance = open_instance(module(guest()), Calls(), Limits(), plugin="hello")
    assert type(instance) is kind
    assert repr(instance) == f"<{kind.__name__} hello>"
    instance.close()
    assert os.environ[PATH_VARIABLE] == variable


def test_a_metered_instance_counts_fuel_the_same_each_time() -> None:
    """Fuel is a cost that two runs can compare."""
    burnt = []
    for _ in range(2):
        instance = open_instance(module(guest()), Calls(), Limits(), metered=True)
        instance.execute(b"test.run", b"{}")
        burnt.append(instance.fuel)
        instance.close()
    assert burnt[0] == burnt[1] > 0


def test_fuel_ends_a_guest() -> None:
    """A fuel limit is exact where time is not."""
    loop = "(loop $for_ever (br $for_ever)) (unreachable)"
    instance = open_instance(module(guest(run=loop)), Calls(), Limits(fuel=10_000))
    with pytest.raises(ZenoError) as caught:
        instance.execute(b"test.run", b"{}")
    assert caught.value.code == "limit.fuel"
    instance.close()
