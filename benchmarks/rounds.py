"""Interleaved rounds: every round times a batch of each variant, in shuffled order.

A busy machine slows all variants of a round alike, so ratios stay while times drift. Minima are
compared, because noise only ever adds; the median of the rounds' ratios stands beside them.
"""

from __future__ import annotations

import gc
import random
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.ratio import Ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BATCH_SECONDS = 100e-6
"""How long a batch takes, about: short enough to fit between two interruptions."""

ROUNDS = 2_000


@dataclass(frozen=True, slots=True)
class Timings:
    """Each variant's microseconds a call, round by round."""

    rounds: dict[str, list[float]]

    def least(self, name: str) -> float:
        """Return a variant's least time."""
        return min(self.rounds[name])

    def median(self, name: str) -> float:
        """Return a variant's median time."""
        return median(self.rounds[name])

    def ratio(self, subject: str, yardstick: str, most: float) -> Ratio:
        """Return what `subject` costs as a part of `yardstick`."""
        pairs = zip(self.rounds[subject], self.rounds[yardstick], strict=True)
        return Ratio(
            subject,
            yardstick,
            self.least(subject) / self.least(yardstick),
            most,
            median(mine / its for mine, its in pairs),
        )


def interleave(
    variants: Mapping[str, Callable[[], object]], rounds: int = ROUNDS, seed: int = 1
) -> Timings:
    """Return each variant's timings over `rounds` rounds, two at least."""
    sizes = {name: _batch(run) for name, run in variants.items()}
    times: dict[str, list[float]] = {name: [] for name in variants}
    order, shuffled = list(variants), random.Random(seed)  # noqa: S311 (no secret)
    gc.collect()
    gc.disable()
    try:
        for _ in range(max(2, rounds)):
            shuffled.shuffle(order)
            for name in order:
                times[name].append(_time(variants[name], sizes[name]))
    finally:
        gc.enable()
    return Timings(times)


def _batch(run: Callable[[], object]) -> int:
    """Return how many calls take about `BATCH_SECONDS`."""
    tries = 1 if _time(run, 1) > 1e6 * BATCH_SECONDS else 50
    once = min(_time(run, 1 + tries // 10) for _ in range(tries)) / 1e6
    return max(1, int(BATCH_SECONDS / once))


def _time(run: Callable[[], object], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        run()
    return (perf_counter() - start) / calls * 1e6
