"""Which parts of a linear memory were ever used: a measure finer than its size.

Fresh memory is zero. What an allocator hands out for the first time is written to, so the parts
that hold something for the first time are what was taken, to 16 bytes instead of 65,536.
"""

from __future__ import annotations

from typing import Final

from pytest_zeno.limits import KIB

GRAIN: Final = 16
"""Bytes of one part: what allocators round to."""

_STRETCH: Final = 4 * KIB
"""Bytes that are looked at together; most of a memory is as it was when it was last looked at."""

_UNUSED: Final = bytes(_STRETCH)

_FOLDS: Final = (64, 32, 16, 8, 4, 2, 1)
"""Shifts in bits that bring every bit of a part down to its lowest one."""

_LOWEST: Final = int.from_bytes((b"\1" + bytes(GRAIN - 1)) * (_STRETCH // GRAIN), "little")
"""The lowest bit of each part of a stretch."""


class Touched:
    """The parts of one memory that were seen to hold something other than zero."""

    def __init__(self) -> None:
        self._seen: dict[int, bytes] = {}
        """What each stretch held when it was last looked at, by its address."""
        self._known: dict[int, int] = {}
        """The parts of each stretch that are known to be used, as bits."""

    def take(self, memory: bytes) -> int:
        """Look at the whole memory; return how many bytes are used that never were before."""
        fresh = 0
        for start in range(0, len(memory), _STRETCH):
            stretch = memory[start : start + _STRETCH]
            if stretch != self._seen.get(start, _UNUSED):
                self._seen[start] = stretch
                fresh += self._fresh(start, _used(stretch))
        return fresh * GRAIN

    def _fresh(self, start: int, parts: int) -> int:
        """Return how many of a stretch's parts are used for the first time."""
        known = self._known.get(start, 0)
        self._known[start] = known | parts
        return (parts & ~known).bit_count()


def _used(stretch: bytes) -> int:
    """Return the parts that hold something, as bits."""
    parts = int.from_bytes(stretch, "little")
    for fold in _FOLDS:
        parts |= parts >> fold
    return parts & _LOWEST
