"""What one host call costs, permission and ledger included: the scope is asked for a key.

Beside it the same answer given by a callback of wasmtime-py's public API. A guest asks 100 times
in one call; a call that asks nothing is taken off both.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.guests import bench_plugin
from benchmarks.public import PublicGuest, compiled
from benchmarks.ratio import Ratio
from benchmarks.rounds import ROUNDS, interleave
from pytest_zeno import ZenoHost

if TYPE_CHECKING:
    from collections.abc import Iterator

SCOPE = {"bench": {"key": "a value"}}


def ratios(rounds: int = ROUNDS) -> Iterator[Ratio]:
    """Yield what a host call costs beside a public callback."""
    with TemporaryDirectory() as folder, ZenoHost(scope=SCOPE) as host:
        path = bench_plugin(Path(folder))
        ours = host.load(path).call
        public = PublicGuest(*compiled(path), {"bench.key": "a value"}).call
        found = interleave(
            {
                "ours": lambda: ours("bench.asks"),
                "ours, none": lambda: ours("bench.none"),
                "public": lambda: public("bench.asks"),
                "public, none": lambda: public("bench.none"),
            },
            rounds,
        )
    mine = found.least("ours") - found.least("ours, none")
    its = found.least("public") - found.least("public, none")
    yield Ratio("host call", "a callback of wasmtime-py's public API", mine / its, 0.02)
