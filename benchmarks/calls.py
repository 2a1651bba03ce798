"""What one slot call costs beside the same call through other hosts: dict in, dict out.

    python -m benchmarks.calls [--check]

The guest is the C hello's `hello.echo`, for Extism the same source behind Extism's ABI. ``--check``
ends with 1 when a ratio of minima is above its bound.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.rounds import interleave
from pytest_zeno import ZenoHost

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[[], Any]

ROOT = Path(__file__).parent.parent
HELLO = ROOT / "fixtures" / "hello-c"
EXTISM_HELLO = ROOT / "benchmarks" / "guests" / "extism_hello.wasm"

BOUNDS = {"plain wasmtime-py": 0.03, "Extism": 0.15}
"""The most that a call may cost, as a part of the other's minimum."""

SLOT = "hello.echo"


def ours(host: ZenoHost) -> Call:
    """Return the call through pytest-zeno's host."""
    call = host.load(HELLO).call
    return lambda: call(SLOT, value=1)


def plain_wasmtime() -> Call:
    """Return the call through wasmtime-py's public API, as its documentation shows it."""
    from wasmtime import Engine, Func, FuncType, Instance, Module, Store, ValType

    i32 = ValType.i32
    store = Store(Engine())
    module = Module(store.engine, (HELLO / "hello.wasm").read_bytes())
    log = Func(store, FuncType([i32()] * 4, []), lambda *_: None)
    scope = Func(store, FuncType([i32()] * 2, [i32()]), lambda *_: 0)
    imports = [log if found.name == "host_log" else scope for found in module.imports]
    exports = Instance(store, module, imports).exports(store)
    memory, alloc, execute = (exports[name] for name in ("memory", "alloc", "plugin_execute"))
    name = SLOT.encode()

    def put(data: bytes) -> int:
        pointer: int = alloc(store, len(data))
        memory.write(store, data, pointer)
        return pointer

    def call(**parameters: Any) -> Any:
        request = json.dumps({"slot_name": SLOT, "parameters": parameters}).encode()
        start = execute(store, put(name), len(name), put(request), len(request))
        text = bytes(memory.read(store, start, start + 4096))
        return json.loads(text[: text.index(0)])

    return lambda: call(value=1)


def extism() -> Call:
    """Return the call through Extism's Python SDK."""
    import extism as sdk

    i32 = sdk.ValType.I32
    hosts = [
        sdk.host_fn(name=name, namespace="env", signature=signature)(lambda *_: None)
        for name, signature in (
            ("host_log", ([i32] * 4, [])),
            ("host_scope_get", ([i32] * 2, [i32])),
            ("host_scope_set", ([i32] * 2, [i32])),
        )
    ]
    plugin = sdk.Plugin({"wasm": [{"data": EXTISM_HELLO.read_bytes()}]}, functions=hosts)

    def call(**parameters: Any) -> Any:
        request = json.dumps({"slot_name": SLOT, "parameters": parameters})
        return plugin.call("echo", request, parse=lambda reply: json.loads(bytes(reply)))

    return lambda: call(value=1)


def main() -> int:
    """Measure, print the table, and check the bounds when asked to."""
    with ZenoHost() as host:
        variants = {
            "pytest-zeno": ours(host),
            "plain wasmtime-py": plain_wasmtime(),
            "Extism": extism(),
        }
        timings = interleave(variants)
    mine = timings["pytest-zeno"].least
    print(f"{'slot call':<20}{'least us':>10}{'median us':>12}{'ours/its':>10}{'bound':>8}")
    over = []
    for name, timing in timings.items():
        ratio, bound = mine / timing.least, BOUNDS.get(name)
        limit = f"{bound:.2f}" if bound else ""
        print(f"{name:<20}{timing.least:>10.2f}{timing.median:>12.2f}{ratio:>10.3f}{limit:>8}")
        if bound and ratio > bound:
            over.append(name)
    for name in over:
        print(f"above the bound: {name}", file=sys.stderr)
    return 1 if over and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
