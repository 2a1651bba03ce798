"""Measure every ratio, print them, and check them when asked to.

    python -m benchmarks [--only NAME ...] [--quick] [--check] [--json FILE] [--write FILE]

Each ratio is of things measured side by side in one run. ``--check`` ends with 1 when one does not
hold; ``--write docs/benchmarks.md`` writes the page.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import page
from benchmarks.rounds import ROUNDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.ratio import Ratio

PARTS = (
    "calls",
    "host_calls",
    "instances",
    "payloads",
    "protection",
    "loading",
    "isolation",
    "runs",
)
"""The modules with a function ``ratios(rounds)``, those that take long last."""

QUICK = 10
"""Rounds that show that everything runs; they measure nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write and check what was asked for."""
    asked = _parser().parse_args(arguments)
    found: list[Ratio] = []
    print(page.HEAD)
    for ratio in measure(asked.only or PARTS, QUICK if asked.quick else ROUNDS):
        found.append(ratio)
        print(page.line(ratio), flush=True)
    if asked.json:
        record = {"machine": page.machine(), "ratios": [_record(ratio) for ratio in found]}
        asked.json.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    if asked.write:
        asked.write.write_text(page.page(found), "utf-8")
    over = [ratio for ratio in found if not ratio.holds]
    for ratio in over:
        print(f"does not hold: {ratio.name}", file=sys.stderr)
    return 1 if over and asked.check else 0


def measure(parts: Sequence[str], rounds: int) -> Iterator[Ratio]:
    """Yield the ratios of the parts, in their order."""
    for part in parts:
        if importlib.util.find_spec(f"benchmarks.{part}"):
            yield from importlib.import_module(f"benchmarks.{part}").ratios(rounds)


def _record(ratio: Ratio) -> dict[str, object]:
    return asdict(ratio) | {"holds": ratio.holds}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this part alone")
    parser.add_argument("--quick", action="store_true", help="see that it runs; figures are noise")
    parser.add_argument("--check", action="store_true", help="end with 1 when a ratio is too high")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page to FILE")
    return parser


if __name__ == "__main__":
    sys.exit(main())
