"""What a process holds: resident memory, and how many handles, threads, mappings and files."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


MIB = 1024 * 1024
_FOLDERS = ("TMPDIR", "TEMP", "TMP")


def resident() -> int:
    """Return the resident memory in bytes; where the system tells its peak alone, that."""
    if sys.platform == "linux":
        pages = Path("/proc/self/statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    if sys.platform == "win32":
        raise SystemExit("resident memory is not measured on Windows")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def held() -> dict[str, int]:
    """Return how much there is of each resource, for those that this system counts."""
    found = {"threads": threading.active_count(), "temporary files": _files()}
    for name, folder in (("file handles", "/dev/fd"), ("system threads", "/proc/self/task")):
        if Path(folder).is_dir():
            found[name] = sum(1 for _ in Path(folder).iterdir())
    maps = Path("/proc/self/maps")
    if maps.exists():
        found["mappings"] = len(maps.read_bytes().splitlines())
    return found


def _files() -> int:
    return sum(len(files) + len(folders) for _, folders, files in os.walk(tempfile.gettempdir()))


def growth(samples: Sequence[int]) -> int:
    """Return what a line through samples climbs; outliers do not bend it (Theil-Sen)."""
    slopes = [
        (later - earlier) / (at - start)
        for start, earlier in enumerate(samples)
        for at, later in enumerate(samples[start + 1 :], start + 1)
    ]
    return int(median(slopes) * (len(samples) - 1))


@contextmanager
def temporary(folder: str) -> Iterator[None]:
    """Put temporary files and the compile cache below `folder` meanwhile."""
    before = {name: os.environ.get(name) for name in (*_FOLDERS, "ZENO_CACHE_DIR")}
    os.environ |= dict.fromkeys(_FOLDERS, folder) | {"ZENO_CACHE_DIR": f"{folder}/cache"}
    tempfile.tempdir = None
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        tempfile.tempdir = None
