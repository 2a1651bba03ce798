"""One random order for all workers of a run, that can be had again."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

VARIABLE = "ZENO_TEST_SEED"


def run_seed() -> str:
    """Return the seed of this run: the given one, xdist's name of the run, or a new one."""
    given = os.environ.get(VARIABLE) or os.environ.get("PYTEST_XDIST_TESTRUNUID")
    return given or f"{random.SystemRandom().getrandbits(32):08x}"


SEED = run_seed()


def shuffled(cases: Iterable[T]) -> list[T]:
    """Return the cases in this run's order."""
    order = list(cases)
    random.Random(SEED).shuffle(order)  # noqa: S311 (no secret)
    return order
