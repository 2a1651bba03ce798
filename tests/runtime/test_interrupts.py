"""Signals: none is lost, none is fatal, and a guest that never calls the host ends too."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_zeno.errors import LimitError
from pytest_zeno.limits import Limits
from pytest_zeno.runtime.fast import FastInstance
from tests.runtime.guests import RESPONSE, Calls, guest, module
from tests.runtime.storm import LOOPS, ONCE, Host, loop_guest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no signal that comes between two bytecodes"
)
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("rounds", "strike", "loops"),
    [
        (1000, "alarm", ("texts", "numbers", "logs", "output")),
        (200, "interrupt", ("texts", "numbers", "logs")),
        (100, "alarm", ("silent",)),
        (50, "interrupt", ("silent", "texts")),
    ],
)
def test_no_interrupt_is_lost_and_none_is_fatal(
    rounds: int, strike: str, loops: tuple[str, ...]
) -> None:
    """Each surfaces once, as the handler's exception; the next guest works; exit 0, no noise."""
    storm = subprocess.run(  # noqa: S603 (our own interpreter and module)
        [sys.executable, "-X", "dev", "-m", "tests.runtime.storm", str(rounds), strike, *loops],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (storm.returncode, storm.stderr) == (0, "")
    assert json.loads(storm.stdout) == {
        "raised": rounds,
        "surfaced": rounds,
        "answered": rounds,
        "wrong": [],
    }


@pytest.fixture
def silent() -> Iterator[FastInstance]:
    """A guest that loops and never calls the host."""
    instance = FastInstance(module(loop_guest(LOOPS["silent"])), Host(), Limits(timeout=5.0))
    yield instance
    instance.close()


def _kill_soon(number: int, *, delay: float = 0.05) -> list[float]:
    """Send this process a signal; returns where the moment will stand."""
    sent: list[float] = []

    def send() -> None:
        sent.append(time.monotonic())
        os.kill(os.getpid(), number)

    threading.Timer(delay, send).start()
    return sent


def test_ctrl_c_ends_a_guest_that_never_calls_the_host() -> None:
    """KeyboardInterrupt reaches the caller within 50 ms, at the best of five attempts."""
    waited: list[float] = []
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a background job
    while not waited or (min(waited) >= 0.05 and len(waited) < 5):
        guest = FastInstance(module(loop_guest(LOOPS["silent"])), Host(), Limits(timeout=5.0))
        sent = _kill_soon(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            guest.execute(b"for.ever", b"{}")
        waited.append(time.monotonic() - sent[0])
        guest.close()
    assert min(waited) < 0.05


def test_a_handler_that_raises_nothing_ends_a_silent_guest(
    silent: FastInstance,
) -> None:
    """The guest had to stop so that the handler could run at all; the error says so."""
    handled: list[int] = []
    previous = signal.signal(signal.SIGALRM, lambda number, _: handled.append(number))
    _kill_soon(signal.SIGALRM)
    try:
        with pytest.raises(LimitError) as caught:
            silent.execute(b"for.ever", b"{}")
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert caught.value.code == "limit.interrupted"
    assert handled == [signal.SIGALRM]


def test_a_handler_that_raises_nothing_leaves_a_guest_alone_that_calls_the_host() -> None:
    """Between two host calls the handler has its say, and the guest goes on to its time limit."""
    handled: list[float] = []
    previous = signal.signal(signal.SIGALRM, lambda *_: handled.append(time.monotonic()))
    instance = FastInstance(module(loop_guest(LOOPS["texts"])), Host(), Limits(timeout=1.0))
    _kill_soon(signal.SIGALRM)
    try:
        with pytest.raises(LimitError) as caught:
            instance.execute(b"for.ever", b"{}")
    finally:
        signal.signal(signal.SIGALRM, previous)
        instance.close()
    assert caught.value.code == "limit.time"
    assert time.monotonic() - handled[0] > 0.3


def test_a_signal_between_calls_ends_no_later_call(silent: FastInstance) -> None:
    """A signal that was handled before the call is no reason to stop it."""
    previous = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        for _ in range(200):
            os.kill(os.getpid(), signal.SIGALRM)
            silent.execute(ONCE, b"{}")
    finally:
        signal.signal(signal.SIGALRM, previous)


def test_an_exception_of_the_host_reaches_the_caller(path: type[FastInstance]) -> None:
    """Whatever the host's own code raises in a host call comes out of the entry, as it is."""

    class Broken(Calls):
        def answer(self, function: int, request: bytes, /) -> bytes | bool:
            raise SystemExit(request)

    instance = path(module(loop_guest(LOOPS["texts"])), Broken(), Limits())
    with pytest.raises(SystemExit, match="name"):
        instance.execute(b"for.ever", b"{}")
    instance.close()


@pytest.mark.parametrize("room", range(2, 30))
def test_a_full_python_stack_is_a_recursion_error_and_no_crash(room: int) -> None:
    """A guest is not entered without room for the frames of a host call."""
    wat = guest(imports=("host_env_get",), run=LOOPS["texts"] + "(i32.const 4096)")
    instance = FastInstance(module(wat), Host(), Limits())

    def dig(left: int) -> bytes:
        return dig(left - 1) if left else instance.execute(ONCE, b"{}")

    gc.collect()
    gc.disable()  # what other tests left cannot be finalized on a full stack
    try:
        assert dig(sys.getrecursionlimit() - _depth() - room) == RESPONSE
        assert room > 3
    except RecursionError:
        assert room < 28
    finally:
        gc.enable()
    instance.close()


def _depth() -> int:
    frame, depth = sys._getframe(), 0
    while frame := frame.f_back:
        depth += 1
    return depth
