"""The way of an instance that is measured: what it burns and what its alloc gives is noted.

Clock and random bytes are the same in every run (`runtime.reference`), so that the same calls
burn the same fuel. It is the plain path with what costs most of it left out: a plugin is called
thousands of times to be measured.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pytest_zeno.runtime.crossing import view
from pytest_zeno.runtime.direct import Direct
from pytest_zeno.runtime.module import GuestModule
from pytest_zeno.runtime.plain import ADDRESSES, PlainInstance
from pytest_zeno.runtime.reference import ReferenceWasi

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wasmtime import Instance as WasmInstance

    from pytest_zeno.errors import ZenoError
    from pytest_zeno.runtime.engine import EngineOptions
    from pytest_zeno.runtime.wasi import Wasi

_PATIENCE: Final = 4
"""How much longer compiling may take: code that counts fuel is larger, and no plugin's fault."""


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

    # -- the short way ---------------------------------------------------------------------------

    def _attach(self, shim: WasmInstance, options: EngineOptions) -> None:
        super()._attach(shim, options)
        for name, function in self._functions.items():
            self._functions[name] = Direct(self._store, function)

    def _detach(self) -> None:
        super()._detach()
        self.__dict__.pop("_view", None)

    @cached_property
    def _view(self) -> memoryview:
        """The memory and what it may grow to; who reads has looked at its size."""
        return view(self._store, self._memory, ADDRESSES)

    def memory(self) -> bytes:
        """Return a copy of the linear memory. Raises ClosedError after `close`."""
        return self._bytes(0, self.memory_size)

    def _bytes(self, pointer: int, size: int) -> bytes:
        return self._view[pointer : pointer + size].tobytes()

    def _write(self, pointer: int, data: bytes) -> None:
        self._view[pointer : pointer + len(data)] = data

    # -- what is noted ---------------------------------------------------------------------------

    def _begin(self) -> None:
        super()._begin()
        self.blocks = []

    def _room(self, size: int) -> tuple[int, ZenoError | None]:
        pointer, error = super()._room(size)
        if error is None:
            self.blocks.append(Block(pointer, size))
        return pointer, error


class Unfreed(GuestModule):
    """A module whose `free` the host does not call."""

    def __init__(self, module: GuestModule) -> None:
        self.__dict__.update(module.__dict__)
        limits = module.limits
        self.limits = replace(
            limits,
            compile_timeout=limits.compile_timeout * _PATIENCE,
            compile_memory=limits.compile_memory * _PATIENCE,
        )

    def has_export(self, name: str) -> bool:
        """Whether the module exports `name`, `free` apart."""
        return name != "free" and super().has_export(name)
