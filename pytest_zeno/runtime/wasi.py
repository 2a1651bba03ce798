"""The host's side of WASI: clock, random bytes, output and exit (PERMISSIONS.md, Limits)."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from pytest_zeno.limits import KIB
from pytest_zeno.runtime import layout
from pytest_zeno.text import prefixed

if TYPE_CHECKING:
    from collections.abc import Callable

OUTPUT_BYTES: Final = 64 * KIB
"""Bytes kept of each stream; what comes after is counted and dropped."""

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
        """Keep what the guest wrote to a stream, up to `OUTPUT_BYTES`."""
        stream = self.stdout if function == layout.STDOUT else self.stderr
        stream += data[: max(0, OUTPUT_BYTES - len(stream))]

    def stderr_text(self) -> str:
        """Return what the guest wrote to stderr, a panic message say, line by line."""
        return prefixed(self.stderr.decode("utf-8", "backslashreplace").strip(), "")
