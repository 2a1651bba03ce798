"""Hostile modules that are too large to be kept as files, built byte by byte.

Each is a plugin in form: what is too much stands behind the contract's functions.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_zeno.limits import MIB
from tests.hostile.binary import (
    CONTRACT,
    TYPES,
    constant,
    export,
    segment,
    unsigned,
    wasm,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_NOTHING = b"\0\x0b"
_WIDE = 1000


def _nested_loops(locals_: int = 1000, depth: int = 1000) -> bytes:
    """Return a function with more values alive at more joins than a compiler can bear."""
    body = b"\x01" + unsigned(locals_) + b"\x7f"
    for level in range(depth):
        body += b"\x03\x40"
        for step in range(3):
            local = unsigned((level * 7 + step) % locals_)
            body += b"\x20" + local + b"\x41\x01\x6a\x21" + local
    return body + b"\x20\x00\x0d\x00\x0b" * depth + b"\x0b"


def _wide_calls(calls: int = 200) -> bytes:
    """Return a plugin whose one function calls another with a thousand values, again and again."""
    wide = b"\x60" + (unsigned(_WIDE) + b"\x7f" * _WIDE) * 2
    caller = b"\0" + b"\x41\x00" * _WIDE + b"\x10\x06" * calls + b"\x1a" * _WIDE + b"\x0b"
    callee = b"\0" + b"".join(b"\x20" + unsigned(at) for at in range(_WIDE)) + b"\x0b"
    return wasm([*CONTRACT, (3, caller), (len(TYPES), callee)], types=(*TYPES, wide), exports=[])


def _many_slots(number: int = 100_000) -> bytes:
    """Return a plugin with a slot list of three megabytes."""
    listed = json.dumps([{"name": f"evil.s{at:05d}"} for at in range(number)]).encode()
    at = 65536
    functions = list(CONTRACT)
    functions[1] = (0, constant(at))
    pages = 2 + (at + len(listed)) // 65536
    return wasm(functions, pages=pages, segments=[segment(at, listed + b"\0")])


BUILT: dict[str, Callable[[], bytes]] = {
    "compile_phi_33kb": lambda: wasm([*CONTRACT, (3, _nested_loops())]),
    "compile_calls_5kb": _wide_calls,
    "compile_funcs_2mb": lambda: wasm([*CONTRACT, *[(3, _NOTHING)] * 500_000]),
    "data_100mb": lambda: wasm(
        CONTRACT, segments=[b"\x01" + unsigned(10 * MIB) + b"\xaa" * (10 * MIB)] * 10
    ),
    "exports_100k": lambda: wasm(
        CONTRACT, exports=[export(f"e{at:06d}", 4) for at in range(99_990)]
    ),
    "slots_100k": _many_slots,
}
"""Builders by the name in the index."""
