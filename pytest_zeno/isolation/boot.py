"""The first steps of a worker process, before it serves."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
import time
from typing import IO, Final

from pytest_zeno.isolation import wire
from pytest_zeno.limits import MIB, Limits

_LOOK: Final = 0.2
"""Seconds between two looks for the parent."""

_MOST_WRITTEN: Final = 64 * MIB
"""Bytes that it may write to a file: its stderr is one."""

_HELPERS: Final = ("shim", "adapter", "wasi")
"""The modules that are compiled before a guest is there that waits for them."""


def main() -> None:
    """Serve the parent, whose number is the last argument, on stdin and stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to act upon
    faulthandler.enable(
        all_threads=False
    )  # before any engine, which must come first when guests trap
    _limit()
    threading.Thread(target=_outlive_nobody, args=(int(sys.argv[-1]),), daemon=True).start()
    read, write = _pipes()
    from pytest_zeno.isolation.child import ChildWorker
    from pytest_zeno.runtime.engine import EngineOptions
    from pytest_zeno.runtime.helpers import helper

    for name in _HELPERS:
        helper(name, EngineOptions(Limits().stack))
    try:
        ChildWorker(read, write).serve()
    except wire.Broken:
        os._exit(0)  # nobody is left who could read what goes wrong in an orderly exit


def _pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Return the parent's pipes; what else is printed goes to stderr."""
    read, write = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return read, write


def _limit() -> None:
    """Leave no core file, and no file larger than can be meant."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_WRITTEN, _MOST_WRITTEN))


def _outlive_nobody(parent: int) -> None:
    """End when the parent has ended, whatever the guest does; a thread of its own.

    The end of the pipe would tell, but only who reads it: not while a guest runs, and not while
    another process that the parent has forked holds it open.
    """
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        synchronize, forever = 0x00100000, 0xFFFFFFFF
        handle = kernel.OpenProcess(synchronize, 0, parent)
        if handle:
            kernel.WaitForSingleObject(handle, forever)
    else:
        while os.getppid() == parent:
            time.sleep(_LOOK)
    os._exit(0)
