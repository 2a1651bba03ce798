"""Which requests a plugin may send, by one regular expression for each thing that has a grammar."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from . import DENIED, INVALID, REJECTED, Answer
from .addresses import MAPPED, may_connect, packed, within

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

# -- the grammar, in lower case --------------------------------------------------------------------

VISIBLE = r"[!#-;=?-\[\]_a-z~]"  # printable ASCII without \ " < > ^ ` { | } or blanks
PATH_CHARACTER = r"[!$&-;=@-\[\]_a-z~]"  # of those, none of ? # %
LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
NUMBER = r"(?:[0-9]+|0x[0-9a-f]*)"
OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
NAME = rf"(?:{LABEL}\.)*(?!{NUMBER}(?![a-z0-9_.-])){LABEL}"
IPV4 = rf"{OCTET}(?:\.{OCTET}){{3}}(?![a-z0-9_.-])"
IPV6 = r"\[[0-9a-f:]+\]"
HOST = rf"(?P<host>{IPV4}|{NAME}|{IPV6})"
PORT = r"[1-9][0-9]{0,4}"

URL = re.compile(
    rf"(?P<scheme>(?i:https?))://(?i:{HOST})(?::(?P<port>{PORT}))?"
    rf"(?P<path>(?:/(?:(?i:{PATH_CHARACTER})|%(?i:[0-9a-f]{{2}}))*)?)"
    rf"(?P<query>(?:\?(?i:(?!#){VISIBLE})*)?)",
    re.ASCII,
)
PATTERN = re.compile(
    rf"(?P<scheme>https?)://(?P<wild>\*\.(?=[^/:.]+\.))?{HOST}(?::(?P<port>{PORT}|\*))?"
    rf"(?P<path>/(?i:(?!\*){PATH_CHARACTER})*)(?P<below>(?<=/)\*)?",
    re.ASCII,
)
DOT_SEGMENT = re.compile(r"(?:/|%2F|%5C)\.\.?(?:\Z|/|;|%3B|%2F|%5C)")
READ_DIFFERENTLY = re.compile(r"%2F|%5C|%25")
CONTROL = re.compile(rb"[\0-\x1f\x7f]|\xc2[\x80-\x9f]")
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
VALUE = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?")
OF_THE_HOST = re.compile(
    r"(?i:host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|expect"
    r"|via|proxy-.*|http2-settings)"
)
DEFAULT_PORT = {"http": 80, "https": 443}


class Place(NamedTuple):
    """Where a URL leads, or a pattern: a pattern's port may be any, None."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: str = ""

    def __str__(self) -> str:
        """Return the canonical URL."""
        port = "" if self.port == DEFAULT_PORT[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.path}{self.query}"


class Pattern(NamedTuple):
    """A pattern: the place, whether names below the host are meant, and paths below the path."""

    place: Place
    wild: bool
    below: bool


# -- hosts and ports -------------------------------------------------------------------------------


def compressed(groups: list[int]) -> str:
    """Write eight groups as RFC 5952 does: the first longest run of two zeros or more is `::`."""
    digits = [f"{group:x}" for group in groups]
    for length in range(8, 1, -1):
        for start in range(9 - length):
            if not any(groups[start : start + length]):
                return ":".join(digits[:start]) + "::" + ":".join(digits[start + length :])
    return ":".join(digits)


def is_canonical(host: str) -> bool:
    """Return whether a host that fits the grammar is written in the one way there is."""
    if host[0] != "[":
        return len(host) <= 253
    try:
        address = packed(host[1:-1])
    except OSError:
        return False
    groups = [int.from_bytes(address[at : at + 2], "big") for at in range(0, 16, 2)]
    return host == f"[{compressed(groups)}]" and not within(address, MAPPED)


def port_of(found: re.Match[str], scheme: str) -> int | None:
    """Return the port that is written or meant; 0 for one that does not exist."""
    if found["port"] == "*":
        return None
    port = int(found["port"] or DEFAULT_PORT[scheme])
    return port if port <= 65535 else 0


# -- URLs and patterns -----------------------------------------------------------------------------


def canonical_path(path: str) -> str | None:
    """Return a path with each escape in its one form; None for one that is refused."""
    if "%" in path:
        if CONTROL.search(unquote_to_bytes(path)):
            return None
        path = re.sub("%(..)", canonical_escape, path)
    return None if DOT_SEGMENT.search(path) else path


def canonical_escape(escape: re.Match[str]) -> str:
    """Return the character if it is unreserved, else the escape in upper case."""
    character = chr(int(escape[1], 16))
    return character if UNRESERVED.fullmatch(character) else escape[0].upper()


def place_of(url: str) -> Place | None:
    """Return where a URL leads, None for what is none."""
    found = URL.fullmatch(url) if len(url) <= 8192 else None
    if not found:
        return None
    scheme, host = found["scheme"].lower(), found["host"].lower()
    path, port = canonical_path(found["path"] or "/"), port_of(found, scheme)
    if not is_canonical(host) or not port or path is None:
        return None
    return Place(scheme, host, port, path, found["query"])


@lru_cache(10_000)
def pattern_of(text: object) -> Pattern | None:
    """Return a pattern of a manifest, None for what is none."""
    found = PATTERN.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    port = port_of(found, found["scheme"])
    name = not re.fullmatch(rf"{IPV4}|{IPV6}", found["host"])
    if not is_canonical(found["host"]) or port == 0 or (found["wild"] and not name):
        return None
    if DOT_SEGMENT.search(found["path"]):
        return None
    place = Place(found["scheme"], found["host"], port, found["path"])
    return Pattern(place, bool(found["wild"]), bool(found["below"]))


def covers(pattern: Pattern, url: Place) -> bool:
    """Return whether a pattern covers the place where a URL leads."""
    granted = pattern.place
    host = url.host.endswith("." + granted.host) if pattern.wild else url.host == granted.host
    below = pattern.below and url.path.startswith(granted.path)
    if READ_DIFFERENTLY.search(url.path):
        below = pattern.below and granted.path == "/"
    path = below or (not pattern.below and url.path == granted.path)
    return host and path and url.scheme == granted.scheme and granted.port in (None, url.port)


# -- decisions -------------------------------------------------------------------------------------


def are_headers(headers: object) -> bool:
    """Return whether these are headers that a guest may set."""
    return (
        isinstance(headers, dict)
        and len(headers) <= 64
        and len({name.lower() for name in headers}) == len(headers)
        and all(TOKEN.fullmatch(name) and not OF_THE_HOST.fullmatch(name) for name in headers)
        and all(isinstance(text, str) and VALUE.fullmatch(text) for text in headers.values())
    )


def decide(
    patterns: tuple[object, ...], url: str, method: str = "GET", headers: object = None
) -> Answer:
    """Decide by the manifest: allowed with the `Place`, denied, invalid, or no manifest at all."""
    granted = [pattern_of(text) for text in patterns]
    if None in granted:
        return REJECTED
    if not granted:
        return DENIED
    place = place_of(url)
    if method not in METHODS or place is None or not are_headers(headers or {}):
        return INVALID
    return Answer("", place) if any(covers(one, place) for one in granted if one) else DENIED


def connect(place: Place, resolved: tuple[str, ...], allowed: tuple[str, ...]) -> Answer:
    """Decide by the addresses: allowed with their bytes if each one that the host has is open."""
    literal = place.host.strip("[]")
    found = (literal,) if re.fullmatch(rf"{IPV4}|{IPV6}", place.host) else resolved
    if found and all(may_connect(one, allowed) for one in found):
        return Answer("", tuple(dict.fromkeys(map(packed, found))))
    return Answer("unavailable")
