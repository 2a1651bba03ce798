"""Where a module's own constants lie: its active data segments (WebAssembly 2.0, 5.5.14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_zeno.runtime import binary

if TYPE_CHECKING:
    from collections.abc import Iterator

_PASSIVE: Final = 1
_WITH_MEMORY: Final = 2
_CONST: Final = 0x41
_SIGN: Final = 0x40


@dataclass(frozen=True, slots=True)
class Constant:
    """Bytes that stand in the memory before any code of the module runs."""

    start: int
    data: bytes

    def within(self, start: int, end: int) -> bytes:
        """Return the bytes that lie in [start, end)."""
        return self.data[max(0, start - self.start) : max(0, end - self.start)]


def constants(wasm: bytes) -> Iterator[Constant]:
    """Yield the active data segments whose address is a number.

    The module is valid: `GuestModule` has seen to that.
    """
    for section in binary.sections(wasm):
        if section.id != binary.DATA:
            continue
        entries, at = binary.unsigned(section.content, 0)
        for _ in range(entries):
            found, at = _segment(section.content, at)
            if found is not None:
                yield found


def _segment(content: bytes, at: int) -> tuple[Constant | None, int]:
    flags, at = binary.unsigned(content, at)
    start = None
    if flags == _WITH_MEMORY:
        _, at = binary.unsigned(content, at)
    if flags != _PASSIVE:
        start, at = _address(content, at)
    size, at = binary.unsigned(content, at)
    data = content[at : at + size]
    return (None if start is None else Constant(start, data)), at + size


def _address(content: bytes, at: int) -> tuple[int | None, int]:
    """Return a constant expression's value, None for another than i32.const; and its end."""
    opcode = content[at]
    value, end = binary.unsigned(content, at + 1)
    if content[end - 1] & _SIGN:
        value -= 1 << (7 * (end - at - 1))
    return (value % 2**32 if opcode == _CONST else None), end + 1
