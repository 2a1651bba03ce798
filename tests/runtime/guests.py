"""Guests for the runtime's tests, as WebAssembly text compiled on the spot.

`guest` gives a plugin that keeps the contract; a test replaces the part it is about. Memory map:
1024 metadata, 2048 slot list, 4096 response, 8192 to 65535 a test's own data, then the heap.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pytest_zeno.limits import Limits
from pytest_zeno.runtime import abi
from pytest_zeno.runtime.module import GuestModule

if TYPE_CHECKING:
    from collections.abc import Iterable

METADATA = b'{"name":"test","version":"1.0.0"}'
SLOTS = b'[{"name":"test.run"}]'
RESPONSE = b'{"success":true}'
OWN = 8192
"""Where a test's own data starts."""

ALLOC = """(func $alloc (export "alloc") (param $size i32) (result i32) (local $at i32)
  (local.set $at (global.get $heap))
  (global.set $heap (i32.and
    (i32.add (i32.add (global.get $heap) (local.get $size)) (i32.const 7)) (i32.const -8)))
  (block $enough (loop $grow
    (br_if $enough
      (i32.le_u (global.get $heap) (i32.shl (memory.size) (i32.const 16))))
    (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (return (i32.const 0))))
    (br $grow)))
  (local.get $at))"""
"""A bump allocator that grows the memory and gives 0 when it cannot."""


def literal(data: bytes) -> str:
    """Return bytes as a WAT string."""
    return '"' + "".join(f"\\{byte:02x}" for byte in data) + '"'


def imported(*names: str) -> str:
    """Return the imports of host and WASI functions, each under its own name (`$host_log`)."""
    return "\n".join(_import(name) for name in names)


def _import(name: str) -> str:
    module = abi.HOST_MODULE if name in abi.HOST_IMPORTS else abi.WASI_MODULE
    parameters, _, result = abi.IMPORTS[module][name].partition(" -> ")
    results = "" if result == "()" else f"(result {result})"
    given = f"(param {parameters[1:-1]})" if parameters != "()" else ""
    return f'(import "{module}" "{name}" (func ${name} {given} {results}))'


def entry(name: str, body: str, parameters: str = "") -> str:
    """Return an exported function that returns an i32, an entry of the contract."""
    return f'(func (export "{name}") {parameters} (result i32) {body})'


def execute(body: str) -> str:
    """Return `plugin_execute` with $name, $name_size, $request, $request_size and three locals."""
    parameters = (
        "(param $name i32) (param $name_size i32) (param $request i32) (param $request_size i32)"
    )
    body = f"(local $a i32) (local $b i32) (local $c i32) {body}"
    return f'(func $execute (export "plugin_execute") {parameters} (result i32) {body})'


def text(
    *,
    imports: Iterable[str] = (),
    memory: str = '(memory (export "memory") 2)',
    alloc: str = ALLOC,
    init: str = entry("plugin_init", "(i32.const 1024)"),
    register: str = entry("plugin_register_slots", "(i32.const 2048)"),
    run: str = "(i32.const 4096)",
    cleanup: str = '(func (export "plugin_cleanup"))',
    extra: str = "",
    data: dict[int, bytes] | None = None,
    raw_imports: str = "",
) -> str:
    """Return the WebAssembly text of a guest; `run` is the body of `plugin_execute`."""
    standard = {1024: METADATA + b"\0", 2048: SLOTS + b"\0", 4096: RESPONSE + b"\0"}
    segments = standard | (data or {})
    return "\n".join(
        (
            "(module",
            imported(*imports),
            raw_imports,
            memory,
            "(global $heap (mut i32) (i32.const 65536))",
            *(f"(data (i32.const {at}) {literal(bytes_)})" for at, bytes_ in segments.items()),
            *(alloc, init, register, execute(run), cleanup, extra),
            ")",
        )
    )


@cache
def wasm(wat: str) -> bytes:
    """Return a module's bytes."""
    import wasmtime

    return bytes(wasmtime.wat2wasm(wat))


def guest(**parts: Any) -> bytes:
    """Return a guest's bytes; see `text`."""
    return wasm(text(**parts))


@cache
def module(wasm: bytes, limits: Limits = Limits()) -> GuestModule:  # noqa: B008 (frozen)
    """Return the module, the same one for the same bytes."""
    return GuestModule(wasm, limits)


class Calls:
    """A host that answers from a table and writes down all that it hears."""

    def __init__(self, replies: dict[str, bytes | bool] | None = None) -> None:
        self.replies = replies or {}
        self.heard: list[tuple[Any, ...]] = []
        self.dropped = 0
        self.refused = 0

    def answer(self, function: int, request: bytes, /) -> bytes | bool:
        """Answer from the table; what stands not there is an empty text or not done."""
        name = abi.HOST_FUNCTIONS[function]
        self.heard.append((name, request))
        return self.replies.get(name, False if name in abi.ANSWER_NUMBERS else b"")

    def outside(self, function: int, pointer: int, size: int, /) -> bytes | bool:
        """Answer that nothing was done."""
        name = abi.HOST_FUNCTIONS[function]
        self.heard.append(("outside", name, pointer, size))
        return False if name in abi.ANSWER_NUMBERS else b"outside"

    def log(self, level: bytes, message: bytes, size: int, /) -> None:
        """Write down a log line."""
        self.heard.append(("log", level, message, size))

    def log_outside(self, pointer: int, /) -> None:
        """Write down a log line that nobody can read."""
        self.heard.append(("log outside", pointer))

    def log_dropped(self, count: int, /) -> None:
        """Write down the notice of dropped lines."""
        self.heard.append(("dropped", count))

    def nested(self, count: int, /) -> None:
        """Count: the fast path tells several at once, after the entry."""
        self.refused += count

    def no_room(self, pointer: int, size: int, /) -> None:
        """Write down a reply that found no room."""
        self.heard.append(("no room", pointer, size))
