"""The URLs that a guest may write: one grammar, taken apart once, and nothing repaired.

PERMISSIONS.md, network, URL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pytest_zeno.manifest.grants import PORTS, has_dot_segment, host_problem, parse_port
from pytest_zeno.permissions.request import invalid
from pytest_zeno.text import quoted

MOST_CHARACTERS: Final = 8192
"""How long a URL may be."""

_ALLOWED: Final = re.compile(r"[!#-;=?-Z_a-z~\[\]]*")
_PARTS: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)"
    r"(?:\?(?P<query>[^#]*))?(?P<fragment>#.*)?"
)
_AUTHORITY: Final = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*)(?P<port>:.*)?")
_ESCAPE: Final = re.compile("%([0-9A-Fa-f]{2})?")
_UNRESERVED: Final = re.compile("[A-Za-z0-9._~-]")
# C0, DEL, and C1 as UTF-8 spells it.
_CONTROL: Final = re.compile("%[01][0-9A-F]|%7F|%C2%[89][0-9A-F]")
_AMBIGUOUS: Final = re.compile("%2F|%5C|%25")


@dataclass(frozen=True, slots=True)
class Url:
    """A URL in canonical form.

    ``host`` is in lower case, an IPv6 address with its brackets; ``port`` is always a number;
    ``path`` has no escaped unreserved characters and no dot segments; ``query`` is as it came.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str | None = None

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.target}"

    @property
    def netloc(self) -> str:
        """Host and port, without the scheme's default port."""
        return self.host if self.port == PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def target(self) -> str:
        """What stands in the request line."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def ambiguous(self) -> bool:
        """Whether servers differ on where the path's segments end."""
        return _AMBIGUOUS.search(self.path) is not None


def parse_url(text: str) -> Url:
    """Return the canonical URL that `text` is.

    Raises Refused (``invalid_request``): ``network.url``, ``network.scheme``,
    ``network.fragment``, ``network.userinfo``, ``network.host``, ``network.port``,
    ``network.path``.
    """
    match = _PARTS.fullmatch(text) if _is_plain(text) else None
    if match is None:
        invalid(
            "network.url",
            f"{quoted(text)} is no URL of 1 to {MOST_CHARACTERS} printable ASCII characters "
            'without blanks and \\ " < > ^ ` { | }',
        )
    scheme = match["scheme"].lower()
    if scheme not in PORTS:
        invalid("network.scheme", f"{quoted(text)} is neither http nor https")
    if match["fragment"] is not None:
        invalid("network.fragment", f"{quoted(text)} has a fragment, which is never sent")
    host, port = _authority(scheme, match["authority"])
    return Url(scheme, host, port, _path(match["path"]), match["query"])


def _is_plain(text: str) -> bool:
    return len(text) <= MOST_CHARACTERS and _ALLOWED.fullmatch(text) is not None


def _authority(scheme: str, text: str) -> tuple[str, int]:
    if "@" in text:
        invalid("network.userinfo", f"{quoted(text)} has a user before the host")
    match = _AUTHORITY.fullmatch(text)
    host = match["host"].lower() if match else ""
    problem = host_problem(host)
    if match is None or problem:
        invalid("network.host", f"{quoted(text)}: {problem or 'a host has no brackets inside'}")
    port = PORTS[scheme] if match["port"] is None else parse_port(match["port"][1:])
    if port is None:
        invalid("network.port", f"{quoted(text)}: a port is a number from 1 to 65535")
    return host, port


def _path(text: str) -> str:
    path = _ESCAPE.sub(_canonical_escape, text) or "/"
    if _CONTROL.search(path):
        invalid("network.path", f"{quoted(text)} has an escaped control character")
    if has_dot_segment(path):
        invalid("network.path", f"{quoted(text)} has a segment . or ..")
    return path


def _canonical_escape(match: re.Match[str]) -> str:
    if match[1] is None:
        invalid("network.path", "a % stands without two hexadecimal digits")
    character = chr(int(match[1], 16))
    return character if _UNRESERVED.fullmatch(character) else match[0].upper()
