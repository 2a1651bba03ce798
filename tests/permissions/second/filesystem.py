"""Which files a plugin may name, by sets of characters that are written out."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from . import DENIED, INVALID, REJECTED, Answer


def _characters(text: str) -> frozenset[str]:
    """Return the characters of ranges like ``200b-200f 3164``."""
    ranges = [(*part.split("-"), part)[:2] for part in text.split()]
    return frozenset(
        chr(at) for first, last in ranges for at in range(int(first, 16), int(last, 16) + 1)
    )


CONTROLS = _characters(
    "0-1f 7f-9f 2028-2029 600-605 6dd 70f 890-891 8e2 fff9-fffb 110bd 110cd 13430-1343f"
)
"""Unicode's control characters (Cc), line ends (Zl, Zp) and format controls (Cf) that show."""

INVISIBLE = _characters(
    "ad 34f 61c 115f-1160 17b4-17b5 180b-180f 200b-200f 202a-202e 2060-206f 3164 fe00-fe0f feff "
    "ffa0 fff0-fff8 1bca0-1bca3 1d173-1d17a e0000-e0fff"
)
"""Unicode's Default_Ignorable_Code_Point, the zero-width characters, with all of Bidi_Control."""

BLANKS = _characters("20 a0 1680 2000-200a 202f 205f 3000")
"""Unicode's White_Space that is no control character."""

REFUSED = CONTROLS | INVISIBLE | frozenset('\\:*?"<>|')

DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"} | {
    port + digit for port in ("com", "lpt") for digit in "0123456789\u00b9\u00b2\u00b3"
}


def segments_of(path: str) -> tuple[str, ...] | None:
    """Return the segments of an absolute path, None for what is none."""
    if not path.startswith("/") or len(path.encode("utf-8", "surrogatepass")) > 4096:
        return None
    if not REFUSED.isdisjoint(path) or unicodedata.normalize("NFC", path) != path:
        return None
    segments = tuple(path[1:].split("/"))
    return segments if all(map(is_name, segments)) else None


@lru_cache(100_000)
def is_name(segment: str) -> bool:
    """Return whether every system keeps a segment as it is."""
    if not segment or len(segment.encode("utf-8", "surrogatepass")) > 255:
        return False
    if segment[0] in BLANKS or segment[-1] in BLANKS or segment[-1] == ".":
        return False
    return device_part(segment) not in DEVICES


def device_part(segment: str) -> str:
    """Return what Windows looks at: what is before the first dot, without blanks at its end.

    A conversion to a code page of Windows may take other blanks and an i without its dot as well.
    """
    part = segment.partition(".")[0].rstrip("".join(BLANKS))
    return part.replace("\u0131", "i").lower()


@lru_cache(10_000)
def grant_of(text: object) -> tuple[str, ...] | None:
    """Return the segments of a manifest's grant, None for what is none."""
    if not isinstance(text, str) or not {"~", "$", "*"}.isdisjoint(text):
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return segments_of(text.removesuffix("/"))


def decide(grants: tuple[object, ...], path: bytes) -> Answer:
    """Decide by the manifest: allowed with grant and path as segments, or one of four refusals."""
    granted = [grant_of(text) for text in grants]
    if None in granted:
        return REJECTED
    if not granted:
        return DENIED
    try:
        text = path.decode()
    except UnicodeDecodeError:
        return Answer("encoding")
    segments = segments_of(text)
    if segments is None:
        return INVALID
    above = [one for one in granted if one is not None and segments[: len(one)] == one]
    return Answer("", (max(above, key=len), segments)) if above else DENIED
