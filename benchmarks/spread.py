"""How much sooner two workers of xdist are done with many plugins than one process.

    python -m benchmarks.spread [--plugins N] [--rounds N] [--check]

The plugins are copies of the C hello. The clock decides, so nothing else may run beside it; the
processor's time is shown because it tells what the second worker costs on a busy machine too.
``--check`` ends with 1 when two workers are not `LEAST` times faster.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.guests import hello
from benchmarks.processes import seconds
from benchmarks.runs import PYTEST

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST: Final = 1.7
"""How many times faster two workers are than one process, at least."""

WAYS: Final = {"one process": (), "two workers": ("-n", "2")}
"""What is timed in turn, by what is added to the command."""


class Taken(NamedTuple):
    """What a run took, in seconds: by the clock, and of the processor in all its processes."""

    clock: float
    processor: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Time both ways in turn, print the least of each, and check how they compare when asked to."""
    asked = _parser().parse_args(arguments)
    with TemporaryDirectory() as folder:
        copies(Path(folder), asked.plugins)
        rounds = [measure(Path(folder)) for _ in range(asked.rounds)]
    least = {way: Taken(*map(min, zip(*(one[way] for one in rounds), strict=True))) for way in WAYS}
    print(f"{f'{asked.plugins} plugins':<16}{'clock s':>10}{'processor s':>14}")
    for way, taken in least.items():
        print(f"{way:<16}{taken.clock:>10.1f}{taken.processor:>14.1f}")
    one, two = (least[way] for way in WAYS)
    faster = one.clock / two.clock
    print(f"{'faster':<16}{faster:>10.2f}{2 * one.processor / two.processor:>14.2f} at most")
    return 1 if asked.check and faster < LEAST else 0


def measure(folder: Path) -> dict[str, Taken]:
    """Return what each way of judging the plugins in a folder took, one after the other."""
    return {way: _taken((*PYTEST, f"--zeno-plugin={folder}", *more)) for way, more in WAYS.items()}


def _taken(command: tuple[str, ...]) -> Taken:
    before = perf_counter()
    processor = seconds(command, Path.cwd(), {})
    return Taken(perf_counter() - before, processor)


def copies(folder: Path, plugins: int) -> None:
    """Write copies of the C hello to a folder."""
    for number in range(plugins):
        shutil.copytree(hello("c"), folder / f"p{number:03}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--plugins", type=int, default=100, help="how many (default: 100)")
    parser.add_argument("--rounds", type=int, default=1, help="runs of each way (default: 1)")
    parser.add_argument("--check", action="store_true", help=f"expect {LEAST} times faster")
    return parser


if __name__ == "__main__":
    sys.exit(main())
