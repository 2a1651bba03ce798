"""What a process of its own costs a plugin: for a call, for an instance, and to start.

python -m benchmarks --only isolation
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.guests import hello
from benchmarks.rounds import ROUNDS, Timings, interleave
from pytest_zeno import ZenoHost
from pytest_zeno.host.guest import Guest, new_worker
from pytest_zeno.host.services import Services
from pytest_zeno.isolation.process import Process
from pytest_zeno.limits import Limits
from pytest_zeno.manifest.grants import Grants
from pytest_zeno.runtime.module import GuestModule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.ratio import Ratio
    from pytest_zeno.isolation.worker import Worker

SLOT = "hello.echo"


def ratios(rounds: int = ROUNDS) -> Iterator[Ratio]:
    """Yield what isolation costs beside the same without it."""
    yield call(rounds)
    yield instance(rounds // 4)
    yield start(max(2, rounds // 100))


def call(rounds: int) -> Ratio:
    """Return the ratio of a slot call there to one here."""
    with ZenoHost(isolate=True) as there, ZenoHost() as here:
        isolated, near = there.load(hello("c")).call, here.load(hello("c")).call
        variants = {
            "slot call, isolated": lambda: isolated(SLOT, value=1),
            "slot call": lambda: near(SLOT, value=1),
        }
        return interleave(variants, rounds).ratio(*variants, most=50)


def instance(rounds: int) -> Ratio:
    """Return the ratio of a fresh instance, ready for calls, there to one here."""
    worker = new_worker()
    try:
        variants = {
            "fresh instance, isolated": _fresh(worker),
            "fresh instance": _fresh(None),
        }
        return interleave(variants, rounds).ratio(*variants, most=20)
    finally:
        worker.close()


def start(rounds: int) -> Ratio:
    """Return the ratio of a process that starts and ends to a fresh instance here.

    Each is timed singly: batches of what takes this long would be long ones.
    """
    variants = {"starting a process for a plugin": _start, "fresh instance": _fresh(None)}
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, run in variants.items():
            begun = perf_counter()
            run()
            times[name].append((perf_counter() - begun) * 1e6)
    return Timings(times).ratio(*variants, most=5_000)


def _fresh(worker: Worker | None) -> Callable[[], Any]:
    limits = Limits()
    module = GuestModule((hello("c") / "hello.wasm").read_bytes(), limits)
    parts: dict[str, Any] = {"grants": Grants(), "services": Services(), "limits": limits}
    return lambda: Guest(module, worker=worker, **parts).ready().close()


def _start() -> None:
    process = Process()
    process.await_ready()
    process.end()
