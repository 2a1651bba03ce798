"""What one slot call costs beside the same call through other hosts: dict in, dict out.

The guest is the C hello's `hello.echo`, for Extism the same source behind Extism's ABI. What JSON
costs any plugin is told by a Python function that reads and writes the same messages; what the
guest itself takes of the Rust hello's `hello.greet`, which logs a line, by a loop inside
WebAssembly.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.guests import FOLDER, hello
from benchmarks.own_time import CALLS, loop_of
from benchmarks.public import PublicGuest, compiled
from benchmarks.rounds import ROUNDS, interleave
from pytest_zeno import ZenoHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.ratio import Ratio

SLOT = "hello.echo"
GREET = "hello.greet"


def ratios(rounds: int = ROUNDS) -> Iterator[Ratio]:
    """Yield what a call costs beside each of the others."""
    with ZenoHost() as host:
        call = host.load(hello("c")).call
        public = PublicGuest(*compiled(hello("c"))).call
        timings = interleave(
            {
                "slot call": lambda: call(SLOT, value=1),
                "wasmtime-py's public API": lambda: public(SLOT, value=1),
                "Extism's Python SDK": extism(),
                "a Python function with the same JSON": native(),
            },
            rounds,
        )
    yield timings.ratio("slot call", "wasmtime-py's public API", 0.02)
    yield timings.ratio("slot call", "Extism's Python SDK", 0.15)
    yield timings.ratio("slot call", "a Python function with the same JSON", 2.2)
    yield greeting(rounds)


def greeting(rounds: int) -> Ratio:
    """Return what the Rust hello's greeting costs beside the guest's own time."""
    request = b'{"slot_name":"hello.greet","parameters":{"name":"World"}}'
    with ZenoHost() as host:
        call = host.load(hello("rust")).call
        variants = {
            "Rust greeting with a log line": lambda: [
                call(GREET, name="World") for _ in range(CALLS)
            ],
            "the guest's own time": loop_of(hello("rust"), GREET.encode(), request),
        }
        return interleave(variants, rounds).ratio(*variants, most=5)


class _Request(msgspec.Struct):
    slot_name: str
    parameters: dict[str, Any]


class _Response(msgspec.Struct):
    success: bool
    data: dict[str, Any]


def native() -> Callable[[], Any]:
    """Return a call that writes and reads the same four messages and does nothing else."""
    write = msgspec.json.Encoder().encode
    read_request = msgspec.json.Decoder(_Request).decode
    read_response = msgspec.json.Decoder(_Response).decode

    def plugin(request: bytes) -> bytes:
        return write(_Response(success=True, data=read_request(request).parameters))

    def call(slot: str, **parameters: Any) -> _Response:
        return read_response(plugin(write(_Request(slot, parameters))))

    return lambda: call(SLOT, value=1)


def extism() -> Callable[[], Any]:
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
    wasm = (FOLDER / "extism_hello.wasm").read_bytes()
    plugin = sdk.Plugin({"wasm": [{"data": wasm}]}, functions=hosts)

    def call(**parameters: Any) -> Any:
        request = json.dumps({"slot_name": SLOT, "parameters": parameters})
        return plugin.call("echo", request, parse=lambda reply: json.loads(bytes(reply)))

    return lambda: call(value=1)
