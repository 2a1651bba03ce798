"""What the host sends to `plugin_execute` (ABI.md section 4, Request)."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pytest_zeno.protocol.strict import check_integers
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

_encode: Final = msgspec.json.Encoder().encode
_HARMLESS: Final = frozenset((str, bool, int, type(None)))
"""What msgspec writes as it is, or refuses itself."""


def encode_request(slot: str, parameters: Mapping[str, Any]) -> bytes:
    """Return the request's bytes.

    Raises ValueError for what JSON cannot say: NaN, integers beyond 64 bits, lone surrogates,
    values that are no JSON.
    """
    for name, value in parameters.items():
        if value.__class__ not in _HARMLESS:
            _check(value, name)
    try:
        check_integers(parameters)
        return _encode({"slot_name": slot, "parameters": parameters})
    except UnicodeEncodeError as error:
        raise ValueError(f"the parameters hold half a surrogate pair: {error.reason}") from None
    except OverflowError:
        raise ValueError("integers go from -2^63 to 2^64 - 1; send larger ones as text") from None


def _check(value: Any, where: str) -> None:
    """Refuse what msgspec would write as something else."""
    kind = value.__class__
    if kind is dict:
        for name, item in value.items():
            if not isinstance(name, str):
                raise _unfit(where, f"the key {name!r}; keys are text")
            _check(item, f"{where}.{name}")
    elif kind is list or kind is tuple:
        for at, item in enumerate(value):
            _check(item, f"{where}[{at}]")
    elif kind is float:
        if not isfinite(value):
            raise _unfit(where, f"{value}; numbers are finite")
    elif kind not in _HARMLESS:
        raise _unfit(where, f"{value!r}, which is no JSON value")


def _unfit(where: str, what: str) -> ValueError:
    return ValueError(f"the parameter {quoted(where)} holds {what}")
