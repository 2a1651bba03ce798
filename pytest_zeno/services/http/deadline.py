"""One deadline for all that a request does: the look-up, the connection, each byte that comes.

What fails in between is refused by one text for all (PERMISSIONS.md, General 7).
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.text import quoted, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Resolve = Callable[[str, int], Sequence[str]]
    """Returns the addresses of a host and port as texts."""


def left(until: float) -> float:
    """Return the seconds until a time of the monotonic clock; a moment when it is over."""
    return max(until - time.monotonic(), 0.001)


@contextmanager
def failures(host: str, until: float) -> Iterator[None]:
    """Refuse what network, TLS or HTTP fail with: ``timeout`` when time is up."""
    import http.client

    import urllib3.exceptions

    kinds = (OSError, ValueError, http.client.HTTPException, urllib3.exceptions.HTTPError)
    try:
        yield
    except kinds as error:
        if time.monotonic() >= until:
            raise _late(host) from None
        detail = visible(f"{host}: {type(error).__name__}: {error}")
        raise Refused("unavailable", "http.failed", detail) from None


@contextmanager
def ended(sock: socket.socket, until: float) -> Iterator[None]:
    """End a conversation when time is up: a time-out of a socket is for each byte anew."""
    timer = threading.Timer(left(until), _shut, [sock])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # below TLS, which would say goodbye


def looked_up(look: Callable[[], Sequence[str]], host: str, until: float) -> Sequence[str]:
    """Return what a look-up gives; the system's has no deadline, so another thread waits for it.

    Raises Refused: ``timeout``, ``unavailable`` for a name that leads nowhere.
    """
    outcome: list[Sequence[str] | OSError | UnicodeError] = []

    def run() -> None:
        try:
            outcome.append(look())
        except (OSError, UnicodeError) as error:
            outcome.append(error)

    thread = threading.Thread(target=run, name="pytest-zeno look-up", daemon=True)
    thread.start()
    thread.join(left(until))
    found = outcome[0] if outcome else _late(host)
    if isinstance(found, Refused):
        raise found
    if isinstance(found, OSError | UnicodeError):
        raise Refused("unavailable", "http.name", visible(f"{host}: {found}"))
    return found


def system_addresses(host: str, port: int) -> list[str]:
    """Return a host's addresses as the system knows them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[4][0]).partition("%")[0] for place in found]


def _late(host: str) -> Refused:
    return Refused("timeout", "http.deadline", f"{quoted(host)} has not answered in time")
