"""Paths to decide about: recorded ones and drawn ones, damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .corpus import load
from .mutations import Draw, mutate

if TYPE_CHECKING:
    from collections.abc import Iterator


class FileCase(NamedTuple):
    """What a manifest grants, and the path of a request as the guest's bytes."""

    grants: tuple[object, ...]
    path: bytes
    write: bool = False


def raw(path: str) -> bytes:
    """Return a path's bytes, also those of half a character."""
    return path.encode("utf-8", "surrogatepass")


RECORDED = [(tuple(line["grants"]), line["path"]) for line in load("filesystem")]

NAMES = (
    *("srv", "data", "data-evil", "a.txt", "sub", "b", "..a", "a..b", ".hidden", "long name.txt"),
    *("caf\u00e9", "\u6f22\u5b57", "a~1.txt", "$x", "%2e%2e", "\uff0e\uff0e", "con1", "nulls"),
    *("com10", "a" * 255, "\u00e9" * 127, "a.con", "xcon", "com", "\u03a9", "\ud55c\uae00"),
    *("\U0001f600", "a\u0323", "\u0301a", "COM\u2074", "conin", "clock$", "x" * 200, "\u0390"),
)
OTHER_NAMES = (
    *("", ".", "..", "...", "a.", "a ", " a", "\u00a0a", "a\u3000", "a" * 256, "\u00e9" * 128),
    *("con", "CON", "Nul.txt", "aux.", "prn", "com0", "COM9.tar.gz", "lpt1", "COM\u00b9", "nul "),
    *(
        "nul .txt",
        "conin$",
        "CONOUT$",
        "conout$.x",
        "con.a.b",
        "nul..x",
        "LPT\u00b3.a",
        "C:",
        "a:b",
    ),
    *("cafe\u0301", "\u212b", "\u1100\u1161", "\u0958", "\ufb1d", "con\u0131n$", "con\u0130n$"),
    *("~", "*", "?", "a\\b", "a|b", "a<b", 'a"', "\0", "a\n", "\x7f", "\x9f", "\u200b", "\u202e"),
    *("\u2066", "\ufeffa", "\u2028", "\u3164", "\u00ad", "\u034f", "\ufe0f", "\U000e0041"),
    *("\U000e0100", "\u180e", "\u115f", "\u2800", "\u0600", "\u06dd", "\ufff9", "\ufffb", "\ufffe"),
    *("\U000110bd", "\U0001d173", "\U0001bca0", "\u2061", "\u2065", "\ue000", "\u0378", "\ud800"),
    *(
        "\u17b4",
        "\u180b",
        "\u061c",
        "\u200e",
        "\uffa0",
        "\u070f",
        "\U00013430",
        "\u1680a",
        "a\u2003",
    ),
)
PIECES = (
    *("/", "//", "/./", "/../", "\\", "..", ".", ":", "::$DATA", "*", "?", '"', "<", ">", "|"),
    *("~", "$", "%2f", "%00", "\0", "\n", "\t", "\x1b", "\x7f", "\x80", "\x9f", " ", "\u00a0", "a"),
    *("C:", "C:\\", "\\\\.\\", "//server/", "/srv/data", "data", "-evil", "con", "NUL", "com1"),
    *("\u0301", "\u0338", "\u0327", "e\u0301", "\u00e9", "\u212a", "\u017f", "\u0131", "\uff0f"),
    *("\u2215", "\u3000", "\u2009", "x" * 100, "\u00e9" * 60, "/a" * 130, "A", "/a.txt", "/sub"),
)
GRANTS = (
    *("/srv/data", "/srv/data/", "/srv/data/sub", "/etc/app.conf", "/data", "/srv", "/srv/datax"),
    *("/a/b/c/d/", "/caf\u00e9", "/srv/long name.txt", "/Srv/data", "/srv/data-evil"),
)
OTHER_GRANTS = (
    *("", "/", "//", "data", "./data", "~", "~/x", "/~", "/$HOME", "/srv/*", "/a//", "//a/b"),
    *("/a/../b", "C:\\data", "C:/data", "\\\\a\\b", "/C:/x", "/a\n", "/a.", "/con", "/cafe\u0301"),
    *(
        "/a~b",
        "/a$b",
        "/a/b~",
        True,
        None,
        1,
        "/a ",
        "/a/\ud800",
        "/" + "a/" * 2047,
        "/" + "a/" * 2048,
    ),
)
BYTES = (
    b"\xff",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xc3",
    b"\0",
    b"/",
    b"\xe2\x80",
    b"\xf4\x90\x80\x80",
)


def granted(draw: Draw) -> tuple[object, ...]:
    """Return what a manifest grants."""
    if draw.chance(0.15):
        return draw.one(RECORDED)[0]
    grants: list[object] = [draw.one(GRANTS) for _ in range(1 + draw.below(3))]
    if draw.chance(0.06):
        grants.append(draw.one(OTHER_GRANTS))
    if draw.chance(0.1):
        grants.append("/" + "/".join(draw.one(NAMES) for _ in range(1 + draw.below(4))))
    if draw.chance(0.08):
        grants.append(mutate(draw, draw.one(GRANTS), PIECES, 0.7))
    return tuple(grants)


def path_of(draw: Draw, grants: tuple[object, ...]) -> str:
    """Return a path below a grant, or one out of any names."""
    start = draw.one(grants) if grants and draw.chance(0.85) else ""
    start = start.removesuffix("/") if isinstance(start, str) else ""
    names = (draw.one(OTHER_NAMES if draw.chance(0.15) else NAMES) for _ in range(draw.below(4)))
    return "/".join((start, *names))


def damaged(draw: Draw, path: bytes) -> bytes:
    """Put bytes into a path that may be no text."""
    at = draw.below(len(path) + 1)
    return path[:at] + draw.one(BYTES) + path[at + draw.below(2) :]


def cases(draw: Draw, count: int) -> Iterator[FileCase]:
    """Return so many cases; a manifest serves about sixteen of them."""
    manifests = [granted(draw) for _ in range(1 + count // 16)]
    for _ in range(count):
        grants = draw.one(manifests)
        if draw.chance(0.15):
            grants, path = draw.one(RECORDED)
        else:
            path = path_of(draw, grants)
        if draw.chance(0.01):
            path += "/a" * ((4092 - len(raw(path))) // 2) + "a" * draw.below(8)
        path = raw(mutate(draw, path, PIECES, 0.5))
        if draw.chance(0.03):
            path = damaged(draw, path)
        if len(path) > 4096:  # which of two mistakes is named is nobody's business
            path = path.decode("utf-8", "ignore").encode()
        yield FileCase(grants, path, draw.chance(0.2))
