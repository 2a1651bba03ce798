"""Every error the harness raises, under one root.

    ZenoError
    ├── ManifestError   manifest.yaml cannot be used; ``problems`` lists every reason
    ├── LoadError       the module is refused before its code runs
    ├── EndError        the guest did not come back: ``backtrace``, and its ``stderr``
    │   ├── TrapError       it trapped
    │   ├── ExitError       it called ``proc_exit``; ``status`` keeps its code
    │   └── LimitError      a limit of the host ended it; ``limit`` names it
    ├── ProtocolError   the guest answered with something the contract does not allow
    ├── ClosedError     the host, the plugin or the instance is closed or busy
    └── ExpectationError    a double was asked what no test wrote down, or not what one did

Errors are data: ``code`` is stable and can be compared, the message is for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Phase = Literal["", "manifest", "load", "start", "init", "register", "execute", "cleanup"]

PHASES: Final[tuple[Phase, ...]] = ("start", "init", "register", "execute", "cleanup")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where it stands, what it is, and what to do.

    ``line`` and ``column`` count from 1; 0 means the file as a whole. ``field`` is the dotted
    path of the member, ``code`` the stable name of the problem (``manifest.unknown_key``).
    """

    code: str
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    field: str = ""
    hint: str = ""
    warning: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} ({self.hint})" if self.hint else text


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Bytes around the place where something went wrong.

    ``of`` says what they are from, ``memory`` or ``answer``; ``start`` is where the first of them
    stands there, ``at`` where the one in question does, which may be behind all of them.
    """

    of: Literal["memory", "answer"]
    start: int
    at: int
    data: bytes


class ZenoError(Exception):
    """The root of the hierarchy.

    ``code`` is stable, dotted, and starts with the class's subject (``trap.unreachable``);
    ``plugin``, ``phase`` and ``slot`` say where, ``hint`` what to do next. Text that came from
    a guest is escaped before it gets here (`pytest_zeno.text`). ``logs`` and ``host_calls``
    hold what the plugin logged and asked of the host before it failed.
    """

    logs: tuple[Any, ...] = ()
    host_calls: tuple[Any, ...] = ()

    def __init__(
        self,
        message: str,
        *,
        code: str,
        plugin: str = "",
        phase: Phase = "",
        slot: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.plugin = plugin
        self.phase: Phase = phase
        self.slot = slot
        self.hint = hint

    def __str__(self) -> str:
        where = " ".join(part for part in (self.plugin, self.phase, self.slot) if part)
        head = f"{where}: {self.message}" if where else self.message
        return f"{head}\n  hint: {self.hint}" if self.hint else head

    def __reduce__(self) -> tuple[object, ...]:
        """Keep every attribute across processes: workers hand their errors to the parent."""
        return _rebuild, (type(self), self.message, dict(self.__dict__))


def _rebuild(kind: type[ZenoError], message: str, state: dict[str, object]) -> ZenoError:
    error = kind.__new__(kind, message)
    error.args = (message,)
    error.__dict__.update(state)
    return error


class ManifestError(ZenoError):
    """``manifest.yaml`` cannot be used; ``problems`` holds every reason, in file order."""

    def __init__(self, problems: tuple[Problem, ...], *, plugin: str = "") -> None:
        first = next((problem for problem in problems if not problem.warning), problems[0])
        super().__init__(
            "\n".join(str(problem) for problem in problems),
            code=first.code,
            plugin=plugin,
            phase="manifest",
        )
        self.problems = problems


class LoadError(ZenoError):
    """The module was refused before any of its code ran (ABI.md section 2)."""


class EndError(ZenoError):
    """The guest did not come back; ``stderr`` is what it wrote there, its panic message say.

    ``backtrace`` has one entry a wasm frame, innermost first: name, offset in the module, and
    file, line and column where the module has debug information.
    """

    backtrace: tuple[str, ...] = ()
    stderr: str = ""

    def __str__(self) -> str:
        frames = "".join(f"\n  at {frame}" for frame in self.backtrace)
        said = "".join(f"\n  | {line}" for line in self.stderr.splitlines())
        return super().__str__() + frames + said


class TrapError(EndError):
    """The guest trapped."""


class ExitError(EndError):
    """The guest called ``proc_exit`` where that is no normal end (ABI.md section 5)."""

    status: int = 0


class LimitError(EndError):
    """A limit of PERMISSIONS.md ended the guest; ``code`` names it (``limit.time``).

    ``limit`` is its name in `Limits`, ``allowed`` its value and ``given`` what came, in the same
    unit; None where that is not known.
    """

    limit: str = ""
    allowed: float | None = None
    given: float | None = None


class ProtocolError(ZenoError):
    """The guest answered what the contract does not allow.

    ``observed`` shows the bytes or the value that came, escaped and cut; ``excerpt`` holds the
    bytes around the place, where there is one.
    """

    observed: str = ""
    excerpt: Excerpt | None = None


class ClosedError(ZenoError):
    """The host, plugin or instance is closed, or another thread is inside it."""


class ExpectationError(ZenoError):
    """A host's doubles were asked what no test wrote down, or were not asked what one did."""
