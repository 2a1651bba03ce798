"""The host's side of WASI: clock, random bytes, output and exit (PERMISSIONS.md, Limits)."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from pytest_zeno.limits import KIB
from pytest_zeno.runtime import layout
from pytest_zeno.text import LOG, prefixed

if TYPE_CHECKING:
    from collections.abc import Callable

OUTPUT_BYTES: Final = 64 * KIB
"""Bytes kept of each stream, the last ones: a panic's message comes behind all else."""

_CLOCKS: Final[tuple[Callable[[], int], ...]] = (
    time.time_ns,
    time.monotonic_ns,
    time.process_time_ns,
    time.thread_time_ns,
)


class Exited(Exception):  # noqa: N818 (the guest's end, not an error of ours)
    """The guest called proc_exit; unwinds the host call."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Wasi:
    """One instance's clock, random bytes and captured output."""

    def __init__(self) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()

    def clock(self, number: int) -> int:
        """Return the time of clock `number` in nanoseconds."""
        return _CLOCKS[number]()

    def random(self, size: int) -> bytes:
        """Return `size` random bytes."""
        return os.urandom(size)

    def write(self, function: int, data: bytes) -> None:
        """Keep what the guest wrote to a stream, the last `OUTPUT_BYTES` of it."""
        stream = self.stdout if function == layout.STDOUT else self.stderr
        stream += data
        del stream[: max(0, len(stream) - OUTPUT_BYTES)]

    def stderr_text(self) -> str:
        """Return the last that the guest wrote to stderr, a panic message say, line by line."""
        text = self.stderr.decode("utf-8", "backslashreplace").strip()
        return prefixed(text[-LOG:], "")
