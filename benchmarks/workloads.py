"""Whole processes to compare revisions by: python workloads.py NAME GUESTS.

GUESTS is the folder of the hello plugins. Only the public API is used, so that older revisions
run them too.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CALLS = 30_000
LIVES = 100


def load(guests: Path) -> None:
    """Import the host, load a plugin, call it once."""
    _call(guests / "hello-c", "hello.echo", 1, value=1)


def calls(guests: Path) -> None:
    """Call a slot that does nothing but JSON."""
    _call(guests / "hello-c", "hello.echo", CALLS, value=1)


def logs(guests: Path) -> None:
    """Call a slot that logs a line."""
    _call(guests / "hello-rust", "hello.greet", CALLS // 3, name="World")


def host_calls(guests: Path) -> None:
    """Call a slot that reads and writes the scope."""
    _call(guests / "hello-c", "hello.count", CALLS // 10)


def lives(guests: Path) -> None:
    """Load a plugin and close it, again and again."""
    from pytest_zeno import ZenoHost

    for _ in range(LIVES):
        with ZenoHost() as host:
            host.load(guests / "hello-c")


def idle(_guests: Path) -> None:
    """Run one trivial test beside the plugin for pytest, which has nothing to do."""
    with TemporaryDirectory() as folder:
        test = Path(folder, "test_trivial.py")
        test.write_text("def test_it():\n    pass\n", "utf-8")
        _pytest(str(test), f"--rootdir={folder}")


def judge(guests: Path) -> None:
    """Judge a plugin by every rule."""
    with TemporaryDirectory() as folder:
        _pytest(f"--zeno-plugin={guests / 'hello-c'}", f"--rootdir={folder}")


WORKLOADS: dict[str, Callable[[Path], None]] = {
    one.__name__: one for one in (load, calls, logs, host_calls, lives, idle, judge)
}


def _call(path: Path, slot: str, times: int, **parameters: object) -> None:
    from pytest_zeno import ZenoHost

    with ZenoHost() as host:
        call = host.load(path).call
        for _ in range(times):
            call(slot, **parameters)


def _pytest(*arguments: str) -> None:
    import pytest

    if code := pytest.main(["-q", "-p", "no:cacheprovider", *arguments]):
        sys.exit(code)


if __name__ == "__main__":
    WORKLOADS[sys.argv[1]](Path(sys.argv[2]))
