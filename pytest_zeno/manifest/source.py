"""From the file's bytes to text: the size, UTF-8, one BOM, no control characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pytest_zeno.limits import MIB

if TYPE_CHECKING:
    from pytest_zeno.manifest.report import Report

MOST_BYTES: Final = MIB
"""Bytes a manifest may have."""

_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
# YAML 1.1, c-printable: the parsers disagree on what they do with anything else.
_UNPRINTABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def decode(data: bytes, report: Report) -> str | None:
    """Return the text of a manifest, or None when it has none and the report says why."""
    if len(data) > MOST_BYTES:
        report.add(
            "too_large",
            f"the file has {len(data)} bytes or more, a {report.noun} at most {MOST_BYTES}",
            hint=f"is this the {report.noun}?",
        )
        return None
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        _report_encoding(error, report)
        return None
    found = _UNPRINTABLE.search(text)
    if found is None:
        return text
    report.add(
        "character",
        f"the character U+{ord(found[0]):04X} may not stand in YAML",
        _place(text[: found.start()]),
        hint="write it as an escape in double quotes, or leave it out",
    )
    return None


def _report_encoding(error: UnicodeDecodeError, report: Report) -> None:
    read = bytes(error.object[: error.start])
    wide = bytes(error.object[:2]) in _UTF16
    report.add(
        "encoding",
        f"the byte 0x{error.object[error.start]:02x} is not UTF-8",
        _place(read.decode("utf-8")),
        hint="the file is UTF-16: save it as UTF-8" if wide else "save the file as UTF-8",
    )


def _place(before: str) -> tuple[int, int]:
    line_start = before.rfind("\n") + 1
    return before.count("\n") + 1, len(before) - line_start + 1
