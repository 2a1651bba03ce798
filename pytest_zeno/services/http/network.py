"""Requests over the network (PERMISSIONS.md, network).

The name is resolved once, every address is checked, and what is connected to is what was checked.
Nothing around the process has a say: no proxies, netrc, cookies or redirects.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.limits import MIB
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.http.answer import MOST_BYTES, Answer
from pytest_zeno.services.http.deadline import (
    ended,
    failures,
    left,
    looked_up,
    system_addresses,
)
from pytest_zeno.text import quoted, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from urllib3.connection import HTTPConnection
    from urllib3.response import BaseHTTPResponse

    from pytest_zeno.permissions.network import HttpRequest
    from pytest_zeno.services.http.addresses import Address, AddressPolicy
    from pytest_zeno.services.http.deadline import Resolve

SECONDS: Final = 10.0
"""How long a request may take in all, unless the call it is part of ends before."""

_CHUNK: Final = MIB // 16
_DECODED: Final = frozenset(("content-encoding", "content-length", "transfer-encoding"))
"""Response headers that do not speak of the body as the guest gets it."""


class NetworkClient:
    """Sends requests to public addresses, and to those that `policy` allows.

    Args:
        policy: the operator's word on addresses.
        resolve: returns the addresses of a host and port as texts; by default the system's.
        context: how TLS is verified; by default with the system's certificates.
        most_bytes: how large a body may be, decoded.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        resolve: Resolve | None = None,
        context: ssl.SSLContext | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._policy = policy
        self._resolve = resolve or system_addresses
        self._context = context
        self._most_bytes = most_bytes

    def send(self, request: HttpRequest, until: float) -> Answer:
        """Return the answer to a request, which has to be there at `until` (monotonic clock).

        Raises Refused: ``unavailable`` when nothing, or nothing that HTTP knows, answers;
        ``timeout``; ``limit_exceeded`` for the size of the body.
        """
        until = min(until, time.monotonic() + SECONDS)
        addresses = self._addresses(request, until)
        connection = self._connected(request, addresses, until)
        try:
            with failures(request.target.netloc, until), ended(connection.sock, until):
                return self._exchanged(connection, request)
        finally:
            connection.close()

    # -- where to ----------------------------------------------------------------------------------

    def _addresses(self, request: HttpRequest, until: float) -> list[Address]:
        """Return the checked addresses of a request's host."""
        host = request.target.host.strip("[]")
        try:
            found: list[Address] = [ipaddress.ip_address(host)]
        except ValueError:
            texts = looked_up(lambda: self._resolve(host, request.target.port), host, until)
            found = [ipaddress.ip_address(text) for text in dict.fromkeys(texts)]
        refused = [str(one) for one in found if not self._policy.permits(one)]
        if refused or not found:
            detail = f"{quoted(host)} is at {', '.join(refused) or 'no address'}"
            detail += ", which is not public; allow it: host.http.use_network(allow=[...])"
            raise Refused("unavailable", "http.address", detail)
        return found

    def _connected(
        self, request: HttpRequest, addresses: Sequence[Address], until: float
    ) -> HTTPConnection:
        """Return a connection to the first address that takes one."""
        from urllib3.connection import HTTPConnection

        for last, address in enumerate(addresses, 1 - len(addresses)):
            try:
                with failures(request.target.netloc, until):
                    sock = self._socket(request, str(address), until)
            except Refused:
                if last == 0 or time.monotonic() >= until:
                    raise
            else:
                connection = HTTPConnection(str(address), request.target.port, timeout=left(until))
                connection.sock = sock
                return connection
        raise AssertionError("there is at least one address")

    def _socket(self, request: HttpRequest, address: str, until: float) -> socket.socket:
        """Return an open socket; over TLS, the name's certificate is what is verified."""
        target = request.target
        sock = socket.create_connection((address, target.port), timeout=left(until))
        if target.scheme == "http":
            return sock
        try:
            sock.settimeout(left(until))
            context = self._context or ssl.create_default_context()
            return context.wrap_socket(sock, server_hostname=target.host.strip("[]"))
        except BaseException:
            sock.close()
            raise

    # -- what is said ------------------------------------------------------------------------------

    def _exchanged(self, connection: HTTPConnection, request: HttpRequest) -> Answer:
        """Send a request and read its answer."""
        connection.request(
            request.method,
            request.target.target,
            body=request.body,
            headers=_headers(request),
            preload_content=False,
            enforce_content_length=True,
        )
        response = connection.getresponse()
        body = b"" if request.method == "HEAD" else self._body(response)
        return Answer(response.status, _told(response.headers), body)

    def _body(self, response: BaseHTTPResponse) -> bytes:
        """Return the decoded body, refused before more than it may have is in memory."""
        promised = response.headers.get("Content-Length", "")
        if promised.isdecimal() and int(promised) > self._most_bytes:
            raise self._too_large(f"{promised} bytes are promised")
        body = bytearray()
        for chunk in response.stream(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._most_bytes:
                raise self._too_large(f"more than {len(body)} bytes came")
        return bytes(body)

    def _too_large(self, what: str) -> Refused:
        detail = f"{what}, the limit is {self._most_bytes} bytes of decoded body"
        return Refused("limit_exceeded", "http.size", detail)


# -- headers ---------------------------------------------------------------------------------------


def _headers(request: HttpRequest) -> dict[str, str]:
    """Return the guest's headers below the host's own."""
    own = {
        "Host": request.target.netloc,
        "Accept-Encoding": "identity",
        "User-Agent": "pytest-zeno",
    }
    named = {name.lower() for name in request.headers}
    defaults = {name: value for name, value in own.items() if name.lower() not in named}
    return {**defaults, **request.headers}


def _told(headers: Any) -> dict[str, str]:
    """Return the response's headers as the guest gets them; of equal ones, the values in a row."""
    decoded = "content-encoding" in headers
    told: dict[str, str] = {}
    for name in headers:
        if not (decoded and name.lower() in _DECODED):
            told[visible(name)] = visible(headers[name])
    return told
