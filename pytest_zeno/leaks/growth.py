"""What grows with work: kept blocks whose number, or size, follows how often it was done.

What is filled once (caches, buffers, free lists) is there after the warm-up, or keeps as much of
many repetitions as of few. What twice the work keeps more of than once is a suspect; who is
suspected again when all is measured anew leaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_zeno.leaks.tracked import Kept, Stack, difference, kept

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY: Final = 10
"""One block in so many repetitions is a leak."""

FEWEST: Final = 10
"""Blocks that it is at least: a cache of names, a free list takes one more now and then."""

BYTES: Final = 8
"""Bytes a repetition from which one block that grows is a leak: a list takes 8 for each item."""

LEAST: Final = 4_096
"""Bytes that it has grown by at least: queues between threads take new parts of a kilobyte."""


@dataclass(frozen=True, slots=True)
class Grown:
    """What stays of each repetition: blocks and bytes that were allocated at one stack.

    A list that grows is one block however long it is: there ``blocks`` is 0. Where it grows at the
    stack of its items, ``bytes`` are some more than theirs.
    """

    stack: Stack
    blocks: float
    bytes: float


def watch(
    work: Callable[[], object], times: int, settle: Callable[[], object] = lambda: None
) -> tuple[Grown, ...]:
    """Return what stays of work that is done again and again, the most bytes first.

    `settle` lets go of what is kept on purpose; it is called when some work is done, and before
    what stays is looked at. The work is done ``4 * times`` times, and ``3 * times`` more when
    something is suspected.

    Raises what the work raises, and AlreadyTrackedError when the process is tracked already.
    """
    for _ in range(times):
        work()
    settle()
    suspects = _suspects(work, times, settle)
    if suspects:
        again = _suspects(work, times, settle)
        suspects = {stack: again[stack] for stack in suspects.keys() & again.keys()}
    return tuple(sorted(suspects.values(), key=lambda one: (-one.bytes, one.stack)))


def _suspects(
    work: Callable[[], object], times: int, settle: Callable[[], object]
) -> dict[Stack, Grown]:
    once, twice = (kept(work, times * many, settle) for many in (1, 2))
    return {
        stack: found
        for stack, more in difference(once, twice).items()
        if (found := _grown(stack, more, twice[stack], times))
    }


def _grown(stack: Stack, more: Kept, last: Kept, times: int) -> Grown | None:
    """Return what one stack keeps of each repetition; None when that is nothing."""
    if more.blocks >= max(FEWEST, times / EVERY):
        return Grown(stack, more.blocks / times, more.bytes / times)
    # One block that was moved as it grew: between both looks lie twice as many repetitions.
    if last.blocks < EVERY and more.bytes >= max(LEAST, BYTES * times):
        return Grown(stack, 0, more.bytes / (2 * times))
    return None
