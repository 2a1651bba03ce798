"""One worker process, from the parent's side: how it starts, what is said to it, how it ends."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import sys
import tempfile
import weakref
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

import pytest_zeno
from pytest_zeno.isolation import death, wire
from pytest_zeno.isolation.warden import warden
from pytest_zeno.limits import KIB
from pytest_zeno.runtime import PATH_VARIABLE
from pytest_zeno.runtime.cache import ENVIRONMENT_VARIABLE, cache_directory

if TYPE_CHECKING:
    from pytest_zeno.errors import ZenoError

_BOOT: Final = (
    "import sys; sys.path[:0] = sys.argv[1:-1]; from pytest_zeno.isolation.boot import main; main()"
)
_KEPT: Final = (
    PATH_VARIABLE,
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),  # where Python may be linked from
    *("SYSTEMROOT", "WINDIR", "TEMP", "TMP"),  # Windows
)
"""The variables that the call path, Python or the system need; no other one reaches a worker."""

_BOOT_SECONDS: Final = 30.0
"""How long it may take to start: far longer than it does, on a machine that is busy."""

_SETTLING: Final = 1.0
"""Seconds between the end of its pipe and its own."""

_SHOWN: Final = 4 * KIB
"""Bytes of its stderr that are shown."""


class Ear(Protocol):
    """Hears what a worker says until an entry is done; each may raise `wire.Broken`."""

    most: int
    """Bytes of the longest message that can be meant."""

    def told(self, notes: list[wire.Note]) -> None:
        """Take notes."""

    def asked(self, call: wire.HostCall) -> wire.Reply:
        """Answer a host call."""

    def done(self, done: wire.Done) -> None:
        """Take what became of the entry."""


class Process:
    """A running worker and the pipes to it.

    Raises LoadError (``worker.start``) when the system gives none.
    """

    def __init__(self) -> None:
        self.environment = environment()
        try:
            with ExitStack() as undo:
                self._errors = undo.enter_context(tempfile.TemporaryFile())
                self._popen = _start(self._errors, self.environment)
                undo.pop_all()
        except OSError as error:
            raise death.unborn(str(error)) from None
        self.ended = False
        self.known: set[str] = set()
        """Names of the modules that it was given."""
        self._forgotten: list[int] = []
        self._ready = False
        self._late = False
        self._depth = 0
        self._finalize = weakref.finalize(self, _kill, self._popen, self._errors)

    def __repr__(self) -> str:
        return f"<Process {self.pid}{' ended' if self.ended else ''}>"

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether it runs, as far as the system knows; it may have died since."""
        return not self.ended and self._popen.poll() is None

    def forget(self, instance: int) -> None:
        """Have an instance freed that nobody can enter any more, with the next message."""
        self._forgotten.append(instance)

    def forgotten(self) -> list[int]:
        """Return the instances that are to be freed, once."""
        free: list[int] = []
        while self._forgotten:
            free.append(self._forgotten.pop())
        return free

    def await_ready(self) -> None:
        """Wait until it has started. Raises LoadError (``worker.start``) when it does not."""
        if self._ready:
            return
        try:
            self._timed(_BOOT_SECONDS, self._hear_ready)
        except wire.Broken as error:
            failure = self._end_of(error, _BOOT_SECONDS)
            raise death.unborn(getattr(failure, "stderr", "") or failure.message) from None
        except BaseException:
            self.end()
            raise
        self._ready = True

    def converse(self, message: wire.ToWorker, ear: Ear, seconds: float) -> None:
        """Say something, and let `ear` hear and answer until it is done.

        Raises TrapError (``trap.crash``, ``trap.killed``) when the process dies, LimitError
        (``limit.time``) when it had to be killed, and what stops the parent, after the process's
        end: nobody knows then where the conversation stands.
        """
        try:
            self._timed(seconds, lambda: self._speak(message, ear))
        except wire.Broken as error:
            raise self._end_of(error, seconds) from None
        except BaseException:
            self.end()
            raise

    def overdue(self) -> None:
        """Kill it: the guest's own limit did not end it."""
        self._late = True
        self._popen.kill()

    def end(self) -> None:
        """Kill it and close the pipes; safe to call twice."""
        self.ended = True
        self._finalize()

    # -- conversation ----------------------------------------------------------------------------

    def _timed(self, seconds: float, run: Any) -> None:
        """Run something within the time; what a host call begins has the time of its entry."""
        if self.ended:
            raise wire.Gone("it has ended")
        outermost = self._depth == 0
        self._depth += 1
        try:
            if outermost:
                warden.watch(self, seconds)
            run()
        finally:
            self._depth -= 1
            if outermost:
                warden.forget(self)
        if self._late:
            raise wire.Gone("it was late by a hair")

    def _speak(self, message: wire.ToWorker, ear: Ear) -> None:
        wire.send(self._stdin, message)
        while True:
            said = wire.from_worker(self._stdout, ear.most)
            if isinstance(said, wire.Done):
                ear.done(said)
                return
            if isinstance(said, wire.Told):
                ear.told(said.notes)
            elif isinstance(said, wire.Ready):
                raise wire.Broken("it started twice")
            else:
                wire.send(self._stdin, ear.asked(said))

    def _hear_ready(self) -> None:
        if not isinstance(wire.from_worker(self._stdout, KIB), wire.Ready):
            raise wire.Broken("it spoke before it was there")

    @property
    def _stdin(self) -> IO[bytes]:
        return self._pipe(self._popen.stdin)

    @property
    def _stdout(self) -> IO[bytes]:
        return self._pipe(self._popen.stdout)

    def _pipe(self, pipe: IO[bytes] | None) -> IO[bytes]:
        if pipe is None or self.ended:
            raise wire.Gone("it has ended")
        return pipe

    # -- ends ------------------------------------------------------------------------------------

    def _end_of(self, error: wire.Broken, seconds: float) -> ZenoError:
        """End the process, and return what that means to who spoke with it."""
        if isinstance(error, wire.Gone):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(_SETTLING)
        code, stderr = self._popen.poll(), self._said()
        self.end()
        if self._late:
            return death.late(seconds)
        return death.lied(str(error)) if code is None else death.fell(code, stderr)

    def _said(self) -> bytes:
        try:
            self._errors.seek(0)
            return self._errors.read(_SHOWN)
        except (OSError, ValueError):
            return b""


def _start(errors: IO[bytes], variables: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT]
    return subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        [*command, *_import_paths(), str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        cwd=Path(sys.executable).anchor,
        env=variables,
        **_apart(),
    )


def _kill(popen: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    popen.kill()
    popen.wait()
    for file in (popen.stdin, popen.stdout, errors):
        if file is not None:
            with contextlib.suppress(OSError):  # what was to be written has no reader any more
                file.close()


@functools.cache
def _import_paths() -> tuple[str, ...]:
    """Where the worker finds this package and what it needs: it starts with nothing."""
    import filelock
    import msgspec
    import platformdirs
    import wasmtime

    packages = (pytest_zeno, filelock, msgspec, platformdirs, wasmtime)
    folders = (str(Path(package.__file__).parent.parent) for package in packages)  # type: ignore[arg-type]  # none is a namespace
    return tuple(dict.fromkeys(folders))


def environment() -> dict[str, str]:
    """Return all that a worker learns of this process's environment."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {ENVIRONMENT_VARIABLE: str(cache_directory().absolute())}


def _apart() -> dict[str, Any]:
    """How to start a process that Ctrl-C in a terminal does not reach."""
    if sys.platform == "win32":
        how: dict[str, Any] = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        how = {"start_new_session": True}
    return how
