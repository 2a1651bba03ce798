"""Compare two revisions side by side: whole processes that take turns on one machine.

    python -m benchmarks.compare BASE [HEAD] [--only NAME] [--rounds N] [--most RATIO]
        [--series FILE]

BASE and HEAD are git revisions, or folders of checkouts; HEAD is this one by default. Ends with 1
when a workload costs HEAD more than RATIO of what it costs BASE. Times are the processor's.
``--series`` appends a line of JSON, which `benchmarks.series` draws.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import page, workloads
from benchmarks.guests import FIXTURES
from benchmarks.processes import ratio, seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.ratio import Ratio

ROOT = Path(__file__).parents[1]
MOST = 1.10
"""What a busy runner may add to a ratio of least times, and a change may not."""
ROUNDS = 7

_PLUGIN = "[pytest11]\nzeno = pytest_zeno.plugin\n"
_METADATA = "Metadata-Version: 2.1\nName: pytest-zeno\nVersion: 0\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print the table, and say whether HEAD may cost what it does."""
    asked = _parser().parse_args(arguments)
    with TemporaryDirectory() as folder:
        sides = Path(folder, "base"), Path(folder, "head")
        for revision, side in zip((asked.base, asked.head), sides, strict=True):
            stage(revision, side)
        print(page.HEAD)
        found = []
        for name in asked.only or workloads.WORKLOADS:
            found.append(compare(name, sides, asked))
            print(page.line(found[-1]), flush=True)
    if asked.series:
        _note(asked, found)
    over = [one for one in found if not one.holds]
    for one in over:
        print(f"{one.subject} costs {one.value:.3f} of what it did", file=sys.stderr)
    return 1 if over else 0


def stage(revision: str, place: Path) -> None:
    """Lay out the package of a revision, or of a checkout, as it is installed.

    Raises SystemExit when it is neither.
    """
    tree = Path(revision)
    if not (tree / "pytest_zeno").is_dir():
        tree = place / "tree"
        _extract(revision, tree)
    left_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(tree / "pytest_zeno", place / "pytest_zeno", ignore=left_out)
    package = place / "pytest_zeno" / "conformance"
    shutil.copytree(tree / "conformance", package, ignore=left_out)
    info = place / "pytest_zeno-0.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text(_METADATA, "utf-8")
    info.joinpath("entry_points.txt").write_text(_PLUGIN, "utf-8")


def _extract(revision: str, tree: Path) -> None:
    command = ["git", "archive", revision, "pytest_zeno", "conformance"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # noqa: S603 (ours)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise SystemExit(f"{revision!r} is neither a checkout's folder nor a revision: {said}")
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        archive.extractall(tree, filter="data")


def compare(name: str, sides: tuple[Path, Path], asked: argparse.Namespace) -> Ratio:
    """Return what a workload costs HEAD as a part of what it costs BASE."""
    taken = [[_run(name, side) for side in sides] for _ in range(asked.rounds + 1)]
    base, head = zip(*taken[1:], strict=True)  # the first one compiles
    return ratio((name, "the same at BASE"), (list(head), list(base)), asked.most)


def _run(name: str, side: Path) -> float:
    command = (sys.executable, workloads.__file__, name, str(FIXTURES))
    return seconds(command, side, {"PYTHONPATH": str(side), "PYTHONHASHSEED": "0"})


def _note(asked: argparse.Namespace, found: Sequence[Ratio]) -> None:
    record = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "base": asked.base,
        "head": asked.head,
        "machine": page.machine(),
        "ratios": {one.subject: round(one.value, 4) for one in found},
    }
    with asked.series.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare", description=(__doc__ or "").split("\n")[0]
    )
    names = tuple(workloads.WORKLOADS)
    parser.add_argument("base", metavar="BASE", help="a git revision, or a checkout's folder")
    parser.add_argument("head", metavar="HEAD", nargs="?", default=str(ROOT), help="the other one")
    parser.add_argument("--only", action="append", choices=names, help="compare this alone")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"{ROUNDS} by default")
    parser.add_argument("--most", type=float, default=MOST, help=f"{MOST} by default")
    parser.add_argument("--series", type=Path, metavar="FILE", help="append a line to FILE")
    return parser


if __name__ == "__main__":
    sys.exit(main())
