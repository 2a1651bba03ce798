"""The clock that ends guests: one thread moves the engines' epoch while instances live.

An entry is armed with a deadline in ticks. Arming costs a crossing, so it happens once a tick,
not once a call: an instance compares `Ticker.now` with the tick it was armed in. The same thread
listens to Python's signal wake-up descriptor, so that Ctrl-C, or pytest-timeout's alarm, ends a
guest that never calls the host: the epoch then jumps past every deadline.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
import weakref
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import wasmtime

TICK: Final = 0.005
"""Seconds between two epochs: what a guest may overshoot its deadline by."""

_ENDING_SIGNALS: Final = frozenset(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGALRM", "SIGBREAK")
    if hasattr(signal, name)
)


class Ticker:
    """Moves the epoch of the engines whose instances live; its thread ends with the last one."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start over: at first, and in a forked child, where the thread does not exist."""
        self.now = 0
        """The tick; changes whenever deadlines must be armed again."""
        self._longest = 1
        self._lock = threading.Lock()
        self._live: weakref.WeakSet[object] = weakref.WeakSet()
        self._engines: set[wasmtime.Engine] = set()
        self._thread: threading.Thread | None = None
        self._bell, self._ear = _socket_pair()

    def watch(self, instance: object, engine: wasmtime.Engine) -> None:
        """Keep the epoch of `engine` moving for as long as `instance` lives or is forgotten."""
        self._listen(wanted=True)
        with self._lock:
            self._live.add(instance)
            self._engines.add(engine)
            if self._thread is None:
                name = "pytest-zeno ticker"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()

    def forget(self, instance: object) -> None:
        """Stop watching; the thread ends with its last instance."""
        with self._lock:
            self._live.discard(instance)
            idle = not self._live
        if idle:
            self._listen(wanted=False)

    def ticks(self, seconds: float) -> int:
        """Return the deadline `seconds` from now in ticks, one more for the tick under way."""
        ticks = int(seconds / TICK) + 2
        self._longest = max(self._longest, ticks)
        return ticks

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select((self._ear,), (), (), TICK)
            jump = self._longest if ready and self._ending() else 1
            with self._lock:
                if not self._live:
                    self._thread = None
                    return
                for engine in self._engines:
                    for _ in range(jump):
                        engine.increment_epoch()
            self.now += 1

    def _ending(self) -> bool:
        """Whether one of the signals that arrived is meant to end what runs."""
        return not _ENDING_SIGNALS.isdisjoint(self._ear.recv(4096))

    def _listen(self, *, wanted: bool) -> None:
        """Have Python report signals to the thread, or no longer; others who listen go first."""
        if threading.current_thread() is not threading.main_thread():
            return
        ours = self._bell.fileno()
        previous = signal.set_wakeup_fd(ours if wanted else -1, warn_on_full_buffer=False)
        if previous not in (-1, ours):
            signal.set_wakeup_fd(previous)


def _socket_pair() -> tuple[socket.socket, socket.socket]:
    pair = socket.socketpair()
    for end in pair:
        end.setblocking(False)
    return pair


ticker: Final = Ticker()
"""The one of this process: epochs belong to engines, and engines to the process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=ticker.reset)
