"""One door for text that came from a guest (PERMISSIONS.md, Text from a guest).

Whatever a plugin chose (log lines, errors, names, trap messages) goes through `visible` before
any sink sees it; the sink's own escaping (HTML, XML, JSON) comes after.
"""

from __future__ import annotations

import re
from typing import Final

INLINE: Final = 300
"""Characters kept where guest text stands inside a line of ours."""

LOG: Final = 8 * 1024
"""Characters kept of one log line."""

# C0 but TAB, DEL, C1; zero-width, bidi and other format characters; separators; surrogates.
_HIDDEN: Final = re.compile(
    "#(?=#(?:vso)?\\[)|[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


def visible(text: str, limit: int = INLINE) -> str:
    r"""Return `text` with what could deceive a reader as ``\uXXXX``, cut to `limit`."""
    if len(text) <= limit and text.isascii() and text.isprintable() and "#" not in text:
        return text  # most texts are so plain, and the pattern takes five times as long
    cut = f"… ({len(text)} characters)" if len(text) > limit else ""
    return _HIDDEN.sub(_escape, text[:limit]) + cut


def visible_bytes(data: bytes, limit: int = INLINE) -> str:
    r"""Return bytes from a guest as text: UTF-8 where it is, ``\xNN`` where it is not."""
    longest = limit * 4  # of as many characters in UTF-8
    text = data[:longest].decode("utf-8", "backslashreplace")
    cut = f"… ({len(data)} bytes)" if len(text) > limit or len(data) > longest else ""
    return _HIDDEN.sub(_escape, text[:limit]) + cut


def quoted(text: str, limit: int = INLINE) -> str:
    """Return guest text in single quotes, for use inside a sentence of ours."""
    return "'" + visible(text, limit) + "'"


def prefixed(text: str, prefix: str, limit: int = LOG) -> str:
    """Return guest text with `prefix` before each line, so that no guest byte starts a line."""
    lines = text[:limit].split("\n")
    return "\n".join(prefix + visible(line, limit) for line in lines)


def _escape(match: re.Match[str]) -> str:
    point = ord(match[0])
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
