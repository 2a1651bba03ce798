"""The parent's side of `python -m tests.fuzz`: finds the case that crashes or hangs the child."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz import driver
from tests.fuzz.asking import NUMBER, TARGETS, tell

if TYPE_CHECKING:
    from tests.fuzz.asking import Job

_NONE_YET = NUMBER.pack(-1)
_OWN = (0, 1)
"""The child's exit codes when it came to an end by itself."""


def watch(job: Job, patience: float) -> int:
    """Have a child ask the cases of a job; return the exit code.

    A child that dies, or that is at one case for `patience` seconds, was ended by that case.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "number"
        place.write_bytes(_NONE_YET)
        child = subprocess.Popen([*_command(job), "--child", str(place)])  # noqa: S603 (ourselves)
        hung = _wait(child, place, patience if job.target in TARGETS else None)
        if not hung and child.returncode in _OWN:
            return child.returncode
        (number,) = NUMBER.unpack(place.read_bytes())
    reason = "it hangs" if hung else f"the process died with exit code {child.returncode}"
    tell(job, driver.Failure(number, _case(job, number), reason))
    return 1


def _command(job: Job) -> list[str]:
    numbers = ["--start", str(job.start), "--count", str(job.count), "--save", str(job.save)]
    return [sys.executable, "-m", "tests.fuzz", job.target, "--seed", job.seed, *numbers]


def _wait(child: subprocess.Popen[bytes], place: Path, patience: float | None) -> bool:
    """Wait for the child's end; return whether it had to be brought about."""
    seen = _NONE_YET  # until its first case it may take its time
    while True:
        try:
            child.wait(patience)
            return False
        except subprocess.TimeoutExpired:
            now = place.read_bytes()
            if now == seen != _NONE_YET:
                child.kill()
                child.wait()
                return True
            seen = now


def _case(job: Job, number: int) -> bytes:
    """Make the case of a number again: nothing of it came back from the child."""
    if number < 0 or job.target not in TARGETS:
        return b""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        target = TARGETS[job.target](Path(folder))
        case = target.case(driver.numbered(target.name, job.seed, number))
        target.close()
    return case
