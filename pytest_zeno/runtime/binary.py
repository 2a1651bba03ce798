"""Reading a module's bytes, as far as the host must know before anything compiles them.

Only what wasmtime cannot say: how many imports and exports there are (listing them costs time
that grows with their square) and whether constant expressions use arithmetic, a later proposal
that wasmtime's validator always accepts. The bytes are hostile until the validator has seen them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC: Final = b"\0asm\x01\0\0\0"

CUSTOM, IMPORT, GLOBAL, EXPORT, ELEMENT, DATA = 0, 2, 6, 7, 9, 11

_ARITHMETIC: Final = frozenset((0x6A, 0x6B, 0x6C, 0x7C, 0x7D, 0x7E))
_IMMEDIATE_BYTES: Final = {0x43: 4, 0x44: 8, 0xD0: 1}
_IMMEDIATE_LEB: Final = frozenset((0x23, 0x41, 0x42, 0xD2))
_VECTOR_CONST_BYTES: Final = 17  # the opcode's second byte and 16 bytes of value
_END: Final = 0x0B
_END_OF_LEB: Final = 0x80
_LONGEST_LEB: Final = 10


MOST_SECTIONS: Final = 10_000
"""Compilers write a dozen; millions of empty ones would hold up who walks them."""

MOST_VALUES: Final = 1_000_000
"""Initial values of globals, tables and memories, which are walked one by one."""


class TooManyError(ValueError):
    """There is more of something than anybody would walk."""


class MalformedError(ValueError):
    """The bytes end, or a number runs on, where the format does not allow it."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its id and its content, without id and size."""

    id: int
    content: bytes


def sections(wasm: bytes) -> Iterator[Section]:
    """Yield the sections of a core module in file order.

    Raises MalformedError when the structure does not hold together, and TooManyError.
    """
    for number, start, end in _bounds(wasm):
        yield Section(number, wasm[start:end])


def _bounds(wasm: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield each section's id, and where its content starts and ends."""
    if wasm[:8] != MAGIC:
        raise MalformedError("the bytes do not start with the header of a core module")
    at, left = len(MAGIC), MOST_SECTIONS
    while at < len(wasm):
        if not left:
            raise TooManyError(f"more than {MOST_SECTIONS} sections")
        left -= 1
        size, start = unsigned(wasm, at + 1)
        if start + size > len(wasm):
            raise MalformedError(f"section {wasm[at]} at byte {at} runs past the end of the file")
        yield wasm[at], start, start + size
        at = start + size


def unsigned(data: bytes, at: int) -> tuple[int, int]:
    """Return the LEB128 number at `at` and the offset behind it."""
    value = shift = 0
    for offset in range(at, min(at + _LONGEST_LEB, len(data))):
        byte = data[offset]
        value |= (byte & 0x7F) << shift
        if byte < _END_OF_LEB:
            return value, offset + 1
        shift += 7
    raise MalformedError(f"the number at byte {at} does not end")


def count(wasm: bytes, section: int) -> int:
    """Return how many entries the section with this id announces, 0 when there is none."""
    return sum(
        unsigned(wasm[start : min(end, start + _LONGEST_LEB)], 0)[0]
        for number, start, end in _bounds(wasm)
        if number == section
    )


def uses_extended_const(wasm: bytes) -> bool:
    """Whether a constant expression of a validated WebAssembly 2.0 module uses arithmetic.

    Raises TooManyError.
    """
    readers = {GLOBAL: _global, ELEMENT: _element, DATA: _data}
    found = list(sections(wasm))
    if sum(_values(section) for section in found) > MOST_VALUES:
        raise TooManyError(f"more than {MOST_VALUES} initial values")
    for section in found:
        read = readers.get(section.id)
        if read is None:
            continue
        entries, at = unsigned(section.content, 0)
        for _ in range(entries):
            extended, at = read(section.content, at)
            if extended:
                return True
    return False


def _values(section: Section) -> int:
    """Return how many values a section may have, from above: an entry of a table is a byte."""
    if section.id == ELEMENT:
        return len(section.content)
    return unsigned(section.content, 0)[0] if section.id in (GLOBAL, DATA) else 0


def _expression(data: bytes, at: int) -> tuple[bool, int]:
    """Walk one constant expression: whether it is extended, and the offset behind its end."""
    extended = False
    while True:
        if at >= len(data):
            raise MalformedError("a constant expression does not end")
        opcode, at = data[at], at + 1
        if opcode == _END:
            return extended, at
        if opcode in _ARITHMETIC:
            extended = True
        elif opcode in _IMMEDIATE_LEB:
            _, at = unsigned(data, at)
        elif opcode in _IMMEDIATE_BYTES:
            at += _IMMEDIATE_BYTES[opcode]
        else:
            at += _VECTOR_CONST_BYTES


def _global(data: bytes, at: int) -> tuple[bool, int]:
    return _expression(data, at + 2)  # value type, mutability


def _data(data: bytes, at: int) -> tuple[bool, int]:
    flags, at = unsigned(data, at)
    extended = False
    if flags == 2:
        _, at = unsigned(data, at)
    if flags != 1:
        extended, at = _expression(data, at)
    size, at = unsigned(data, at)
    return extended, at + size


def _element(data: bytes, at: int) -> tuple[bool, int]:
    flags, at = unsigned(data, at)
    extended = False
    passive, explicit, expressions = flags & 1, flags & 2, flags & 4
    if not passive:
        if explicit:
            _, at = unsigned(data, at)
        extended, at = _expression(data, at)
    if passive or explicit:
        at += 1  # element kind or reference type
    entries, at = unsigned(data, at)
    for _ in range(entries):
        if expressions:
            inner, at = _expression(data, at)
            extended = extended or inner
        else:
            _, at = unsigned(data, at)
    return extended, at
