"""The child's side of `python -m tests.fuzz`: asks case after case, and says which."""

from __future__ import annotations

import faulthandler
import logging
import mmap
import os
import struct
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_zeno.runtime import cache, compiler
from tests.fuzz import driver
from tests.fuzz.manifests import Manifests
from tests.fuzz.modules import Modules
from tests.fuzz.replies import Replies
from tests.runtime.conftest import compile_here

if TYPE_CHECKING:
    from collections.abc import Callable

TARGETS: dict[str, Callable[[Path], driver.Target]] = {
    kind.name: kind for kind in (Replies, Manifests, Modules)
}
NUMBER = struct.Struct("<q")
_EVERY = 10.0
"""Seconds between two lines that say how far it is."""


@dataclass(frozen=True)
class Job:
    """Which cases to ask, and where to leave those that fail."""

    target: str
    seed: str
    start: int
    count: int
    save: Path

    @property
    def command(self) -> str:
        """The command without the numbers of the cases."""
        return f"python -m tests.fuzz {self.target} --seed {self.seed}"


class Progress:
    """Keeps the number of the present case where the parent sees it, and prints now and then."""

    def __init__(self, job: Job, place: Path) -> None:
        with place.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), NUMBER.size)
        self._job = job
        self._due = time.monotonic() + _EVERY

    def __call__(self, number: int) -> None:
        """Note that a case is about to be asked."""
        NUMBER.pack_into(self._shared, 0, number)
        if time.monotonic() > self._due:
            self._due = time.monotonic() + _EVERY
            _say(f"{number - self._job.start:,} of {self._job.count:,}")


def ask(job: Job, place: Path) -> int:
    """Ask all cases of a job; return the exit code."""
    faulthandler.enable()
    logging.disable()  # what a guest logs is asked about, not shown
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ[cache.ENVIRONMENT_VARIABLE] = str(Path(folder) / "cache")
        compiler.compile_to = compile_here
        if job.target == "lifecycle":
            return _live(job)
        target = TARGETS[job.target](Path(folder))
        try:
            numbers = range(job.start, job.start + job.count)
            report = driver.run(target, job.seed, numbers, Progress(job, place))
        finally:
            target.close()
    return _told(job, report)


def _live(job: Job) -> int:
    """Let Hypothesis look for a life that contradicts the model; it makes what it finds small."""
    from hypothesis import HealthCheck, seed, settings
    from hypothesis.stateful import run_state_machine_as_test

    from tests.fuzz.lifecycle import Life

    run_state_machine_as_test(
        seed(job.seed)(Life),
        settings=settings(
            max_examples=job.count,
            stateful_step_count=50,
            database=None,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    _say(f"{job.count:,} lives as the model says")
    return 0


def _told(job: Job, report: driver.Report) -> int:
    width = max(map(len, report.answers))
    for answer, number in report.answers.most_common():
        _say(f"{answer:<{width}} {number:>10,}")
    for failure in report.failures:
        tell(job, failure)
    _say(f"{report.answers.total():,} cases, {len(report.failures)} failures")
    return 1 if report.failures else 0


def tell(job: Job, failure: driver.Failure) -> None:
    """Say how a case failed and how it is asked again, and leave its bytes."""
    job.save.mkdir(parents=True, exist_ok=True)
    file = job.save / f"{job.target}-{job.seed}-{failure.number}"
    file.write_bytes(failure.case)
    _say(f"FAILED {failure.reason}\n  {job.command} --start {failure.number} --count 1\n  {file}")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 (a command's output)
