"""One worker process that is started before it is needed, for all workers together.

Who has to have a fresh process after a crash would wait for Python to start otherwise.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.isolation.process import Process, environment


class Spares:
    """Keeps one process ahead while anybody holds a lease."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._leases = 0
        self._spare: Process | None = None

    def lease(self) -> None:
        """Want processes from now on."""
        with self._lock:
            self._leases += 1

    def release(self) -> None:
        """Want none any more; with the last lease the process that waits ends."""
        with self._lock:
            self._leases -= 1
            if self._leases == 0 and self._spare is not None:
                self._spare.end()
                self._spare = None

    def take(self) -> Process:
        """Return a process that has started, and start the next one.

        Raises LoadError (``worker.start``) when none starts.
        """
        with self._lock:
            waiting, self._spare = self._spare, None
            if waiting is not None and not _fits(waiting):
                waiting.end()
                waiting = None
            process = waiting or Process()
            with suppress(ZenoError):  # who needs it will be told
                self._spare = Process()
        process.await_ready()
        return process


def _fits(process: Process) -> bool:
    return process.running and process.environment == environment()


spares: Final = Spares()
"""This process's own."""
