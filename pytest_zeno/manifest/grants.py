"""The grammar of grants, one for each kind of permission (PERMISSIONS.md).

A grant is parsed once, when the manifest is read; decisions compare its parts and never its text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

KINDS: Final = ("network", "filesystem", "env", "database", "scope")
"""The kinds of permission."""

SCOPE_WORDS: Final = ("read", "write")
"""What `scope` may list."""

PORTS: Final = {"http": 80, "https": 443}
"""The schemes and their default ports."""


@dataclass(frozen=True, slots=True)
class NetworkGrant:
    """One pattern of URLs.

    ``host`` is a name, an IPv4 address or an IPv6 address in brackets; with ``subdomains`` it
    stands for the names below it. ``port`` None is any port. ``path`` is exact, or with ``below``
    the slash that everything granted begins with.
    """

    text: str
    scheme: str
    host: str
    port: int | None
    path: str
    subdomains: bool = False
    below: bool = False

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class FileGrant:
    """A guest's directory or file, as the segments of its absolute path."""

    text: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return self.text


Grant = NetworkGrant | FileGrant | str
"""A grant of any kind; those of env, database and scope are the names themselves."""


@dataclass(frozen=True, slots=True)
class Grants:
    """What a plugin may do, in the manifest's order and each grant once; by default nothing."""

    network: tuple[NetworkGrant, ...] = ()
    filesystem: tuple[FileGrant, ...] = ()
    env: tuple[str, ...] = ()
    database: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()


def make_grants(granted: Mapping[str, Iterable[Grant]]) -> Grants:
    """Return the grants by kind; a text of any kind is parsed.

    Raises ValueError for an unknown kind, and for a text that is no grant of its kind.
    """
    fields: dict[str, Any] = {}
    for kind, grants in granted.items():
        _parser(kind)
        if isinstance(grants, str) or not hasattr(grants, "__iter__"):
            raise ValueError(f"the grants of {kind} are a list of texts")
        fields[kind] = tuple(dict.fromkeys(_parsed(kind, grant) for grant in grants))
    return Grants(**fields)


def _parsed(kind: str, grant: Grant) -> Grant:
    return grant if isinstance(grant, NetworkGrant | FileGrant) else parse_grant(kind, grant)


def parse_grant(kind: str, text: str) -> Grant:
    """Return the grant that `text` is; `kind` is one of `KINDS`.

    Raises ValueError with a sentence that says what was expected; the text is not in it.
    """
    parse = _parser(kind)
    if not isinstance(text, str):
        raise ValueError("a grant is a text")  # noqa: TRY004 (one kind of error for whatever a grant is not)
    return parse(text)


def _parser(kind: str) -> Callable[[str], Grant]:
    if kind not in _PARSERS:
        raise ValueError(f"the kinds of permission are {', '.join(KINDS)}")
    return _PARSERS[kind]


# -- network ---------------------------------------------------------------------------------------

_PATTERN: Final = re.compile(
    r"(?P<scheme>[^:/]*)://(?P<host>\[[^\]/]*\]|[^\[\]:/]*)(?::(?P<port>[^:/]*))?(?P<path>/.*)?",
    re.DOTALL,
)
_PATH: Final = re.compile(r"/[A-Za-z0-9._~!$&'()+,;=:@/\[\]-]*")
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_IPV6: Final = re.compile(r"[0-9a-f:]{2,39}")


def _network(text: str) -> NetworkGrant:
    match = _PATTERN.fullmatch(text)
    if match is None or match["scheme"] not in PORTS:
        raise ValueError("expected http:// or https://, a host in lower case and a path")
    scheme, path = match["scheme"], match["path"]
    host = match["host"].removeprefix("*.")
    subdomains = host != match["host"]
    _check_pattern_host(host, subdomains=subdomains)
    if path is None:
        raise ValueError("the path is missing; write /* behind the host for every path")
    below = path.endswith("/*")
    path = path.removesuffix("*") if below else path
    _check_pattern_path(path)
    port = PORTS[scheme] if match["port"] is None else _port(match["port"])
    return NetworkGrant(text, scheme, host, port, path, subdomains, below)


def _check_pattern_host(host: str, *, subdomains: bool) -> None:
    problem = host_problem(host)
    if problem:
        raise ValueError(problem)
    if subdomains and ("." not in host or host.startswith("[") or _IPV4.fullmatch(host)):
        raise ValueError("*. stands before a name of at least two labels, such as *.example.com")


def _check_pattern_path(path: str) -> None:
    if not _PATH.fullmatch(path):
        raise ValueError(
            "a path has no query, fragment, blank or %, and * only as its last segment"
        )
    if has_dot_segment(path):
        raise ValueError("a path has no segment . or ..")


def _port(text: str) -> int | None:
    if text == "*":
        return None
    port = parse_port(text)
    if port is None:
        raise ValueError("a port is a number from 1 to 65535, or * for any")
    return port


def parse_port(text: str) -> int | None:
    """Return the port that `text` writes without a leading zero, or None."""
    return int(text) if _PORT.fullmatch(text) and int(text) < 65536 else None


def has_dot_segment(path: str) -> bool:
    """Return whether some server might read ``.`` or ``..`` among the segments of a URL's path."""
    segments = re.split("/|%2F|%5C", path)
    return any(re.split(";|%3B", segment)[0] in (".", "..") for segment in segments)


def host_problem(host: str) -> str:
    """Return what a host in lower case should have been, '' when nothing is wrong with it.

    A name, a canonical IPv4 address, or a canonical IPv6 address in brackets.
    """
    if host.startswith("["):
        return _ipv6_problem(host[1:-1])
    labels = host.split(".")
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        return "a host is a name in lower-case ASCII, an IPv4 address or an IPv6 address in []"
    if _NUMBER.fullmatch(labels[-1]) and not _IPV4.fullmatch(host):
        return "a host that ends in a number is an IPv4 address of four decimal numbers"
    return ""


def _ipv6_problem(text: str) -> str:
    from ipaddress import AddressValueError, IPv6Address

    expected = "an address in [] is IPv6 in its shortest form, in lower case, without a zone"
    if not _IPV6.fullmatch(text):
        return expected
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return expected
    # How a mapped address is spelled differs between Python versions; it is an IPv4 address.
    if address.ipv4_mapped is not None:
        return "an IPv4 address is written as such"
    return "" if str(address) == text else expected


# -- filesystem ------------------------------------------------------------------------------------

MOST_PATH_BYTES: Final = 4096
"""How long a guest's path may be."""

MOST_SEGMENT_BYTES: Final = 255
"""How long one segment of it may be."""

_FORBIDDEN: Final = re.compile(r'[\\:*?"<>|]')
# Cc, Cf, Cs, Zl, Zp, the fillers and the tags of Unicode 16. Python's own tables grow with its
# version, and what is granted may not.
_HIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u180e"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
# The rest of Default_Ignorable_Code_Point: file systems that fold case drop these from a name.
_ZERO_WIDTH: Final = re.compile("[\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\ufff0-\ufff8]")
_DEVICE: Final = re.compile(
    r"CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|CLOCK\$|(COM|LPT)[0-9\u00b9\u00b2\u00b3]"
)


def _filesystem(text: str) -> FileGrant:
    path = text if text == "/" else text.removesuffix("/")
    if not path.startswith("/") or path == "/":
        raise ValueError("expected the absolute path of a directory or file, such as /data")
    problem = path_problem(path)
    if problem:
        raise ValueError(problem)
    if re.search("[~$]", path):
        raise ValueError("a path has no ~ and no $; nothing is expanded")
    return FileGrant(text, tuple(path[1:].split("/")))


def path_problem(path: str) -> str:
    """Return what a guest's path should have been, '' when nothing is wrong with it.

    The same paths are refused on every system (PERMISSIONS.md, filesystem, Request).
    """
    if not path.startswith("/"):
        return "a path is absolute"
    if len(path.encode("utf-8", "replace")) > MOST_PATH_BYTES:
        return f"a path has at most {MOST_PATH_BYTES} bytes"
    if is_deceptive(path) or _ZERO_WIDTH.search(path):
        return "a path has no control, zero-width or bidi characters"
    if _FORBIDDEN.search(path):
        return 'a path has none of the characters \\ : * ? " < > |'
    if not unicodedata.is_normalized("NFC", path):
        return "a path is in Unicode's form NFC"
    return next(filter(None, map(_segment_problem, path[1:].split("/"))), "")


def _segment_problem(segment: str) -> str:
    if segment in ("", ".", ".."):
        return "a path has no segment that is empty, . or .."
    if len(segment.encode()) > MOST_SEGMENT_BYTES:
        return f"a segment has at most {MOST_SEGMENT_BYTES} bytes"
    if segment[0].isspace() or segment[-1].isspace() or segment[-1] == ".":
        return "a segment has no blank at its start, and no blank or dot at its end"
    if _DEVICE.fullmatch(segment.partition(".")[0].rstrip().upper()):
        return "a segment is no device name of Windows, with or without an extension"
    return ""


def is_deceptive(text: str) -> bool:
    """Return whether control, format or other characters that do not show are in `text`."""
    return _HIDDEN.search(text) is not None


# -- env, database, scope --------------------------------------------------------------------------

_ENV: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,255}")
_DATABASE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


def _env(text: str) -> str:
    if not _ENV.fullmatch(text):
        raise ValueError(
            "a name is 1 to 256 letters, digits and _, and does not start with a digit; "
            "there are no wildcards"
        )
    return text


def _database(text: str) -> str:
    if not _DATABASE.fullmatch(text):
        raise ValueError(
            "a connection's name is 1 to 64 letters, digits, _ . and -, and starts with a letter, "
            "a digit or _; there are no wildcards"
        )
    return text


def _scope(text: str) -> str:
    if text not in SCOPE_WORDS:
        raise ValueError("expected read or write; neither implies the other")
    return text


_PARSERS: Final[dict[str, Callable[[str], Grant]]] = {
    "network": _network,
    "filesystem": _filesystem,
    "env": _env,
    "database": _database,
    "scope": _scope,
}
