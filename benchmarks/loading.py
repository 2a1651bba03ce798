"""What loading a plugin costs that was compiled before, and loading a hundred of them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING, Any

from benchmarks.guests import bench_plugin, hello
from benchmarks.ratio import Ratio
from benchmarks.rounds import ROUNDS, interleave
from pytest_zeno import Limits, ZenoHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BOUNDS = {"rust": 0.01, "go": 0.005}
PLUGINS = 100
PATIENT = Limits(compile_timeout=120)
SECONDS = 0.5
"""What loading so many plugins may take."""


def ratios(rounds: int = ROUNDS) -> Iterator[Ratio]:
    """Yield the ratio of each language's hello, and that of a hundred plugins to their time."""
    for language, most in BOUNDS.items():
        if not (hello(language) / "hello.wasm").exists():
            continue
        variants = {
            f"loading ({language}), compiled before": _load(hello(language)),
            "compiling it": _compile(hello(language)),
        }
        yield interleave(variants, rounds // 500).ratio(*variants, most=most)
    yield many(max(2, PLUGINS * rounds // ROUNDS))


def many(plugins: int) -> Ratio:
    """Return what loading so many different plugins takes, as a part of the time they have."""
    with TemporaryDirectory() as folder:
        paths = [bench_plugin(Path(folder), f"p{at:04}") for at in range(plugins)]
        seconds = min(_load_all(paths) for _ in range(3))  # the first of them compiles
    wanted = SECONDS * plugins / PLUGINS
    return Ratio(f"loading {plugins} plugins", f"{wanted:g} s", seconds / wanted, 1.0)


def _load_all(paths: list[Path]) -> float:
    begun = process_time()
    with ZenoHost() as host:
        for path in paths:
            host.load(path)
        return process_time() - begun


def _load(path: Path) -> Callable[[], Any]:
    def load() -> None:
        with ZenoHost(limits=PATIENT) as host:
            host.load(path)

    load()  # compiled, from here on
    return load


def _compile(path: Path) -> Callable[[], Any]:
    from wasmtime import Engine, Module

    wasm = (path / "hello.wasm").read_bytes()
    return lambda: Module(Engine(), wasm)
