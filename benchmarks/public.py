"""The yardstick: a guest behind wasmtime-py's public API, as its documentation shows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from wasmtime import Caller, Engine, Func, Module, Store


class PublicGuest:
    """One instance of a compiled plugin; its host functions serve a scope, and drop log lines."""

    def __init__(self, engine: Engine, module: Module, scope: dict[str, Any] | None = None) -> None:
        from wasmtime import Instance, Linker, Store, WasiConfig

        self._scope = {} if scope is None else scope
        self._store = Store(engine)
        self._store.set_wasi(WasiConfig())
        linker = Linker(engine)
        linker.define_wasi()
        named = {found.name: found for found in module.imports if found.module == "env"}
        imports = [
            (found.module, found.name, _host_function(self._store, found.name, self._scope))
            for found in named.values()
        ]
        for place, name, function in imports:
            linker.define(self._store, place, name or "", function)
        instance: Instance = linker.instantiate(self._store, module)
        exports = instance.exports(self._store)
        self._memory = exports["memory"]
        self._alloc, self._execute = exports["alloc"], exports["plugin_execute"]
        self._init, self._register = exports["plugin_init"], exports["plugin_register_slots"]
        start = exports.get("_initialize")
        if start is not None:
            start(self._store)

    def ready(self) -> PublicGuest:
        """Return the guest after `plugin_init` and `plugin_register_slots`."""
        json.loads(self._text(self._init(self._store)))
        json.loads(self._text(self._register(self._store)))
        return self

    def call(self, slot: str, **parameters: Any) -> Any:
        """Call a slot: dict in, dict out."""
        name = slot.encode()
        request = json.dumps({"slot_name": slot, "parameters": parameters}).encode()
        start = self._execute(
            self._store, self._put(name), len(name), self._put(request), len(request)
        )
        return json.loads(self._text(start))

    def _put(self, data: bytes) -> int:
        pointer: int = self._alloc(self._store, len(data))
        self._memory.write(self._store, data, pointer)
        return pointer

    def _text(self, start: int) -> bytes:
        text = bytes(self._memory.read(self._store, start, start + 4096))
        return text[: text.index(0)]


def compiled(path: Path) -> tuple[Engine, Module]:
    """Return an engine and the plugin's module, compiled."""
    from wasmtime import Engine, Module

    engine = Engine()
    return engine, Module(engine, (path / "hello.wasm").read_bytes())


def _host_function(store: Store, name: str | None, scope: dict[str, Any]) -> Func:
    from wasmtime import Func, FuncType, ValType

    i32 = ValType.i32
    if name == "host_log":
        return Func(store, FuncType([i32()] * 4, []), lambda *_: None)

    def answer(caller: Caller, start: int, size: int) -> int:
        memory, alloc = caller["memory"], caller["alloc"]
        request = bytes(memory.read(caller, start, start + size))  # type: ignore[union-attr]
        if name == "host_scope_set":
            given = json.loads(request)
            scope[given["key"]] = given["value"]
            return 1
        found = scope.get(request.decode())
        reply = json.dumps({"success": True, "data": {"value": found}}).encode() + b"\0"
        pointer: int = alloc(caller, len(reply))  # type: ignore[operator,call-arg]
        memory.write(caller, reply, pointer)  # type: ignore[union-attr]
        return pointer

    return Func(store, FuncType([i32()] * 2, [i32()]), answer, access_caller=True)
