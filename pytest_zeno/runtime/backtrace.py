"""Where a guest was: its frames by name, and by file and line where it has debug information.

wasmtime reads DWARF when an engine is made with ``WASMTIME_BACKTRACE_DETAILS=1``; file and line
then stand in the trap's text alone, below each frame of it. Modules without debug information cost
nothing more.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from pytest_zeno.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    import wasmtime

_VARIABLE: Final = "WASMTIME_BACKTRACE_DETAILS"
_FRAMES: Final = 16
"""How many frames are kept, from the innermost on."""

_HEAD: Final = re.compile(r" *(\d{1,9}): +0x[0-9a-f]+ - ", re.ASCII)
_PLACE: Final = re.compile(r" +at (.+:\d+:\d+)", re.ASCII)


@contextmanager
def details() -> Iterator[None]:
    """Have the configuration that is made inside read debug information."""
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before


def of(trap: wasmtime.Trap) -> tuple[str, ...]:
    """Return a line for each frame of the guest, innermost first, fit to be shown."""
    places = _places(trap.message)
    frames = [
        _line(frame, places.get(number, ""))
        for number, frame in enumerate(trap.frames)
        if not (frame.module_name or "").startswith("pytest_zeno.")
    ]
    return tuple(frames[:_FRAMES])


def _places(message: str) -> dict[int, str]:
    """Return file, line and column by the frame's number; of inlined calls the innermost."""
    places: dict[int, str] = {}
    number = -1
    for line in message.split("\n"):
        head, place = _HEAD.match(line), _PLACE.fullmatch(line)
        if head:
            number = int(head[1])
        elif place:
            places.setdefault(number, place[1])
    return places


def _line(frame: wasmtime.Frame, place: str) -> str:
    name = frame.func_name or f"function {frame.func_index}"
    where = f" ({visible(place)})" if place else ""
    return f"{visible(name)} at 0x{frame.module_offset:x}{where}"
