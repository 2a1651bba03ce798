"""The units of limits: bytes, seconds and counts, from numbers or from texts as people write them.

Each parser raises ValueError naming what was given and what is understood.
"""

from __future__ import annotations

import re
from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB
PAGE: Final = 64 * KIB

_SIZE: Final = re.compile(r"(?P<number>[0-9]{1,19})\s*(?P<unit>[KMG]i?B|B)?", re.ASCII)
_BYTES: Final = {
    None: 1,
    "B": 1,
    "KiB": KIB,
    "MiB": MIB,
    "GiB": GIB,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
}
_TIME: Final = re.compile(r"(?P<number>[0-9]{1,9}(\.[0-9]{1,9})?)\s*(?P<unit>ms|s|m)?", re.ASCII)
_SECONDS: Final = {None: 1.0, "ms": 0.001, "s": 1.0, "m": 60.0}
_COUNT: Final = re.compile(r"[0-9]{1,19}", re.ASCII)


def parse_size(value: int | str) -> int:
    """Return a size in bytes from a number or a text such as ``"32MiB"``.

    KiB, MiB and GiB are powers of 1,024; KB, MB and GB powers of 1,000.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"a size is a number of bytes or a text such as '32MiB', not {value!r}")
    return int(match["number"]) * _BYTES[match["unit"]]


def parse_seconds(value: float | str) -> float:
    """Return seconds from a number or a text such as ``"5s"``, ``"250ms"`` or ``"2m"``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"a time is a number of seconds or a text such as '5s', not {value!r}")
    return float(match["number"]) * _SECONDS[match["unit"]]


def parse_count(value: int | str) -> int:
    """Return a whole number from 0 up, from a number or its digits."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and _COUNT.fullmatch(value):
        return int(value)
    raise ValueError(f"a count is a whole number from 0 up, not {value!r}")


def shown_size(size: int) -> str:
    """Return a size in the largest unit that it is a whole number of, as `parse_size` reads it."""
    for unit in ("GiB", "MiB", "KiB"):
        if size and size % _BYTES[unit] == 0:
            return f"{size // _BYTES[unit]}{unit}"
    return str(size)
