"""The way of an instance that is measured: what it burns and what its alloc gives is noted.

Clock and random bytes are the same in every run (`runtime.reference`), so that the same calls
burn the same fuel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_zeno.runtime.plain import PlainInstance
from pytest_zeno.runtime.reference import ReferenceWasi

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_zeno.errors import ZenoError
    from pytest_zeno.runtime.wasi import Wasi


class Block(NamedTuple):
    """A block that the guest's alloc gave: where it starts, and how many bytes were asked for."""

    start: int
    size: int

    @property
    def end(self) -> int:
        """The address behind the last byte."""
        return self.start + self.size


class MeasuredInstance(PlainInstance):
    """An instance that counts fuel and knows its blocks.

    Attributes:
        blocks: what alloc gave during the last entry, in order.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.blocks: list[Block] = []
        super().__init__(*arguments, metered=True, **options)

    def take_blocks(self, sizes: Iterable[int]) -> tuple[Block, ...]:
        """Take blocks of these sizes from alloc, as an entry with so many texts would.

        Raises TrapError, ExitError, LimitError, ProtocolError, ClosedError.
        """
        return self._enter("execute", lambda _: self._take(sizes))

    def _take(self, sizes: Iterable[int]) -> tuple[Block, ...]:
        self._begin()
        for size in sizes:
            _, error = self._room(size)
            if error is not None:
                raise error
        return tuple(self.blocks)

    def _new_wasi(self) -> Wasi:
        return ReferenceWasi()

    def _begin(self) -> None:
        super()._begin()
        self.blocks = []

    def _room(self, size: int) -> tuple[int, ZenoError | None]:
        pointer, error = super()._room(size)
        if error is None:
            self.blocks.append(Block(pointer, size))
        return pointer, error
