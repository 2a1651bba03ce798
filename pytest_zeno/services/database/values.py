"""What a database answers, as JSON and within the limits (PERMISSIONS.md, database)."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.limits import MIB
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_ROWS: Final = 10_000
MOST_BYTES: Final = 8 * MIB
SECONDS: Final = 1.0
"""How long one statement may take, waiting for its turn included."""

_OVERHEAD: Final = 4
_LOWEST, _HIGHEST = -(2**63), 2**64 - 1  # what a reply may hold (PERMISSIONS.md, Replies)
_LARGEST: Final = 308
"""The decimal exponent above which a number is none for those who read floats."""


def collect(
    names: Sequence[str], sized: Iterable[tuple[Sequence[Any], int]], *, bounded: bool = True
) -> list[dict[str, Any]]:
    """Return rows as JSON objects; of columns that share a name the last one stands.

    Args:
        names: the columns.
        sized: each row's values, and how many bytes they have.
        bounded: whether the limits hold; they do not for the host's own statements.

    Raises Refused: ``limit_exceeded``, and ``encoding`` for what JSON cannot say.
    """
    rows: list[dict[str, Any]] = []
    left = MOST_BYTES
    head = sum(len(name) + _OVERHEAD for name in names)
    for values, size in sized:
        left -= head + size
        if bounded and len(rows) == MOST_ROWS:
            raise Refused("limit_exceeded", "database.rows", f"more than {MOST_ROWS} rows")
        if bounded and left < 0:
            raise Refused("limit_exceeded", "database.size", f"more than {MOST_BYTES} bytes")
        rows.append({name: _json(value, name) for name, value in zip(names, values, strict=True)})
    return rows


def _json(value: Any, column: str) -> Any:
    """Return a value as JSON has it; numbers keep every digit, and nothing is repaired."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, bytes | str):
        return _text(value, column)
    if isinstance(value, int | float | Decimal):
        return _number(value, column)
    if isinstance(value, list):
        return [_json(item, column) for item in value]
    if isinstance(value, dict):
        return {_text(name, column): _json(item, column) for name, item in value.items()}
    raise _unsaid(column, f"a {type(value).__name__}; cast it to text")


def _text(value: bytes | str, column: str) -> str:
    try:
        if isinstance(value, bytes):
            return value.decode()
        value.encode()
    except UnicodeError:
        raise _unsaid(column, "what is no text") from None
    return value


def _number(value: float | Decimal, column: str) -> float | Decimal:
    if isinstance(value, int):
        fits = _LOWEST <= value <= _HIGHEST
    elif isinstance(value, float):
        fits = isfinite(value)
    else:
        fits = value.is_finite() and abs(value.adjusted()) <= _LARGEST
    if not fits:
        raise _unsaid(column, "what is no finite number")
    return value


def _unsaid(column: str, what: str) -> Refused:
    return Refused("encoding", "database.encoding", f"the column {quoted(column)} holds {what}")
