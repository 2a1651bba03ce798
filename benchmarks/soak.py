"""Whether a host stays as it is, however long it runs: memory, file handles, threads, files.

    python -m benchmarks.soak [--calls N] [--loads N] [--traps N] [--write docs/soak.md]

Four stretches: slot calls, slot calls that ask the host, plugins loaded and closed again, and traps
in a row, each of which ends an instance. After a warm-up the resident memory is sampled; a line is
laid through the samples, and what it climbs over the stretch is the growth. Ends with 1 when
something grows or is left behind.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.resident import MIB, growth, held, resident, temporary
from pytest_zeno import TrapError, ZenoHost
from pytest_zeno.host.ledger import KEPT_CALLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Step = Callable[[], object]

ROOT = Path(__file__).parent.parent
HELLO = ROOT / "fixtures" / "hello-c"

SAMPLES = 40
WARM_UP = 0.4
"""The part of a stretch that is not judged: caches, and what the host keeps of its calls, fill."""

BOUND = 2 * MIB
"""How much a stretch may seem to grow: what the allocator holds back goes up and down by less."""

ACCIDENTS = {"mappings": 16}
"""How many of a resource may come without a leak: the allocator maps memory as it sees fit."""

_TRAPPING = """(module (memory (export "memory") 2)
  (func (export "alloc") (param i32) (result i32) (i32.const 65536))
  (func (export "plugin_init") (result i32) (i32.const 1024))
  (func (export "plugin_register_slots") (result i32) (i32.const 2048))
  (func (export "plugin_execute") (param i32 i32 i32 i32) (result i32) (unreachable))
  (func (export "plugin_cleanup"))
  (data (i32.const 1024) "{\\22name\\22:\\22trap\\22,\\22version\\22:\\221.0.0\\22}\\00")
  (data (i32.const 2048) "[{\\22name\\22:\\22trap.now\\22}]\\00"))"""


@dataclass(frozen=True)
class Stretch:
    """One kind of step, how often, and what it left behind."""

    name: str
    steps: int
    start: int
    """Resident memory after the warm-up, in bytes."""
    end: int
    grown: int
    """What the line through the samples climbs, in bytes."""
    spread: int
    """How far the samples lie from one another, at most."""
    left: dict[str, int]
    """How much more there is of each kind of resource afterwards; none that is 0."""

    @property
    def flat(self) -> bool:
        """Whether nothing grows and nothing was left."""
        return self.grown <= BOUND and not self.left


def soak(name: str, steps: int, step: Step) -> Stretch:
    """Take a step so often, and measure."""
    batch = max(1, steps // SAMPLES)
    step()
    before, samples = held(), []
    for _ in range(SAMPLES):
        for _ in range(batch):
            step()
        gc.collect()
        samples.append(resident())
    judged = samples[int(SAMPLES * WARM_UP) :]
    return Stretch(
        name,
        batch * SAMPLES,
        judged[0],
        judged[-1],
        growth(judged),
        max(judged) - min(judged),
        _more(before, held()),
    )


def _more(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Return how much more there is of each resource, by what can be no accident."""
    more = {name: after[name] - before[name] for name in before}
    return {name: count for name, count in more.items() if count > ACCIDENTS.get(name, 0)}


def calling(host: ZenoHost) -> Step:
    """Return a slot call."""
    call = host.load(HELLO).call
    return lambda: call("hello.echo", value=1)


def asking(host: ZenoHost) -> Step:
    """Return a slot call that reads and writes the scope, once the host keeps all it ever will.

    It counts from where the numbers grow no longer: what is kept of them would, too.
    """
    call = host.load(HELLO).call
    host.scope["visits"] = 10**9
    while len(host.ledger) < KEPT_CALLS - 1:
        call("hello.count")
    return lambda: call("hello.count")


def loading(host: ZenoHost) -> Step:
    """Return the whole life of a plugin: loaded, called, closed."""

    def step() -> None:
        with host.load(HELLO) as plugin:
            plugin.call("hello.echo", value=1)

    return step


def trapping(host: ZenoHost) -> Step:
    """Return a call that traps, on a fresh instance each time."""
    from wasmtime import wat2wasm

    path = Path(tempfile.mkdtemp()) / "trap.wasm"
    path.write_bytes(wat2wasm(_TRAPPING))
    plugin = host.load(path)

    def step() -> None:
        try:
            plugin.call("trap.now")
        except TrapError:
            return
        raise AssertionError("the guest did not trap")

    return step


STRETCHES = {
    "slot calls": calling,
    "slot calls with host calls": asking,
    "loads and unloads": loading,
    "traps in a row": trapping,
}


def measure(sizes: Iterable[int]) -> Iterator[Stretch]:
    """Yield each stretch, with a host of its own, in a temporary folder that it may litter."""
    for (name, begin), steps in zip(STRETCHES.items(), sizes, strict=True):
        with ZenoHost() as host:
            yield soak(name, steps, begin(host))


def table(stretches: Iterable[Stretch]) -> str:
    """Return the measurements as Markdown."""
    lines = [
        "| stretch | steps | after warm-up | at the end | growth | spread | left behind | |",
        "|---|--:|--:|--:|--:|--:|---|---|",
    ]
    for one in stretches:
        left = ", ".join(f"{count} {name}" for name, count in one.left.items()) or "nothing"
        sizes = (one.start, one.end, one.grown, one.spread)
        cells = " | ".join(f"{size / MIB:.2f} MiB" for size in sizes)
        verdict = "flat" if one.flat else "GROWS"
        lines.append(f"| {one.name} | {one.steps:,} | {cells} | {left} | {verdict} |")
    return "\n".join(lines)


def page(measured: str) -> str:
    """Return docs/soak.md."""
    import platform
    from importlib.metadata import version

    where = f"CPython {platform.python_version()}, wasmtime {version('wasmtime')}, {sys.platform}"
    return f"""# Soak

What a host holds after running long, measured by `python -m benchmarks.soak`
({where}); this page is its output.

{measured}

Resident memory is sampled {SAMPLES} times in a stretch, and judged after the first \
{WARM_UP:.0%}: caches, and the
host calls and log lines that a host keeps, have to fill. *Growth* is what a line through the
samples (Theil-Sen) climbs; above {BOUND // MIB} MiB it is reported and the command ends with 1. \
*Spread* is the
distance between the largest and the smallest sample. *Left behind* counts what there is more of
than before the stretch: file handles, threads, temporary files, cached modules, and memory mappings
above {ACCIDENTS["mappings"]}, of which the allocator makes a few as it sees fit.
"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--calls", type=int, default=50_000, help="slot calls")
    parser.add_argument("--loads", type=int, default=500, help="loads and unloads")
    parser.add_argument("--traps", type=int, default=2_000, help="traps in a row")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write a page, too")
    return parser.parse_args()


def main() -> int:
    """Measure, print the table, and write the page when asked to."""
    asked = _arguments()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, temporary(folder):
        found = list(measure((asked.calls, asked.calls, asked.loads, asked.traps)))
    measured = table(found)
    print(measured)
    if asked.write:
        asked.write.write_text(page(measured), "utf-8")
    return 0 if all(one.flat for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
