"""What a fresh instance and its first call cost: after each failure, and for each example.

Beginning, `plugin_init`, `plugin_register_slots`, one call and the end, beside the same through
wasmtime-py's public API. Both have compiled code at hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.guests import hello
from benchmarks.public import PublicGuest, compiled
from benchmarks.rounds import ROUNDS, interleave
from pytest_zeno.evidence.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.ratio import Ratio

BOUNDS = {"c": 0.2, "rust": 0.35}


def ratios(rounds: int = ROUNDS) -> Iterator[Ratio]:
    """Yield the ratio of each language's hello."""
    for language, most in BOUNDS.items():
        variants = {
            f"fresh instance and a call ({language})": ours(language),
            "the same through wasmtime-py's public API": public(language),
        }
        yield interleave(variants, rounds // 4).ratio(*variants, most=most)


def ours(language: str) -> Callable[[], Any]:
    """Return the life of one guest, as the rules see it."""
    subject = Subject(hello(language))

    def live() -> Any:
        with subject.guest() as guest:
            return guest.call("hello.echo", {"value": 1})

    return live


def public(language: str) -> Callable[[], Any]:
    """Return the same life through the public API."""
    parts = compiled(hello(language))
    return lambda: PublicGuest(*parts).ready().call("hello.echo", value=1)
