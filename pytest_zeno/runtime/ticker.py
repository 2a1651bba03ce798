"""The clock that ends guests: one thread moves the engines' epoch while instances live.

An entry is armed with a deadline in ticks. Arming costs a crossing, so it happens once in the time
of a tick, not once a call (`Instance._armed_until`).

The same thread listens to Python's signal wake-up descriptor, so that Ctrl-C, or pytest-timeout's
alarm, ends a guest that never calls the host: the epoch then jumps past every deadline.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import socket
import threading
import time
import weakref
from typing import TYPE_CHECKING, Final, Protocol

from pytest_zeno.runtime.crossing import native
from pytest_zeno.runtime.main_thread import main_thread

if TYPE_CHECKING:
    import wasmtime

TICK: Final = 0.0025
"""Seconds between two epochs; a guest overshoots its deadline by two or three of them."""

_PATIENCE: Final = 0.1
"""Seconds that the thread waits for an instance: to start one costs more than a fresh guest."""

_ENDING_SIGNALS: Final = frozenset(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGALRM", "SIGBREAK")
    if hasattr(signal, name)
)


class Armed(Protocol):
    """Something that sets deadlines."""

    def disarm(self) -> None:
        """Set the next deadline anew."""


class Ticker:
    """Moves the epoch of the engines whose instances live; its thread ends after the last one."""

    def __init__(self) -> None:
        self.now = 0
        """The tick."""
        self._reached = 0.0
        """The time that the epoch stands for."""
        self._longest = 1
        self._lock = threading.RLock()  # a collection inside of it may close an instance
        self._live: weakref.WeakSet[Armed] = weakref.WeakSet()
        self._engines: set[wasmtime.Engine] = set()
        self._thread: threading.Thread | None = None
        self._ends: tuple[socket.socket, socket.socket] | None = None

    def watch(self, instance: Armed, engine: wasmtime.Engine) -> None:
        """Keep the epoch of `engine` moving for as long as `instance` lives or is forgotten."""
        with self._lock:
            self._live.add(instance)
            self._engines.add(engine)
            self._begin()
        self._listen(wanted=True)

    def forget(self, instance: Armed) -> None:
        """Stop watching; the thread waits a little for another instance and ends."""
        with self._lock:
            self._live.discard(instance)
            idle = not self._live
        if idle:
            self._listen(wanted=False)

    def ticks(self, seconds: float) -> int:
        """Return in how many ticks `seconds` have passed, for calls within the next tick's time.

        The thread may have to wait for a processor; then it makes up for the ticks it has missed.
        """
        if self._thread is None:  # this is a forked child
            with self._lock:
                self._begin()
        behind = max(0.0, time.monotonic() - self._reached)
        ticks = int((seconds + behind) / TICK) + 3
        self._longest = max(self._longest, ticks)
        return ticks

    def _begin(self) -> None:
        if self._ends is None:
            self._ends = _socket_pair()
        if self._thread is None:
            self._reached = time.monotonic()
            name = "pytest-zeno ticker"
            self._thread = threading.Thread(
                target=self._run, args=self._ends[:1], name=name, daemon=True
            )
            self._thread.start()

    def _run(self, ear: socket.socket) -> None:
        needed = time.monotonic()
        while True:
            ready, _, _ = select.select((ear,), (), (), TICK)
            ticks = int((time.monotonic() - self._reached) / TICK)
            with self._lock:
                if self._live:
                    needed = time.monotonic()
                elif time.monotonic() - needed > _PATIENCE:
                    self._engines.clear()
                    self._thread = None
                    return
                self._move(self._longest if main_thread.is_stuck() else ticks)
                self._reached += ticks * TICK
            self.now += ticks
            if ready and _ending(ear):
                main_thread.ask()

    def _move(self, ticks: int) -> None:
        # With the GIL: nobody may arm a deadline between two steps of a jump.
        increment = native("wasmtime_engine_increment_epoch", keep_gil=True)
        for engine in self._engines:
            pointer = engine.ptr()
            for _ in range(ticks):
                increment(pointer)

    def _listen(self, *, wanted: bool) -> None:
        """Have Python report signals to the thread, or no longer; others who listen go first."""
        if self._ends is None or threading.current_thread() is not threading.main_thread():
            return
        ours = self._ends[1].fileno()
        previous = signal.set_wakeup_fd(ours if wanted else -1, warn_on_full_buffer=False)
        if previous not in (-1, ours):
            signal.set_wakeup_fd(previous)

    def at_exit(self) -> None:
        """Let go of the engines while wasmtime's modules still exist."""
        with self._lock:
            if not self._live:
                self._engines.clear()

    def after_fork(self) -> None:
        """Start over in a forked child, where the thread does not exist."""
        self._listen(wanted=False)
        for end in self._ends or ():
            end.close()
        self._ends = self._thread = None
        self._lock = threading.RLock()
        for instance in self._live:
            instance.disarm()


def _ending(ear: socket.socket) -> bool:
    """Whether one of the signals that arrived is meant to end what runs."""
    return not _ENDING_SIGNALS.isdisjoint(ear.recv(4096))


def _socket_pair() -> tuple[socket.socket, socket.socket]:
    ear, bell = socket.socketpair()
    for end in (ear, bell):
        end.setblocking(False)
    return ear, bell


ticker: Final = Ticker()
"""The one of this process: epochs belong to engines, and engines to the process."""

atexit.register(ticker.at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=ticker.after_fork)
