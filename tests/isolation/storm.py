"""Workers that are killed and stopped at random, one after the other, and what that comes to.

    python -m tests.isolation.storm [COUNT]

Ends with 1 when an error came later than a second after the deadline, or when the next call took
more than half a second: on a machine that does something else meanwhile, it may.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_zeno import LimitError, Limits, TrapError, ZenoError, ZenoHost
from pytest_zeno.isolation import process, wire
from pytest_zeno.isolation.warden import GRACE
from tests.host.plugins import GRANTS, asking, dropped, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.host import Plugin

TIMEOUT = 0.5
SLACK = 0.1
"""What an error may be late by, in seconds: the warden's look, and waking up."""

NEXT = 0.5

_SIGNALS = ("SIGKILL", "SIGSEGV", "SIGSTOP")
_PLACES = ("before the call", "before the reply")


@dataclass
class Figures:
    """How often it was struck in which way, and the worst seconds of errors and of next calls."""

    struck: dict[tuple[str, str], int] = field(default_factory=dict)
    error: float = 0.0
    again: float = 0.0
    late: int = 0
    slow: int = 0


def storm(count: int, seed: int = 1, stops: float = 0.2) -> Figures:
    """Strike `count` workers. Raises AssertionError when an error is not typed, or none."""
    chance, figures = random.Random(seed), Figures()  # noqa: S311 (no secret)
    calls = dropped("host_scope_set")
    with tempfile.TemporaryDirectory() as folder, _host() as host:
        guest = asking("host_scope_set") | {"run": f"{calls} (i32.const 4096)"}
        plugin = host.load(write(Path(folder) / "probe", manifest=GRANTS, **guest))
        for _ in range(count):
            name = "SIGSTOP" if chance.random() < stops else chance.choice(_SIGNALS[:2])
            _strike(plugin, name, chance.choice(_PLACES), figures)
    return figures


def _host() -> ZenoHost:
    return ZenoHost(limits=Limits(timeout=TIMEOUT), isolate=True)


def _strike(plugin: Plugin, name: str, place: str, figures: Figures) -> None:
    worker: Any = plugin._worker
    begun = time.monotonic()
    with _struck(worker, getattr(signal, name), place):
        error = _error_of(plugin)
    failed = time.monotonic()
    kind = LimitError if name == "SIGSTOP" else TrapError
    assert type(error) is kind, error
    assert (error.plugin, error.phase, error.slot) == ("probe", "execute", "probe.run")
    begun_again = time.monotonic()
    assert plugin.call("probe.run").success
    error_seconds, again = failed - begun, time.monotonic() - begun_again
    figures.struck[name, place] = figures.struck.get((name, place), 0) + 1
    figures.error, figures.again = max(figures.error, error_seconds), max(figures.again, again)
    figures.late += error_seconds > TIMEOUT + GRACE + SLACK
    figures.slow += again > NEXT


def _error_of(plugin: Plugin) -> ZenoError | None:
    try:
        plugin.call("probe.run")
    except ZenoError as error:
        return error
    return None


@contextmanager
def _struck(worker: Any, number: int, place: str) -> Iterator[None]:
    """Send a signal when the parent is about to say something to the worker."""
    kind: type = wire.Enter if place == "before the call" else wire.Reply
    send = wire.send

    def sending(pipe: Any, said: Any) -> None:
        if isinstance(said, kind):
            os.kill(worker.pid, number)
        send(pipe, said)

    process.wire.send = sending
    try:
        yield
    finally:
        process.wire.send = send


def main() -> int:
    """Storm, print the figures, and say whether they are what is promised."""
    figures = storm(int(sys.argv[1]) if sys.argv[1:] else 1000)
    for (name, place), count in sorted(figures.struck.items()):
        sys.stdout.write(f"{name} {place}: {count}\n")
    sys.stdout.write(
        f"latest error after {figures.error:.3f} s, {figures.late} later than deadline + 1 s\n"
        f"slowest next call {figures.again:.3f} s, {figures.slow} above {NEXT} s\n"
    )
    return 1 if figures.late or figures.slow else 0


if __name__ == "__main__":
    sys.exit(main())
