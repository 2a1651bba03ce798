"""One worker process, from the parent's side: started when it is needed, killed when it is late."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path
from threading import RLock
from typing import IO, TYPE_CHECKING, Any, Final

import pytest_zeno
from pytest_zeno.errors import LimitError, TrapError, ZenoError
from pytest_zeno.isolation import wire
from pytest_zeno.isolation.warden import GRACE, warden
from pytest_zeno.runtime.cache import ENVIRONMENT_VARIABLE, cache_directory
from pytest_zeno.text import LOG, visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_zeno.isolation.remote import RemoteInstance
    from pytest_zeno.limits import Limits
    from pytest_zeno.runtime.instance import HostCalls
    from pytest_zeno.runtime.module import GuestModule

_BOOT: Final = (
    "import sys; sys.path[:0] = sys.argv[1:]; from pytest_zeno.isolation.child import main; main()"
)
_KEPT: Final = ("SYSTEMROOT", "WINDIR", "TMPDIR", "TEMP", "TMP")
"""The variables that Python or the system need; no other one reaches the worker."""

_SHOWN: Final = 4096


class Worker:
    """A process that guests of one plugin run in.

    It starts with the first instance. When it dies, or is killed for being late, what ran in it
    ends with a typed error, and the next instance has a new process.
    """

    def __init__(self) -> None:
        self._process: Process | None = None
        self._lock = RLock()
        """One conversation at a time; the thread that answers a host call may begin another."""
        self._numbers = itertools.count(1)

    def __repr__(self) -> str:
        return f"<Worker {self._process.pid if self._process else 'idle'}>"

    def open_instance(
        self,
        module: GuestModule,
        calls: HostCalls,
        limits: Limits,
        *,
        plugin: str = "",
        metered: bool = False,
    ) -> RemoteInstance:
        """Return a started instance in the worker; as `runtime.open_instance`."""
        from pytest_zeno.isolation.remote import RemoteInstance

        metered = metered or limits.fuel is not None
        module.compiled(metered=metered)  # here, so that the worker finds it in the cache
        with self._lock:
            if self._process is None or self._process.ended:
                self.close()
                self._process = Process()
            number = next(self._numbers)
            return RemoteInstance(
                self._process, self._lock, number, module, calls, limits, plugin, metered=metered
            )

    def close(self) -> None:
        """End the process; safe to call twice."""
        with self._lock:
            process, self._process = self._process, None
            if process is not None:
                process.end()


class Process:
    """A running worker and the pipe to it."""

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `end`)
        self._popen = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-I", "-X", "utf8", "-c", _BOOT, *_import_paths()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=_environment(),
            **_apart(),
        )
        self.ended = False
        self.known: set[str] = set()
        """Digests of the modules it was given."""
        self.forgotten: list[int] = []
        """Numbers of instances that nobody closed and nobody can enter any more."""
        self._late = False
        self._depth = 0
        self._finalize = weakref.finalize(self, _kill, self._popen)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._popen.pid

    def converse(
        self, message: wire.ToWorker, answer: Callable[[wire.HostCall], wire.Reply], seconds: float
    ) -> wire.Done:
        """Say something and answer host calls until it is done.

        Raises TrapError (``trap.crash``) when the process dies, LimitError (``limit.time``) when
        it had to be killed, and what `answer` raises, after the process's end.
        """
        if self._depth == 0:  # what a host call begins has the time of the entry it came from
            warden.watch(self, seconds)
        self._depth += 1
        try:
            wire.send(self._pipe(self._popen.stdin), message)
            while True:
                said = wire.from_worker(self._pipe(self._popen.stdout))
                if isinstance(said, wire.Done):
                    return said
                wire.send(self._pipe(self._popen.stdin), answer(said))
        except wire.Broken as reason:
            self.end()
            raise self._death(str(reason), seconds) from None
        except BaseException:
            self.end()  # nobody knows where the conversation stands
            raise
        finally:
            self._depth -= 1
            if self._depth == 0:
                warden.forget(self)

    def overdue(self) -> None:
        """Kill it: the guest's own limit did not end it."""
        self._late = True
        self._popen.kill()

    def end(self) -> None:
        """Kill it and close the pipes; safe to call twice."""
        self.ended = True
        self._finalize()

    def _pipe(self, pipe: IO[bytes] | None) -> IO[bytes]:
        if pipe is None or self.ended:
            raise wire.Broken("it has ended")
        return pipe

    def _death(self, reason: str, seconds: float) -> ZenoError:
        code = self._popen.wait()
        if self._late:
            return LimitError(
                f"the worker did not end the guest within {seconds:g} s and was killed "
                f"{GRACE:g} s later",
                code="limit.time",
                hint="the guest was in no place where it could be interrupted",
            )
        error = TrapError(
            f"the process that ran the guest died (exit code {code}): {visible(reason)}",
            code="trap.crash",
            hint="a guest that crashes the engine has found a defect of wasmtime: report it there",
        )
        error.stderr = self._said()
        return error

    def _said(self) -> str:
        try:
            self._errors.seek(0)
            return visible(self._errors.read(_SHOWN).decode("utf-8", "replace"), LOG)
        except (OSError, ValueError):
            return ""


def _kill(popen: subprocess.Popen[bytes]) -> None:
    popen.kill()
    popen.wait()
    for pipe in (popen.stdin, popen.stdout):
        if pipe is not None:
            _close(pipe)


def _close(pipe: IO[bytes]) -> None:
    with contextlib.suppress(OSError):  # what was to be written has no reader any more
        pipe.close()


@functools.cache
def _import_paths() -> tuple[str, ...]:
    """Where the worker finds this package and what it needs: it starts with nothing."""
    import msgspec
    import platformdirs
    import wasmtime

    packages = (pytest_zeno, msgspec, platformdirs, wasmtime)
    folders = (str(Path(package.__file__).parent.parent) for package in packages)  # type: ignore[arg-type]  # none is a namespace
    return tuple(dict.fromkeys(folders))


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {ENVIRONMENT_VARIABLE: str(cache_directory())}


def _apart() -> dict[str, Any]:
    """How to start a process that Ctrl-C in a terminal does not reach."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
