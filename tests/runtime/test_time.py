"""The time limit and the thread that keeps it (PERMISSIONS.md, Limits)."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pytest_zeno.errors import LimitError, ZenoError
from pytest_zeno.limits import Limits
from pytest_zeno.runtime import ticker as ticker_code
from pytest_zeno.runtime.engine import EngineOptions, running_engine
from pytest_zeno.runtime.fast import FastInstance
from pytest_zeno.runtime.ticker import TICK, ticker
from tests.runtime.guests import RESPONSE, Calls, guest, module
from tests.runtime.storm import LOOPS, ONCE, Host, loop_guest

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmtime import Instance as WasmInstance

    from pytest_zeno.runtime.instance import Instance

_OVERSHOOT = 0.05
_ATTEMPTS = 5
"""A busy machine may take the processor from a test at any time; the quickest attempt counts."""


@pytest.mark.parametrize("loop", ["silent", "texts", "numbers", "logs"])
@pytest.mark.parametrize("limit", [0.02, 0.2])
def test_a_guest_ends_within_50_ms_of_its_deadline(
    path: type[Instance], loop: str, limit: float
) -> None:
    """Also when it spends its time in host calls."""
    lasted = []
    while not lasted or (min(lasted) >= limit + _OVERSHOOT and len(lasted) < _ATTEMPTS):
        lasted.append(_last(path(module(loop_guest(LOOPS[loop])), Host(), Limits(timeout=limit))))
    assert limit <= min(lasted) < limit + _OVERSHOOT


def _last(instance: Instance) -> float:
    start = time.monotonic()
    with pytest.raises(LimitError) as caught:
        instance.execute(b"for.ever", b"{}")
    lasted = time.monotonic() - start
    instance.close()
    assert caught.value.code == "limit.time"
    assert caught.value.message == f"the time limit of {instance.limits.timeout:g} s has passed"
    return lasted


def test_a_deadline_that_passes_in_a_helper_is_the_guests(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a guest's start leaves of its time may end in code of the host's own."""
    limits = Limits(stack="192KiB")  # an engine of its own: its epoch is nobody else's
    engine = running_engine(EngineOptions(limits.stack))
    prepare = FastInstance._prepare

    def late(self: FastInstance, shim: WasmInstance) -> None:
        prepare(self, shim)
        for _ in range(int(limits.load_timeout / TICK) * 2):
            engine.increment_epoch()

    monkeypatch.setattr(FastInstance, "_prepare", late)
    with pytest.raises(LimitError) as caught:
        FastInstance(module(guest(), limits), Calls(), limits, plugin="slow")
    assert caught.value.phase == "start"  # the clock has not moved: `limit.interrupted`
    assert caught.value.plugin == "slow"


def test_time_that_the_host_takes_counts(path: type[Instance]) -> None:
    """A guest is not given back the time that its host call took."""

    class Slow(Calls):
        def answer(self, function: int, request: bytes, /) -> bytes | bool:
            time.sleep(0.1)
            return b""

    wasm = guest(
        imports=("host_env_get",),
        run="(loop $again (call $host_env_get (i32.const 0) (i32.const 0)) (br_if $again))"
        + LOOPS["silent"].join(("(loop $for_ever ", "(br $for_ever)) (unreachable)")),
    )
    instance = path(module(wasm), Slow(), Limits(timeout=0.05))
    start = time.monotonic()
    with pytest.raises(LimitError):
        instance.execute(b"test.run", b"{}")
    assert 0.1 <= time.monotonic() - start < 0.5
    instance.close()


def test_each_call_has_the_whole_time(open_guest: Callable[..., Instance]) -> None:
    """Calls in a row do not share one deadline."""
    busy = """(loop $busy (br_if $busy (i32.lt_u
        (local.tee $a (i32.add (local.get $a) (i32.const 1))) (i32.const 3000000))))"""
    instance = open_guest(run=busy + "(i32.const 4096)", limits=Limits(timeout=0.25))
    start = time.monotonic()
    while time.monotonic() - start < 0.6:
        assert instance.execute(b"test.run", b"{}") == RESPONSE


def test_time_between_calls_is_free(open_guest: Callable[..., Instance]) -> None:
    """A call after a long pause has its whole time."""
    instance = open_guest(limits=Limits(timeout=0.1))
    instance.execute(b"test.run", b"{}")
    time.sleep(0.2)
    assert instance.execute(b"test.run", b"{}") == RESPONSE


def test_instances_keep_their_own_deadlines(path: type[Instance]) -> None:
    """The end of one guest's time is not the end of another one's."""
    long = path(module(loop_guest(LOOPS["silent"])), Host(), Limits(timeout=0.4))
    short = path(module(loop_guest(LOOPS["silent"])), Host(), Limits(timeout=0.05))
    ended: dict[str, float] = {}

    def run(name: str, instance: Instance) -> None:
        with pytest.raises(LimitError):
            instance.execute(b"for.ever", b"{}")
        ended[name] = time.monotonic() - start

    start = time.monotonic()
    runs = {"long": long, "short": short}
    threads = [threading.Thread(target=run, args=run_) for run_ in runs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.05 <= ended["short"] < 0.4 <= ended["long"]
    long.close()
    short.close()


def _ticking() -> bool:
    return any(thread.name == "pytest-zeno ticker" for thread in threading.enumerate())


def _wait_until_quiet() -> None:
    deadline = time.monotonic() + 1
    while _ticking() and time.monotonic() < deadline:
        time.sleep(TICK)


def test_the_thread_ends_with_the_last_instance(path: type[Instance]) -> None:
    """An idle process has no thread of ours and no wake-up descriptor set."""
    first = path(module(guest()), Calls(), Limits())
    second = path(module(guest()), Calls(), Limits())
    first.close()
    assert _ticking()
    second.close()
    _wait_until_quiet()
    assert not _ticking()
    assert signal.set_wakeup_fd(-1) == -1


def test_the_thread_waits_for_the_next_instance(
    path: type[Instance], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One guest after the other, as property tests have them, needs no thread after the other."""
    monkeypatch.setattr(ticker_code, "_PATIENCE", 1e6)
    path(module(guest()), Calls(), Limits()).close()
    first = ticker._thread
    path(module(guest()), Calls(), Limits()).close()
    assert first is not None
    assert ticker._thread is first


def test_the_thread_ends_when_instances_are_forgotten() -> None:
    """A host that was dropped without close keeps no thread."""
    instance: Instance | None = FastInstance(module(guest()), Calls(), Limits())
    assert instance is not None
    del instance
    gc.collect()
    _wait_until_quiet()
    assert not _ticking()


@pytest.mark.skipif(sys.platform == "win32", reason="only sockets wake up there")
def test_a_listener_that_was_there_first_keeps_its_descriptor() -> None:
    """asyncio, say, goes on hearing of signals."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    signal.set_wakeup_fd(theirs)
    FastInstance(module(guest()), Calls(), Limits()).close()
    assert signal.set_wakeup_fd(-1) == theirs
    os.close(ours)
    os.close(theirs)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_keeps_time() -> None:
    """The thread does not come along, so the child starts its own, also for old instances."""
    if sys.platform == "win32":
        return
    instance = FastInstance(module(loop_guest(LOOPS["silent"])), Host(), Limits(timeout=0.1))
    instance.execute(ONCE, b"{}")
    child = os.fork()
    if child == 0:
        signal.alarm(2)
        status = 1
        try:
            instance.execute(b"for.ever", b"{}")
        except ZenoError as error:
            status = 0 if error.code == "limit.time" else 2
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert instance.execute(ONCE, b"{}") == RESPONSE
    instance.close()
    assert ticker.now
