"""Which HTTP requests a plugin may send (PERMISSIONS.md, network).

Where a name leads is the service's to see: it resolves once, checks every address and connects
to the one it checked.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pytest_zeno.permissions.decision import Decision
from pytest_zeno.permissions.request import invalid, not_granted, read_object, require, text_member
from pytest_zeno.permissions.url import parse_url
from pytest_zeno.protocol.describe import shown
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_zeno.limits import Limits
    from pytest_zeno.manifest.grants import Grants, NetworkGrant
    from pytest_zeno.permissions.url import Url

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""The methods a guest may use."""

MOST_HEADERS: Final = 64
"""How many headers a request may have."""

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?|")
_HOSTS_OWN: Final = frozenset(
    (
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    )
)
_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it will be sent; ``headers`` are the guest's, in its order and spelling."""

    method: str
    target: Url
    headers: Mapping[str, str]
    body: bytes | None = None

    @property
    def url(self) -> str:
        """The canonical URL."""
        return str(self.target)


def decide(grants: Grants, request: bytes, limits: Limits) -> Decision[HttpRequest]:
    """Return the request, when its URL is granted; whether the host exists plays no part.

    The method is GET unless one is named. An object or array `body` becomes JSON, with that
    Content-Type unless the guest set one; a text is sent as it is. Raises Refused:
    ``permission_denied``, ``invalid_request``, ``limit_exceeded``, ``encoding``.
    PERMISSIONS.md, network; ABI.md section 6.
    """
    require("network", grants.network)
    message = read_object("network", request, limits, limits.reply)
    url = parse_url(text_member("network", message, "url"))
    method = _method(message.get("method"))
    headers = _headers(message.get("headers"))
    body = _body(message.get("body"), message.get("body_base64"))
    grant = next((grant for grant in grants.network if covers(grant, url)), None)
    if grant is None:
        raise not_granted("network", str(url), grants.network)
    if isinstance(message.get("body"), dict | list):
        headers = _as_json(headers)
    return Decision(f"network.grant {grant.text}", HttpRequest(method, url, headers, body))


def covers(grant: NetworkGrant, url: Url) -> bool:
    """Return whether a grant covers a URL; the query plays no part."""
    if grant.scheme != url.scheme or grant.port not in (None, url.port):
        return False
    if not (url.host.endswith("." + grant.host) if grant.subdomains else url.host == grant.host):
        return False
    if url.ambiguous:
        return grant.below and grant.path == "/"
    return url.path.startswith(grant.path) if grant.below else url.path == grant.path


def _method(method: Any) -> str:
    if method is None:
        return "GET"
    if not isinstance(method, str) or method not in METHODS:
        invalid("network.method", f"`method` is {shown(method)}, expected {', '.join(METHODS)}")
    return method


def _headers(headers: Any) -> dict[str, str]:
    if headers is None:
        return {}
    if not isinstance(headers, dict):
        invalid("network.headers", f"`headers` is {shown(headers)}, expected an object")
    if len(headers) > MOST_HEADERS:
        invalid("network.headers", f"{len(headers)} headers, the limit is {MOST_HEADERS}")
    for name, value in headers.items():
        _check_header(name, value)
    if len({name.lower() for name in headers}) != len(headers):
        invalid("network.headers", "a header stands twice, in different case")
    return headers


def _check_header(name: str, value: Any) -> None:
    if not _TOKEN.fullmatch(name):
        invalid("network.headers", f"{quoted(name)} is no header name")
    if name.lower() in _HOSTS_OWN or name.lower().startswith("proxy-"):
        invalid("network.headers", f"the header {quoted(name)} is for the host to set")
    if not isinstance(value, str):
        invalid(
            "network.headers", f"the header {quoted(name)} is {shown(value)}, expected a string"
        )
    if not _VALUE.fullmatch(value):
        detail = f"the header {quoted(name)} is not printable ASCII without blanks around it"
        invalid("network.headers", detail)


def _as_json(headers: dict[str, str]) -> dict[str, str]:
    if any(name.lower() == "content-type" for name in headers):
        return headers
    return {**headers, "Content-Type": "application/json"}


def _body(body: Any, encoded: Any) -> bytes | None:
    if body is not None and encoded is not None:
        invalid("network.body", "both `body` and `body_base64` are there, expected one of them")
    if encoded is not None:
        return _from_base64(encoded)
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, dict | list):
        return _encode(body)
    if body is not None:
        invalid(
            "network.body", f"`body` is {shown(body)}, expected an object, an array or a string"
        )
    return None


def _from_base64(text: Any) -> bytes:
    if not isinstance(text, str):
        invalid("network.body", f"`body_base64` is {shown(text)}, expected a string")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        invalid("network.body", "`body_base64` is not base64 with its padding")
    if base64.b64encode(data).decode() != text:
        invalid("network.body", "`body_base64` is not the one spelling of its bytes")
    return data
