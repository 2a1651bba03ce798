"""How a call grows with what it carries, 64 bytes to 16 MB there and back.

A guest answers with the request itself, so that only what carries it is measured: into the guest,
the search for the end, out again. Beside it one copy of so many bytes.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.guests import bench_plugin
from benchmarks.rounds import ROUNDS, interleave
from pytest_zeno.evidence.subject import Subject
from pytest_zeno.limits import KIB, MIB, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.ratio import Ratio

LARGE = {MIB: 4.5, 15 * MIB: 4.0}
"""The most that an echo of so many bytes may cost, in copies of them; 16 MB, less what the
contract's limit on a request leaves out."""


def ratios(rounds: int = ROUNDS) -> Iterator[Ratio]:
    """Yield a short call's ratio and those of large ones."""
    limits = Limits(reply=64 * MIB)
    with TemporaryDirectory() as folder:
        subject = Subject(bench_plugin(Path(folder)), limits=limits)
        with subject.guest() as guest:
            execute = guest.instance.execute
            variants = {"call with 1 KB": _echo(execute, KIB), "with 64 bytes": _echo(execute, 64)}
            yield interleave(variants, rounds).ratio(*variants, most=1.3)
            for size, most in LARGE.items():
                variants = {
                    f"echo of {size / 1e6:.0f} MB": _echo(execute, size),
                    "copying that": _copy(size),
                }
                some = rounds * 256 * KIB // size
                yield interleave(variants, some).ratio(*variants, most=most)


def _echo(execute: Callable[[bytes, bytes], bytes], size: int) -> Callable[[], Any]:
    name, request = b"bench.echo", b"x" * size
    return lambda: execute(name, request)


def _copy(size: int) -> Callable[[], Any]:
    source, target = memoryview(bytes(b"x" * size)), memoryview(bytearray(size))

    def copy() -> None:
        target[:] = source

    return copy
