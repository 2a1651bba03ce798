"""Fuzz for long: ``python -m tests.fuzz replies --count 1000000``.

    python -m tests.fuzz {replies,manifests,modules,lifecycle} [--count N] [--seed S] [--start N]

The cases are asked in a child process, so that a crash and a hang are found, too. What fails is
told with its number, its bytes are left below ``--save``, and the command ends with 1;
``--start N --count 1`` asks it again. Moved to ``tests/fuzz/regressions``, the bytes are a test.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.fuzz import asking, supervisor

COUNTS = {"replies": 100_000, "manifests": 20_000, "modules": 1_000, "lifecycle": 200}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("target", choices=COUNTS)
    parser.add_argument("--count", type=int, help="how many cases")
    parser.add_argument("--seed", default="0", help="another seed gives other cases")
    parser.add_argument("--start", type=int, default=0, help="the number of the first case")
    parser.add_argument("--save", type=Path, default=Path("fuzz-failures"), metavar="FOLDER")
    parser.add_argument("--patience", type=float, default=60, help="seconds that are a hang")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Watch a child ask the cases, or be the child."""
    asked = _arguments()
    count = COUNTS[asked.target] if asked.count is None else asked.count
    job = asking.Job(asked.target, asked.seed, asked.start, count, asked.save)
    if asked.child:
        return asking.ask(job, asked.child)
    return supervisor.watch(job, asked.patience)


if __name__ == "__main__":
    sys.exit(main())
