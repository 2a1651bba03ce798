"""Messages that are JSON and nearly right: members left out, of another type, twice, or odd."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    Make = Callable[[Random], Any]

_TEXTS = (
    *("", "a", "probe", "probe.run", "probe.x", "x", "1.0.0", "1.10", "log", "string", "null"),
    *("\0", "\x1b[31m", "\u202e", "\ud800", "\U0001f600", "::error::", "a" * 400, "é", "\n", ":"),
)
_NUMBERS = (0, -1, 1, 1.5, -0.0, 1e308, 2**53, 2**63, -(2**63), 2**64 - 1, 2**64, 10**30, 10**400)


def anything(rng: Random, depth: int = 0) -> Any:
    """Return a JSON value."""
    kind = rng.randrange(9 if depth < 6 else 5)
    if kind < 2:
        return rng.choice(_TEXTS)
    if kind == 2:
        return rng.choice(_NUMBERS)
    if kind < 5:
        return rng.choice((True, False, None))
    if kind < 7:
        return [anything(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(_TEXTS): anything(rng, depth + 1) for _ in range(rng.randrange(4))}


def _text(*likely: str) -> Make:
    return lambda rng: rng.choice(likely or _TEXTS)


def _flag(rng: Random) -> bool:
    return rng.random() < 0.5


def _object(**members: Make) -> Make:
    """Return what makes an object of these members, some of which are missing or wrong."""

    def make(rng: Random) -> Any:
        made = {}
        for name, member in members.items():
            luck = rng.random()
            if luck < 0.9:
                made[name] = member(rng) if luck > 0.08 else anything(rng, 3)
        if rng.random() < 0.1:
            made[rng.choice((*_TEXTS, "Success", "NAME"))] = anything(rng, 3)
        return made

    return make


def _maps(member: Make) -> Make:
    return lambda rng: {rng.choice(_TEXTS): member(rng) for _ in range(rng.randrange(3))}


_INPUTS = _maps(
    _object(
        type=_text("string", "int", "bool", "map", "any", "list", "decimal", "str"),
        required=_flag,
        default=anything,
        description=_text(),
    )
)
_SLOT = _object(
    name=lambda rng: f"probe.{rng.choice('abcdefgh')}{rng.randrange(100)}",
    description=_text(),
    example=anything,
    inputs=_INPUTS,
    outputs=_maps(anything),
)

RESPONSE = _object(success=_flag, data=_maps(anything), error=_text("e", "", "\x1b", "a" * 400))
METADATA = _object(
    name=_text("probe"),
    version=_text("1.0.0", "1.2.3-rc.1+b", "1.10", "v1.0.0"),
    author=_text("a"),
    description=_text(),
    config=_maps(_text()),
)


def slots(rng: Random) -> Any:
    """Return a slot list."""
    return [_SLOT(rng) for _ in range(rng.randrange(4))]


def written(make: Make, rng: Random) -> bytes:
    """Return a value as JSON: escaped or not, compact or not."""
    text = json.dumps(
        make(rng),
        ensure_ascii=rng.random() < 0.5,
        separators=rng.choice(((",", ":"), (", ", ": "), (" ,\n", "\t:"))),
    )
    return text.encode("utf-8", "surrogatepass")
