"""One statement after the other on a connection, whoever asks, until it is closed."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from pytest_zeno.errors import ClosedError
from pytest_zeno.permissions.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Turns:
    """Who may use a connection now.

    Args:
        seconds: how long one statement of a plugin may take, waiting included.
        end: what closes the connection.
    """

    def __init__(self, seconds: float, end: Callable[[], object]) -> None:
        self._seconds = seconds
        self._end = end
        self._lock = Lock()
        self._closed = False

    @contextmanager
    def guest(self) -> Iterator[float]:
        """Give the connection to a plugin, until a moment of the monotonic clock.

        Raises Refused: ``timeout`` when others took all the time. ClosedError.
        """
        deadline = monotonic() + self._seconds
        if not self._lock.acquire(timeout=self._seconds):
            raise Refused("timeout", "database.time", "other statements took all the time")
        try:
            self._check_open()
            yield deadline
        finally:
            self._lock.release()

    @contextmanager
    def host(self) -> Iterator[None]:
        """Give the connection to the host, which waits as long as it takes. ClosedError."""
        with self._lock:
            self._check_open()
            yield

    def close(self) -> None:
        """Close the connection when nobody uses it; a second time does nothing."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._end()

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("the database is closed", code="closed.database")
