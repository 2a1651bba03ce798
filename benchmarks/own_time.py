"""What a guest takes of a call's time itself: called in a loop that never leaves WebAssembly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.guests import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CALLS = 50
"""Calls of one loop: entering it costs a small part of that."""


def loop_of(path: Path, slot: bytes, request: bytes) -> Callable[[], None]:
    """Return what calls a slot `CALLS` times; its host functions do nothing."""
    from wasmtime import Engine, Instance, Module, Store

    engine = Engine()
    store = Store(engine)
    stubs = Instance(store, Module(engine, _text("stubs")), []).exports(store)
    module = Module(engine, (path / "hello.wasm").read_bytes())
    guest = Instance(store, module, [stubs[one.name] for one in module.imports]).exports(store)
    parts = [guest[name] for name in ("memory", "alloc", "plugin_execute")]
    run = Instance(store, Module(engine, _text("drive")), parts).exports(store)["run"]
    memory = parts[0]
    # Behind what the guest takes for itself: its allocator knows nothing of this page.
    at = memory.data_len(store)
    memory.grow(store, 1)
    memory.write(store, slot + request, at)
    places = at, len(slot), at + len(slot), len(request)
    return lambda: run(store, *places, CALLS)


def _text(name: str) -> str:
    return (FOLDER / f"{name}.wat").read_text("utf-8")
