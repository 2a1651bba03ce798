"""What a whole process costs: the processor's time of commands that run in turn."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.ratio import Ratio

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Command = tuple[str, ...]


def in_turn(
    subject: Command,
    yardstick: Command,
    folder: Path,
    rounds: int,
) -> tuple[list[float], list[float]]:
    """Return the seconds that each command took, round by round, after one that is not counted."""
    commands = subject, yardstick
    taken = [[seconds(one, folder, {}) for one in commands] for _ in range(rounds + 1)]
    mine, its = zip(*taken[1:], strict=True)
    return list(mine), list(its)


def ratio(names: tuple[str, str], taken: tuple[list[float], list[float]], most: float) -> Ratio:
    """Return the ratio of the least times."""
    mine, its = taken
    spread = median(one / other for one, other in zip(mine, its, strict=True))
    return Ratio(*names, min(mine) / min(its), most, spread)


def seconds(command: Command, folder: Path, environment: Mapping[str, str]) -> float:
    """Return the processor's time that a command took with its children; the clock's on Windows.

    Raises CalledProcessError with the command's output when it fails.
    """
    before = _spent()
    subprocess.run(  # noqa: S603 (our own commands)
        command,
        cwd=folder,
        env=os.environ | environment,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return _spent() - before


def _spent() -> float:
    """Return the processor's time of the children that have ended, in seconds."""
    if sys.platform == "win32":
        return perf_counter()
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def instructions(command: Command, folder: Path) -> float:
    """Return how many instructions a command runs, as valgrind counts them.

    Nearly the same in each run; not for commands that run guests, whose code is compiled for
    instructions that valgrind does not know.
    """
    valgrind = (
        "valgrind",
        "--tool=cachegrind",
        "--cache-sim=no",
        "--cachegrind-out-file=/dev/null",
    )
    done = subprocess.run(  # noqa: S603 (our own command)
        (*valgrind, *command),
        cwd=folder,
        env=os.environ | {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"},
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    counted = re.findall(r"I\s+refs:\s+([\d,]+)", done.stdout)
    return float(counted[-1].replace(",", ""))
