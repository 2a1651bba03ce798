"""Modules of every shape that is small and costs whoever reads or compiles it much.

`SHAPES` has for each a function that makes it, and the size at which it hurts: seconds, or a GiB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_zeno.runtime.binary import MAGIC

if TYPE_CHECKING:
    from collections.abc import Iterable

NO_TYPE = b"\x60\0\0"
BLOCK, LOOP, IF, END = b"\x02\x40", b"\x03\x40", b"\x41\0\x04\x40", b"\x0b"
TABLE = b"\1\x70\0"
_DEPTH = 20


def leb(number: int) -> bytes:
    """Return an unsigned LEB128 number."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def vector(items: Iterable[bytes]) -> bytes:
    """Return items with their number ahead."""
    listed = list(items)
    return leb(len(listed)) + b"".join(listed)


def section(number: int, content: bytes) -> bytes:
    """Return a section of a module."""
    return bytes([number]) + leb(len(content)) + content


def module(*sections: bytes) -> bytes:
    """Return a module."""
    return MAGIC + b"".join(sections)


def function(code: bytes, locals_: bytes = b"\0") -> bytes:
    """Return the body of a function."""
    content = locals_ + code + END
    return leb(len(content)) + content


def functions(*bodies: bytes, between: bytes = b"", kind: bytes = NO_TYPE) -> bytes:
    """Return a module with functions, and what stands between their types and their code."""
    declared = section(1, vector([kind])) + section(3, vector([b"\0"] * len(bodies)))
    return module(declared, between, section(10, vector(bodies)))


def _name(number: int) -> bytes:
    return vector(bytes([byte]) for byte in str(number).encode())


def _branches(size: int) -> bytes:
    targets = vector(bytes([at % _DEPTH]) for at in range(size))
    return BLOCK * _DEPTH + b"\x41\0\x0e" + targets + b"\0" + END * _DEPTH


def _locals(size: int) -> bytes:
    moved = b"".join(b"\x20" + leb(at) + b"\x21" + leb(at * 7 % size) for at in range(size))
    return functions(function(moved, b"\1" + leb(size) + b"\x7f"))


SHAPES = {
    "a huge function": (lambda n: functions(function(b"\x41\1\x1a" * n)), 2_000_000),
    "many functions": (lambda n: functions(*[function(b"")] * n), 1_000_000),
    "deep blocks": (lambda n: functions(function(BLOCK * n + END * n)), 1_000_000),
    "deep loops": (lambda n: functions(function(LOOP * n + b"\x41\0\x0d\0" + END * n)), 50_000),
    "deep conditions": (lambda n: functions(function(IF * n + END * n)), 50_000),
    "a wide branch table": (lambda n: functions(function(_branches(n))), 1_000_000),
    "many branch tables": (lambda n: functions(function(_branches(100) * n)), 10_000),
    "many locals": (_locals, 50_000),
    "many parameters": (
        lambda n: functions(
            function(b"".join(b"\x20" + leb(at) for at in range(n))),
            kind=b"\x60" + vector([b"\x7f"] * n) * 2,
        ),
        1_000,
    ),
    "many calls": (lambda n: functions(function(b"\x10\0" * n)), 1_000_000),
    "many indirect calls": (
        lambda n: functions(function(b"\x41\0\x11\0\0" * n), between=section(4, TABLE + b"\1")),
        500_000,
    ),
    "many types": (
        lambda n: module(
            section(1, vector(b"\x60" + vector([b"\x7f"] * (at % 100)) + b"\0" for at in range(n)))
        ),
        100_000,
    ),
    "many imports": (
        lambda n: module(
            section(1, vector([NO_TYPE])),
            section(2, vector(b"\3env" + _name(at) + b"\0\0" for at in range(n))),
        ),
        100_000,
    ),
    "many exports": (
        lambda n: functions(
            function(b""), between=section(7, vector(_name(at) + b"\0\0" for at in range(n)))
        ),
        100_000,
    ),
    "many globals": (lambda n: module(section(6, vector([b"\x7f\1\x41\0" + END] * n))), 1_000_000),
    "many elements": (
        lambda n: functions(
            function(b""),
            between=section(4, TABLE + leb(n))
            + section(9, b"\1\0\x41\0" + END + vector([b"\0"] * n)),
        ),
        5_000_000,
    ),
    "many element segments": (
        lambda n: functions(
            function(b""),
            between=section(4, TABLE + b"\1")
            + section(9, vector([b"\0\x41\0" + END + b"\1\0"] * n)),
        ),
        100_000,
    ),
    "many data segments": (
        lambda n: module(
            section(5, b"\1\0\1"), section(11, vector([b"\0\x41\0" + END + b"\1x"] * n))
        ),
        100_000,
    ),
    "many sections": (lambda n: module(*[section(0, b"\1x")] * n), 8_000_000),
    "many names": (lambda n: module(section(0, b"\4name\1" + leb(n) + b"\0" * n)), 30_000_000),
}
