"""A case: a guest, what is done with it, and how that must end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_zeno.errors import ExitError, LimitError, ProtocolError, TrapError, ZenoError
from pytest_zeno.limits import Limits
from tests.runtime.guests import Calls, guest, module

if TYPE_CHECKING:
    from pytest_zeno.runtime.instance import Instance

KINDS: dict[str, type[ZenoError]] = {
    "protocol": ProtocolError,
    "trap": TrapError,
    "exit": ExitError,
    "limit": LimitError,
}


@dataclass(frozen=True)
class Case:
    """A guest, what is done with it, and how that must end.

    `result` is the last answer, or the code of the error that ended it.
    """

    about: str
    result: bytes | str | None
    parts: dict[str, Any] = field(default_factory=dict)
    steps: tuple[str, ...] = ("execute",)
    request: bytes = b'{"slot_name":"test.run","parameters":{}}'
    name: bytes = b"test.run"
    limits: Limits = field(default_factory=lambda: Limits(timeout=2.0))
    replies: dict[str, bytes | bool] = field(default_factory=dict)


@dataclass
class Outcome:
    """All that can be seen of a case."""

    answers: list[bytes | None] = field(default_factory=list)
    error: tuple[Any, ...] = ()
    heard: list[tuple[Any, ...]] = field(default_factory=list)
    refused: int = 0
    memory: int = 0
    fuel: int = 0
    output: tuple[bytes, bytes] = (b"", b"")


def play(case: Case, path: type[Instance]) -> Outcome:
    """Run a case on a call path."""
    outcome, calls, instance = Outcome(), Calls(case.replies), None
    try:
        instance = path(module(guest(**case.parts), case.limits), calls, case.limits, plugin="test")
        for step in case.steps:
            given = (case.name, case.request) if step == "execute" else ()
            outcome.answers.append(getattr(instance, step)(*given))
    except ZenoError as error:
        outcome.error = _seen(error)
    outcome.heard, outcome.refused = calls.heard, calls.refused
    if instance is not None:
        outcome.memory = instance.memory_size
        outcome.fuel = instance.fuel if instance.metered else 0
        outcome.output = bytes(instance.wasi.stdout), bytes(instance.wasi.stderr)
        instance.close()
    return outcome


def _seen(error: ZenoError) -> tuple[Any, ...]:
    seen = (type(error), error.code, error.message, error.plugin, error.phase, error.slot)
    extra = [getattr(error, name, None) for name in ("observed", "backtrace", "status", "stderr")]
    return (*seen, *extra)
