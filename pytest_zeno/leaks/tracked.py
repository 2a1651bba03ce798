"""What memray says of some work: the blocks that it allocated and did not free, by their stack.

memray sees what the process allocates, mapped memory included, and nothing of what a guest does
inside its linear memory, which is one mapping: `guest` looks there.
"""

from __future__ import annotations

import gc
import importlib.util
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from memray import FileReader

_OWN: Final = str(Path(__file__).parent)


class Frame(NamedTuple):
    """One place of a stack."""

    function: str
    file: str
    line: int


Stack = tuple[Frame, ...]
"""Where something was allocated, the innermost frame first, without those that started the work."""


class Kept(NamedTuple):
    """What was allocated at one stack and not freed: how many blocks, of how many bytes."""

    blocks: int
    bytes: int


NOTHING: Final = Kept(0, 0)


class AlreadyTrackedError(RuntimeError):
    """Another tracker watches this process, and memray knows but one."""

    def __init__(self) -> None:
        super().__init__(
            "memray tracks this process already: start pytest without `memray run` and --memray"
        )


def possible() -> bool:
    """Whether memray can be had on this system."""
    return sys.platform != "win32"


def obstacle() -> str:
    """Return why memory cannot be tracked in this process, and what to do; "" when it can."""
    if not possible():
        return "memray knows Linux and macOS, not Windows: run it there, or under WSL"
    if importlib.util.find_spec("memray") is None:
        return "memray is not there: pip install 'pytest-zeno[leaks]'"
    return ""


def kept(work: Callable[[], object], times: int, settle: Callable[[], object]) -> dict[Stack, Kept]:
    """Return what stays when the work was done so many times, settled, and garbage collected.

    Raises what the work raises, and AlreadyTrackedError when the process is tracked already.
    """
    from memray import FileFormat, FileReader, Tracker

    gc.collect()
    with tempfile.TemporaryDirectory(prefix="zeno-leaks-") as folder:
        path = Path(folder, "allocations.bin")
        form = FileFormat.ALL_ALLOCATIONS
        _check_untracked(Path(folder, "nothing.bin"))
        with Tracker(path, trace_python_allocators=True, file_format=form):
            for _ in range(times):
                work()
            settle()
            gc.collect()
        reader = FileReader(path)
        try:
            return _by_stack(reader)
        finally:
            reader.close()


def _check_untracked(path: Path) -> None:
    from memray import Tracker

    try:
        with Tracker(path):
            pass
    except RuntimeError:
        raise AlreadyTrackedError from None


def _by_stack(reader: FileReader) -> dict[Stack, Kept]:
    found: dict[Stack, Kept] = {}
    for one in reader.get_leaked_allocation_records(merge_threads=True):
        stack = _trimmed(tuple(Frame(*frame) for frame in one.stack_trace()))
        if stack:
            before = found.get(stack, NOTHING)
            found[stack] = Kept(before.blocks + one.n_allocations, before.bytes + one.size)
    return found


def _trimmed(stack: Stack) -> Stack:
    """Cut off who started the work; nothing is left of what other threads allocated."""
    starts = [at for at, frame in enumerate(stack) if frame.file.startswith(_OWN)]
    return stack[: starts[0]] if starts else ()


def difference(first: Mapping[Stack, Kept], second: Mapping[Stack, Kept]) -> dict[Stack, Kept]:
    """Return by how much more the second keeps of each stack."""
    more = {}
    for stack, after in second.items():
        before = first.get(stack, NOTHING)
        more[stack] = Kept(after.blocks - before.blocks, after.bytes - before.bytes)
    return more
