"""What grows with work: kept blocks whose number, or size, follows how often it was done.

What is filled once (caches, buffers, free lists) is there after the warm-up, or keeps as much of
many repetitions as of few. What twice the work keeps more of than once is a suspect; who is
suspected again when all is measured anew leaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_zeno.leaks.tracked import NOTHING, Kept, Stack, difference, kept

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
    if not suspects:
        return ()
    again = _suspects(work, times, settle)
    found = [one.grown for stack, one in again.items() if _still(suspects.get(stack), one)]
    return tuple(sorted(found, key=lambda one: (-one.bytes, one.stack)))


class _Suspect(NamedTuple):
    """What grew, and what was kept of it in the smaller window and in the larger."""

    grown: Grown
    once: Kept
    twice: Kept


def _suspects(
    work: Callable[[], object], times: int, settle: Callable[[], object]
) -> dict[Stack, _Suspect]:
    once, twice = (kept(work, times * many, settle) for many in (1, 2))
    found = {}
    for stack, more in difference(once, twice).items():
        before, after = once.get(stack, NOTHING), twice[stack]
        grown = _grown(stack, more, before, after, times)
        if grown:
            found[stack] = _Suspect(grown, before, after)
    return found


def _still(first: _Suspect | None, second: _Suspect) -> bool:
    """Whether a suspect is one again; one block that is moved has to have grown meanwhile.

    A table whose entries come and go is moved now and then, too, and is no larger for it.
    """
    if first is None:
        return False
    return bool(second.grown.blocks) or second.once.bytes > first.twice.bytes


def _grown(stack: Stack, more: Kept, before: Kept, after: Kept, times: int) -> Grown | None:
    """Return what one stack keeps of each repetition; None when that is nothing."""
    if more.blocks >= max(FEWEST, times / EVERY):
        return Grown(stack, more.blocks / times, more.bytes / times)
    # One block that was moved as it grew: between both looks lie twice as many repetitions.
    if before.blocks and after.blocks < FEWEST and more.bytes >= max(LEAST, BYTES * times):
        return Grown(stack, 0, more.bytes / (2 * times))
    return None
