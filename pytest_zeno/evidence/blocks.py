"""What alloc hands out when the host takes blocks as a call does: name, request, one reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.limits import KIB, MIB

if TYPE_CHECKING:
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.runtime.measured import Block

ROOM: Final = MIB
"""A request that a script may well send: a table, or an uploaded picture in base64."""

_TRIPLES: Final = ((12, 120, 40), (300, 1, 5 * KIB), (1, 2, 3), (17, 33 * KIB, 9))
"""Sizes of name, request and reply."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Blocks that a fresh guest gave one after the other, or why it did not."""

    sizes: tuple[int, ...]
    blocks: tuple[Block, ...] = ()
    error: ZenoError | None = None


def take_as_calls_do(subject: Subject) -> tuple[Taken, ...]:
    """Return the blocks of calls of several sizes."""
    return tuple(take(subject, *sizes) for sizes in _TRIPLES)


def take(subject: Subject, *sizes: int) -> Taken:
    """Take blocks of these sizes from a fresh guest, without calling a slot in between."""
    with subject.measured_guest() as guest:
        try:
            return Taken(sizes, guest.instance.take_blocks(sizes))
        except ZenoError as error:
            return Taken(sizes, error=error)
