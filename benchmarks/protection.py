"""What protection costs: calls and work with limits, beside the same without.

    python -m benchmarks.protection

A host without a time limit is not to be had: the one here is made by hand, of an engine that does
not look at the clock. Work is a loop of a few instructions, where each look costs most.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from benchmarks import page
from benchmarks.guests import hello
from benchmarks.ratio import Ratio
from benchmarks.rounds import ROUNDS, interleave
from pytest_zeno import LimitError, Limits, ZenoHost
from pytest_zeno.limits import KIB
from pytest_zeno.runtime import compiler, engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wasmtime import Config

    from pytest_zeno.host import Plugin

    Call = Callable[[], Any]

SLOT = "hello.echo"
DEADLINE, LATE = 0.05, 0.010
"""Seconds of a loop's time limit, and how far behind it the loop may end."""
TRIES = 20

WORK = """(module (func (export "work") (param i32) (result i32) (local i32)
  (loop $again
    (local.set 1 (i32.xor (i32.mul (local.get 1) (i32.const 31)) (local.get 0)))
    (local.set 1 (i32.rotl (local.get 1) (i32.const 5)))
    (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
  (local.get 1)))"""

LOOP = r"""(module (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 8))
  (func (export "plugin_init") (result i32) (i32.const 1024))
  (func (export "plugin_register_slots") (result i32) (i32.const 2048))
  (func (export "plugin_execute") (param i32 i32 i32 i32) (result i32) (loop (br 0)) (unreachable))
  (func (export "plugin_cleanup"))
  (data (i32.const 1024) "{\"name\":\"spin\",\"version\":\"1.0.0\"}\00")
  (data (i32.const 2048) "[{\"name\":\"spin.run\"}]\00"))"""


def ratios(rounds: int = ROUNDS) -> Iterator[Ratio]:
    """Yield what calls and work cost with protection, and how late a loop is ended."""
    with ExitStack() as stack:
        plain = _call(stack, {"stack": 256 * KIB + 64}, timed=False)
        usual, fueled = _call(stack, {}), _call(stack, {"fuel": 10**9})
        calls = {
            "slot call without a time limit": plain,
            "slot call": usual,
            "with a fuel limit": fueled,
            "on one of two instances": _call(stack, {}, instances=2),
            "on a fresh instance": _fresh(stack),
        }
        timings = interleave(calls, rounds // 4)
        yield timings.ratio("slot call", "slot call without a time limit", 1.10)
        for name, most in zip(list(calls)[2:], (100, 3, 400), strict=True):
            yield timings.ratio(name, "slot call", most)
    work = {
        "work": _work(),
        "work with epochs": _work(epochs=True),
        "work with fuel": _work(fuel=True),
        "work with store limits": _work(limits=True),
    }
    timings = interleave(work, rounds // 4)
    for name, most in zip(list(work)[1:], (2, 3, 1.2), strict=True):
        yield timings.ratio(name, "work", most)
    yield Ratio("a loop's end behind its deadline", "10 ms", _overshoot() / LATE, 1)


def _call(
    stack: ExitStack, limits: dict[str, Any], *, timed: bool = True, instances: int = 1
) -> Call:
    host = stack.enter_context(ZenoHost(limits=limits))
    if not timed:
        stack.enter_context(_no_clock())
    plugin = host.load(hello("c"), instances=instances)
    return lambda: plugin.call(SLOT, value=1)


def _fresh(stack: ExitStack) -> Call:
    """Return a call on an instance of its own, as the call behind a trap is."""
    plugin = stack.enter_context(ZenoHost()).load(hello("c"))

    def call() -> None:
        with plugin._renew() as guest:  # noqa: SLF001 (no public way, and none wanted)
            guest.call(SLOT, {"value": 1})

    return call


@contextmanager
def _no_clock() -> Iterator[None]:
    """Have engines that are made inside look at no clock; what they compile is kept apart."""
    usual = engine.running_config

    def running_config(options: engine.EngineOptions) -> Config:
        config = usual(options)
        if options.stack != Limits().stack:
            config.epoch_interruption = False
        return config

    def compile_here(
        wasm: bytes, target: Path, options: engine.EngineOptions, _limits: Limits
    ) -> None:
        from wasmtime import Module

        target.write_bytes(Module(engine.running_engine(options), wasm).serialize())

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(patch.object(engine, "running_config", running_config))
        stack.enter_context(patch.object(compiler, "compile_to", compile_here))
        stack.enter_context(patch.dict("os.environ", {"ZENO_CACHE_DIR": folder}))
        yield


def _work(*, epochs: bool = False, fuel: bool = False, limits: bool = False) -> Call:
    """Return work in a bare engine, with the protection that is asked for."""
    from wasmtime import Config, Engine, Instance, Module, Store, wat2wasm

    config = Config()
    config.epoch_interruption = epochs
    config.consume_fuel = fuel
    store = Store(Engine(config))
    if epochs:
        store.set_epoch_deadline(2**60)
    if fuel:
        store.set_fuel(2**62)
    if limits:
        store.set_limits(memory_size=Limits().memory, table_elements=Limits().table_elements)
    module = Module(store.engine, wat2wasm(WORK))
    work = Instance(store, module, []).exports(store)["work"]
    return lambda: work(store, 20_000)


def _overshoot() -> float:
    """Return by how many seconds a loop outlives its deadline, at the best of `TRIES`."""
    from wasmtime import wat2wasm

    with tempfile.TemporaryDirectory() as folder, ZenoHost(limits={"timeout": DEADLINE}) as host:
        module = Path(folder) / "loop.wasm"
        module.write_bytes(wat2wasm(LOOP))
        plugin = host.load(module)
        return min(_late(plugin) for _ in range(TRIES))


def _late(plugin: Plugin) -> float:
    plugin._living("execute", "spin.run")  # noqa: SLF001 (a fresh instance is not part of it)
    started = perf_counter()
    try:
        plugin.call("spin.run")
    except LimitError:
        return perf_counter() - started - DEADLINE
    raise AssertionError("the loop came to an end")


if __name__ == "__main__":
    print(page.HEAD)
    for ratio in ratios():
        print(page.line(ratio))
