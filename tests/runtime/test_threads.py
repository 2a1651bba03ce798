"""Instances in threads: one a thread, each with its own answers, errors and stack."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pytest_zeno.errors import ClosedError, TrapError
from pytest_zeno.limits import Limits
from pytest_zeno.runtime.fast import FastInstance
from tests.runtime.guests import Calls, guest, module

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_zeno.runtime.instance import Instance

_ASKING = {"imports": ("host_env_get",), "run": "(call $host_env_get (i32.const 0) (i32.const 1))"}
_THREADS = 4


def _in_threads(work: Callable[[int], list[object]]) -> list[list[object]]:
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, range(_THREADS)))


def test_each_thread_hears_its_own_answers(path: type[Instance]) -> None:
    """Nothing is shared between two instances."""

    def work(number: int) -> list[object]:
        calls = Calls({"host_env_get": b"thread %d" % number})
        instance = path(module(guest(**_ASKING)), calls, Limits())
        answers = [instance.execute(b"a.b", b"{}") for _ in range(200)]
        instance.close()
        return list(set(answers))

    assert _in_threads(work) == [[b"thread %d" % number] for number in range(_THREADS)]


def test_each_thread_catches_its_own_exception() -> None:
    """An exception is kept on its instance; wasmtime-py's public API has one place for all."""

    class Broken(Calls):
        def answer(self, function: int, request: bytes, /) -> bytes | bool:
            raise LookupError(threading.get_ident())

    def work(_number: int) -> list[object]:
        caught = set()
        for _ in range(100):
            instance = FastInstance(module(guest(**_ASKING)), Broken(), Limits())
            with pytest.raises(LookupError) as error:
                instance.execute(b"a.b", b"{}")
            caught.add(error.value.args[0] == threading.get_ident())
            instance.close()
        return list(caught)

    assert _in_threads(work) == [[True]] * _THREADS


def test_threads_at_one_instance_are_served_or_refused() -> None:
    """Whoever does not get the turn is told so at once; nobody corrupts the guest."""
    instance = FastInstance(module(guest(**_ASKING)), Calls({"host_env_get": b"x"}), Limits())
    start = threading.Barrier(_THREADS)

    def work(_number: int) -> list[object]:
        outcomes: set[object] = set()
        start.wait()
        for _ in range(500):
            try:
                outcomes.add(instance.execute(b"a.b", b"{}"))
            except ClosedError as error:
                outcomes.add(error.code)
        return list(outcomes)

    seen = {outcome for outcomes in _in_threads(work) for outcome in outcomes}
    assert b"x" in seen
    assert seen <= {b"x", "closed.busy"}
    assert instance.execute(b"a.b", b"{}") == b"x"
    instance.close()


def test_a_guest_may_exhaust_its_stack_in_a_small_thread(path: type[Instance]) -> None:
    """512 KiB is the default on macOS and musl: still a trap and no crash."""
    endless = "(call $execute (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))"
    instance = path(module(guest(run=endless)), Calls(), Limits())
    caught: list[str] = []

    def work() -> None:
        with pytest.raises(TrapError) as error:
            instance.execute(b"a.b", b"{}")
        caught.append(error.value.code)

    before = threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=work)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    instance.close()
    assert caught == ["trap.stack_overflow"]
