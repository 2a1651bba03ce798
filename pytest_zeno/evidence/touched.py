"""Which parts of a linear memory were ever used: a measure finer than its size.

Fresh memory is zero. What an allocator hands out for the first time is written to, so the parts
that hold something for the first time are what was taken, to 16 bytes instead of 65,536.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

GRAIN: Final = 16
"""Bytes of one part: what allocators round to."""

_FOLDS: Final = (64, 32, 16, 8, 4, 2, 1)
"""Shifts in bits that bring every bit of a part down to its lowest one."""


class Touched:
    """The parts of one memory that were seen to hold something other than zero."""

    def __init__(self) -> None:
        self._known = 0

    def take(self, memory: bytes) -> int:
        """Look at the whole memory; return how many bytes are used that never were before."""
        used = memory.rstrip(b"\0")
        parts = int.from_bytes(used, "little")
        for fold in _FOLDS:
            parts |= parts >> fold
        parts &= _lowest(len(used) // GRAIN + 1)
        fresh = parts & ~self._known
        self._known |= fresh
        return fresh.bit_count() * GRAIN


@lru_cache(maxsize=8)
def _lowest(parts: int) -> int:
    """Return a number with the lowest bit of each part set."""
    return int.from_bytes((b"\1" + bytes(GRAIN - 1)) * parts, "little")
