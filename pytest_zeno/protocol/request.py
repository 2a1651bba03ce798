"""What the host sends to `plugin_execute` (ABI.md section 4, Request)."""

from __future__ import annotations

from math import isfinite
from typing import Any, Final

import msgspec

from pytest_zeno.text import quoted

write: Final = msgspec.json.Encoder().encode
"""Write a value that JSON can say."""

PLAIN: Final = frozenset((str, bool, type(None)))
"""What msgspec writes as it is, or refuses itself."""

LOWEST, HIGHEST = -(2**63), 2**64 - 1
"""The integers of the contract."""


class Request(msgspec.Struct, gc=False):
    """The request as msgspec writes it, faster than a dict."""

    slot_name: str
    parameters: dict[str, Any]


def encode_request(slot: str, parameters: dict[str, Any]) -> bytes:
    """Return the request's bytes.

    Raises ValueError for what JSON cannot say: NaN, integers beyond 64 bits, lone surrogates,
    values that are no JSON.
    """
    check_parameters(parameters)
    try:
        return write(Request(slot, parameters))
    except UnicodeEncodeError as error:
        raise ValueError(f"the parameters hold half a surrogate pair: {error.reason}") from None


def check_parameters(parameters: dict[str, Any]) -> None:
    """Raise ValueError for a parameter that JSON cannot say."""
    _check(parameters, "")


_LARGEST_FLOAT: Final = 1024
"""Bits of the first integer that is beyond every float."""


def _check(value: Any, where: str) -> None:
    """Refuse what msgspec would write as something else."""
    kind = value.__class__
    if kind is dict:
        for name, item in value.items():
            if not isinstance(name, str):
                raise _unfit(where, f"the key {name!r}; keys are text")
            _check(item, f"{where}.{name}" if where else name)
    elif kind is list or kind is tuple:
        for at, item in enumerate(value):
            _check(item, f"{where}[{at}]")
    elif kind is int or kind is float:
        _check_number(value, where)
    elif kind not in PLAIN:
        raise _unfit(where, f"{value!r}, which is no JSON value")


def _check_number(value: float, where: str) -> None:
    if isinstance(value, float) and not isfinite(value):
        raise _unfit(where, f"{value}; numbers are finite")
    if isinstance(value, int) and not LOWEST <= value <= HIGHEST:
        bits = value.bit_length()
        shown = f"{value:.6g}" if bits < _LARGEST_FLOAT else f"an integer of {bits} bits"
        raise _unfit(where, f"{shown}; integers go from -2^63 to 2^64 - 1")


def _unfit(where: str, what: str) -> ValueError:
    return ValueError(f"the parameter {quoted(where)} holds {what}")
