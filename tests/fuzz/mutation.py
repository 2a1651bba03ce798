"""Bytes from other bytes: the damage that finds what a reader did not expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    Mutation = Callable[[bytes, Random], bytes]

T = TypeVar("T")
_LONGEST = 64 * 1024


def mutated(data: bytes, rng: Random, tokens: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    """Return `data` after a few mutations; `tokens` mean something, `others` may be spliced in."""
    mutations: tuple[Mutation, ...] = (
        _flipped,
        _other_byte,
        _without,
        _cut,
        _twice,
        lambda data, rng: _inserted(data, rng, rng.choice(tokens)),
        lambda data, rng: _inserted(data, rng, rng.choice(tokens)),
        lambda data, rng: _replaced(data, rng, rng.choice(tokens)),
        lambda data, rng: _spliced(data, rng.choice(others), rng),
    )
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        data = rng.choice(mutations)(data, rng)
    return data[:_LONGEST]


def _at(data: bytes, rng: Random) -> int:
    return rng.randrange(len(data) + 1)


def _span(data: bytes, rng: Random) -> tuple[int, int]:
    start = _at(data, rng)
    return start, min(len(data), start + rng.choice((1, 2, 4, 16, 64)))


def _flipped(data: bytes, rng: Random) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _other_byte(data: bytes, rng: Random) -> bytes:
    at = _at(data, rng)
    return data[:at] + rng.randbytes(1) + data[at + 1 :]


def _without(data: bytes, rng: Random) -> bytes:
    start, end = _span(data, rng)
    return data[:start] + data[end:]


def _cut(data: bytes, rng: Random) -> bytes:
    return data[: _at(data, rng)]


def _twice(data: bytes, rng: Random) -> bytes:
    start, end = _span(data, rng)
    return data[:end] + data[start:end] * rng.choice((1, 1, 2, 50)) + data[end:]


def _inserted(data: bytes, rng: Random, token: bytes) -> bytes:
    at = _at(data, rng)
    return data[:at] + token * rng.choice((1, 1, 1, 2, 100)) + data[at:]


def _replaced(data: bytes, rng: Random, token: bytes) -> bytes:
    start, end = _span(data, rng)
    return data[:start] + token + data[end:]


def _spliced(data: bytes, other: bytes, rng: Random) -> bytes:
    return data[: _at(data, rng)] + other[_at(other, rng) :]
