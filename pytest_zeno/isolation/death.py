"""What is said of a worker that is dead: how it ended, and what to do about it."""

from __future__ import annotations

import signal
from typing import Final

from pytest_zeno.errors import LimitError, LoadError, TrapError
from pytest_zeno.isolation.warden import GRACE
from pytest_zeno.text import LOG, prefixed, visible

_CRASHES: Final = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS")
"""Signals that a process raises by itself; others come from outside."""

_OWN_CODES: Final = 256
"""Exit codes from here on are Windows' own, for crashes."""

_OF_ENGINE: Final = (
    "the engine crashed while it ran this guest: keep the module and report both to wasmtime"
)
_FROM_OUTSIDE: Final = (
    "somebody ended it, or the system did when memory ran out (its log says so): run fewer workers "
    "at once, or lower Limits(memory=...)"
)
_OURS: Final = "this is a defect of pytest-zeno, please report it with what stands below"
_HOSTILE: Final = (
    "no guest can do this that has not broken out of the engine: do not run it again, and report it"
)


def late(seconds: float) -> LimitError:
    """Return the error for a worker that was killed when its time was up."""
    return LimitError(
        f"the guest did not end within {seconds:g} s, and its process was killed {GRACE:g} s later",
        code="limit.time",
        hint="it was where no time limit reaches, or its process did not run at all; run it again",
    )


def fell(code: int, stderr: bytes) -> TrapError:
    """Return the error for a worker that ended by itself, or that somebody else has ended."""
    how, name = _how(code)
    if name in _CRASHES or code >= _OWN_CODES:
        error = TrapError(f"{_PROCESS} {how}", code="trap.crash", hint=_OF_ENGINE)
    elif name:
        error = TrapError(f"{_PROCESS} {how}", code="trap.killed", hint=_FROM_OUTSIDE)
    else:
        error = TrapError(f"{_PROCESS} {how}", code="worker.failed", hint=_OURS)
    error.stderr = _text(stderr)
    return error


def lied(reason: str) -> TrapError:
    """Return the error for a worker that was killed because of what it said."""
    text = f"{_PROCESS} broke off the conversation: {visible(reason)}"
    return TrapError(text, code="trap.crash", hint=_HOSTILE)


def unborn(reason: str) -> LoadError:
    """Return the error for a worker that did not get as far as to say that it is there."""
    return LoadError(
        f"the process that is to run the guest does not start: {reason}",
        code="worker.start",
        phase="load",
        hint="this is no fault of the plugin; look for a broken installation or a full machine",
    )


_PROCESS: Final = "the process that ran the guest"


def _how(code: int) -> tuple[str, str]:
    """Return how a process ended, in words, and the signal's name if it was one."""
    if code >= 0:
        return f"ended with exit code {code if code < _OWN_CODES else hex(code)}", ""
    try:
        number = signal.Signals(-code)
    except ValueError:
        return f"was ended by signal {-code}", f"signal {-code}"
    words = signal.strsignal(number) or ""
    return f"was ended by {number.name} ({words.lower()})", number.name


def _text(stderr: bytes) -> str:
    return prefixed(stderr.decode("utf-8", "backslashreplace").strip(), "", LOG)
