"""Interleaved rounds: every round times a batch of each variant, in shuffled order.

A busy machine slows all variants of a round alike, so ratios stay while times drift. Minima are
compared, because noise only ever adds.
"""

from __future__ import annotations

import gc
import random
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BATCH_SECONDS = 100e-6
"""How long a batch takes, about: short enough to fit between two interruptions."""


@dataclass(frozen=True, slots=True)
class Timing:
    """One variant's times in microseconds a call."""

    least: float
    median: float


def interleave(
    variants: Mapping[str, Callable[[], object]], rounds: int = 2_000, seed: int = 1
) -> dict[str, Timing]:
    """Return each variant's timing over `rounds` rounds."""
    sizes = {name: _batch(run) for name, run in variants.items()}
    times: dict[str, list[float]] = {name: [] for name in variants}
    order, shuffled = list(variants), random.Random(seed)  # noqa: S311 (no secret)
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            shuffled.shuffle(order)
            for name in order:
                times[name].append(_time(variants[name], sizes[name]))
    finally:
        gc.enable()
    return {name: _timing(found) for name, found in times.items()}


def _batch(run: Callable[[], object]) -> int:
    """Return how many calls take about `BATCH_SECONDS`."""
    once = min(_time(run, 5) for _ in range(50)) / 1e6
    return max(1, int(BATCH_SECONDS / once))


def _time(run: Callable[[], object], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        run()
    return (perf_counter() - start) / calls * 1e6


def _timing(times: list[float]) -> Timing:
    times.sort()
    return Timing(times[0], times[len(times) // 2])
