"""The permissions and their second implementation, compared on cases that are drawn by number.

``python -m tests.permissions.agreement --cases 10000000 --jobs 2`` compares as many as one likes.
Cases come in chunks that depend on the seed and their number alone, so that a run of any size, on
any system and with any number of jobs, finds the same.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from .asking import KINDS, Kind, at_once
from .mutations import Draw, reduced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .second import Answer

CHUNK = 5_000
MOST_SHRUNK = 5
"""How many cases of a job are shrunk; a mistake that shows often needs no more."""


class Job(NamedTuple):
    """Some cases of one kind, by number."""

    kind: str
    seed: int
    chunk: int
    count: int = CHUNK


class Tally(NamedTuple):
    """What came of cases: how often both gave which answer, and those where they differ."""

    agreed: Counter[tuple[str, str]]
    differing: list[tuple[str, Any]]


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def difference(first: Answer, second: Answer) -> str:
    """Say how the implementation's answer differs from the second one; '' if it does not."""
    if first == second:
        return ""
    if not first.code:
        return "WRONG ALLOW" if second.code else "another place"
    return f"{first.code} instead of {second.code or 'allow'}"


def compare(job: Job) -> Tally:
    """Compare the cases of a job; the first ones that differ are shrunk."""
    kind, tally = KINDS[job.kind], Tally(Counter(), [])
    with at_once():
        for case in kind.cases(Draw(f"{job.kind} {job.seed} {job.chunk}"), job.count):
            second = kind.second(case)
            about = difference(kind.first(case), second)
            if about:
                few = len(tally.differing) < MOST_SHRUNK
                tally.differing.append((about, shrunk(kind, case, about) if few else case))
            else:
                tally.agreed[job.kind, second.code or "allow"] += 1
    return tally


def shrunk(kind: Kind, case: Any, about: str) -> Any:
    """Return a case without any part that the difference does not need."""
    for field in case._fields:

        def differs(part: Any, case: Any = case, field: str = field) -> bool:
            shorter = case._replace(**{field: part})
            return difference(kind.first(shorter), kind.second(shorter)) == about

        case = case._replace(**{field: reduced(getattr(case, field), differs)})
    return case


def jobs(kinds: Iterable[str], each: int, seed: int) -> Iterator[Job]:
    """Return the jobs of a run with so many cases of each kind."""
    for start in range(0, each, CHUNK):
        for kind in kinds:
            yield Job(kind, seed, start // CHUNK, min(CHUNK, each - start))


def run(cases: int, processes: int, seed: int) -> Tally:
    """Compare so many cases, shared out among kinds and processes, and print how it goes on."""
    todo = list(jobs(KINDS, -(-cases // len(KINDS)), seed))
    whole, begun = Tally(Counter(), []), time.monotonic()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for done, tally in enumerate(pool.imap_unordered(compare, todo), 1):
            whole.agreed.update(tally.agreed)
            whole.differing.extend(tally.differing)
            for about, case in tally.differing:
                say(f"{about}: {case!r}")
            if done % 100 == 0 or done == len(todo):
                rate = whole.agreed.total() / (time.monotonic() - begun)
                share = f"{whole.agreed.total():,} agree, {len(whole.differing)} differ"
                say(f"{done}/{len(todo)} chunks: {share}, {rate:,.0f}/s")
    return whole


def main() -> int:
    """Compare, print the answers that were given, and end with 1 if any two differ."""
    parser = argparse.ArgumentParser(prog="tests.permissions.agreement", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tally = run(options.cases, options.jobs, options.seed)
    for (kind, code), count in sorted(tally.agreed.items()):
        say(f"{kind:12}{code:20}{count:12,}")
    for about, count in Counter(about for about, _ in tally.differing).items():
        say(f"{'DIFFER':12}{about:20}{count:12,}")
    return 1 if tally.differing else 0


if __name__ == "__main__":
    sys.exit(main())
