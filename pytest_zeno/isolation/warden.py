"""The clock that ends workers: one thread kills those that are past their time."""

from __future__ import annotations

import threading
import time
from typing import Final, Protocol

GRACE: Final = 1.0
"""Seconds a worker has, after the guest's own limit, to say how the guest ended."""

_LOOK: Final = 0.02
"""Seconds between two looks: what a worker may overshoot its time by."""


class Timed(Protocol):
    """Something that has to be killed when its time is up."""

    def overdue(self) -> None:
        """End it at once."""


class Warden:
    """Kills what is overdue; its thread ends when nothing is left to watch."""

    def __init__(self) -> None:
        self._deadlines: dict[Timed, float] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self, worker: Timed, seconds: float) -> None:
        """Give a worker so many seconds, and the grace."""
        with self._lock:
            self._deadlines[worker] = time.monotonic() + seconds + GRACE
            if self._thread is None or not self._thread.is_alive():  # a fork has none
                name = "pytest-zeno warden"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()

    def forget(self, worker: Timed) -> None:
        """Watch a worker no longer: it is overdue by now, or never will be."""
        with self._lock:
            self._deadlines.pop(worker, None)

    def _run(self) -> None:
        idle_since = time.monotonic()
        while True:
            time.sleep(_LOOK)
            now = time.monotonic()
            with self._lock:
                if self._deadlines:
                    idle_since = now
                    self._kill(now)
                elif now - idle_since > GRACE:
                    self._thread = None
                    return

    def _kill(self, now: float) -> None:
        for worker in [one for one, end in self._deadlines.items() if now > end]:
            del self._deadlines[worker]
            worker.overdue()


warden: Final = Warden()
"""The process's own."""
