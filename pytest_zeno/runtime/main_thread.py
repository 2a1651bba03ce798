"""Whether a signal waits because the main thread sits in a guest.

Python runs signal handlers in the main thread, between two bytecodes. While wasm runs there are
none; so after a signal the ticker asks for a sign of life, and a main thread that gives none,
though it works, and stands at the door to wasm, is in a guest that must be ended. Everything else
(handled already, waiting, not scheduled) resolves itself, and no guest dies for it.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import CodeType

_PATIENCE: Final = 0.005
"""Seconds that the main thread may work without a sign of life."""
_PATIENCE_BY_THE_WALL: Final = 0.03
"""The same where its working time cannot be told from waiting for a processor."""


class MainThread:
    """Asks the main thread for a sign of life: a call that it makes after signal handlers.

    The call is PySet_Clear, because a callback in Python could itself be hit by a signal.
    """

    def __init__(self) -> None:
        self.doors: set[CodeType] = set()
        """The functions whose frame is the innermost one while wasm runs."""
        self._asked: set[None] = set()
        self._since = 0.0

    def ask(self) -> None:
        """Have it empty the set as soon as it runs Python again."""
        self._asked.add(None)
        self._since = _worked()
        api = ctypes.pythonapi
        clear = ctypes.cast(api.PySet_Clear, ctypes.c_void_p)
        api.Py_AddPendingCall(clear, ctypes.py_object(self._asked))

    def is_stuck(self) -> bool:
        """Whether it was asked, gave no sign, and has been in a guest since; says so once."""
        if not self._asked or _worked() - self._since < _PATIENCE:
            return False
        frame = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001 (no public way)
        self._asked.clear()
        return frame is not None and frame.f_code in self.doors


def _worked() -> float:
    """Return the seconds that the main thread has worked, or a measure that is never ahead."""
    ident = threading.main_thread().ident
    if sys.platform != "win32" and sys.platform != "darwin" and ident is not None:
        return time.clock_gettime(time.pthread_getcpuclockid(ident))
    return time.monotonic() * _PATIENCE / _PATIENCE_BY_THE_WALL


main_thread: Final = MainThread()
