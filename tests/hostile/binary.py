"""WebAssembly written as bytes: for modules that its text cannot say, or not in reasonable time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Function = tuple[int, bytes]

HEAD = b"\0asm\x01\0\0\0"
TYPES = (
    b"\x60\x00\x01\x7f",
    b"\x60\x01\x7f\x01\x7f",
    b"\x60\x04\x7f\x7f\x7f\x7f\x01\x7f",
    b"\x60\x00\x00",
)
"""() -> i32, (i32) -> i32, (i32 i32 i32 i32) -> i32, () -> ()"""

METADATA = b'{"name":"evil","version":"1.0.0"}\0'
SLOTS = b'[{"name":"evil.run"}]\0'
RESPONSE = b'{"success":true}\0'


def unsigned(number: int) -> bytes:
    """Return a number as unsigned LEB128."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def signed(number: int) -> bytes:
    """Return a number as signed LEB128."""
    out = bytearray()
    while not -0x40 <= number < 0x40:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number & 0x7F])


def vector(parts: Iterable[bytes]) -> bytes:
    """Return parts behind their number."""
    listed = list(parts)
    return unsigned(len(listed)) + b"".join(listed)


def text(name: str) -> bytes:
    """Return a name behind its length."""
    data = name.encode()
    return unsigned(len(data)) + data


def export(name: str, function: int) -> bytes:
    """Return the export of a function."""
    return text(name) + b"\0" + unsigned(function)


def constant(number: int) -> bytes:
    """Return the body of a function that answers a number."""
    return b"\0\x41" + signed(number) + b"\x0b"


def segment(at: int, data: bytes) -> bytes:
    """Return a data segment at an address."""
    return b"\0\x41" + signed(at) + b"\x0b" + unsigned(len(data)) + data


CONTRACT: Sequence[Function] = (
    (0, constant(1024)),
    (0, constant(2048)),
    (2, constant(4096)),
    (1, constant(65536)),
    (3, b"\0\x0b"),
)
"""`plugin_init`, `plugin_register_slots`, `plugin_execute`, `alloc` and `plugin_cleanup`."""

_NAMES = ("plugin_init", "plugin_register_slots", "plugin_execute", "alloc", "plugin_cleanup")
_SEGMENTS = (segment(1024, METADATA), segment(2048, SLOTS), segment(4096, RESPONSE))


def section(number: int, parts: Iterable[bytes]) -> bytes:
    """Return a section of a module."""
    body = vector(parts)
    return bytes([number]) + unsigned(len(body)) + body


def wasm(
    functions: Sequence[Function] = CONTRACT,
    *,
    types: Iterable[bytes] = TYPES,
    exports: Iterable[bytes] = (),
    segments: Iterable[bytes] = (),
    pages: int = 2,
) -> bytes:
    """Return a plugin; the first five functions are those of `CONTRACT`, each (type, body)."""
    contract = (export(name, at) for at, name in enumerate(_NAMES))
    return b"".join(
        (
            HEAD,
            section(1, types),
            section(3, (unsigned(kind) for kind, _ in functions)),
            section(5, [b"\0" + unsigned(pages)]),
            section(7, (text("memory") + b"\x02\0", *contract, *exports)),
            section(10, (unsigned(len(body)) + body for _, body in functions)),
            section(11, (*_SEGMENTS, *segments)),
        )
    )
