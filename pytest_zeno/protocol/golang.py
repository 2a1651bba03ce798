"""JSON as Go's encoding/json writes and reads it: what the reference host makes of messages.

ABI.md section 9, request and response. Writing sorts keys and escapes what HTML would trip over;
reading forgives what the contract refuses, and has every number for a float64.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any, Final

from pytest_zeno.errors import ProtocolError
from pytest_zeno.protocol.response import Response

_ESCAPED: Final = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})
_NO_CHARACTER: Final = re.compile("[\ud800-\udfff]")
_LARGE, _SMALL = 1e21, 1e-6

Shape = Any
"""A type, a dict of members, ``[shape]`` for a list, ``{"*": shape}`` for a map."""

RESPONSE: Final[Shape] = {"success": bool, "data": {"*": object}, "error": str}


def write_request(slot: str, parameters: dict[str, Any]) -> bytes:
    """Return a request as the reference host writes it."""
    return f'{{"slot_name":{_text(slot)},"parameters":{_written(parameters)}}}'.encode()


def read_response(text: bytes) -> Response:
    """Return what the reference host takes a response for; a missing `success` is a failure.

    Raises ProtocolError (``protocol.json``) for what it cannot read either.
    """
    said = read(text, RESPONSE) or {}
    return Response(said.get("success") or False, said.get("data"), said.get("error") or "")


def read(text: bytes, shape: Shape) -> Any:
    """Return the value in `text` as far as Go would put it into a struct of this shape.

    Raises ProtocolError (``protocol.json``).
    """
    decoded = _NO_CHARACTER.sub("\ufffd", text.decode("utf-8", "surrogateescape"))
    try:
        value = json.loads(
            decoded, parse_int=_number, parse_float=_number, parse_constant=_refused,
            object_pairs_hook=_Pairs,
        )  # fmt: skip
        return _fitted(value, shape)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"Go reads no JSON there: {error}", code="protocol.json") from None


# -- writing -----------------------------------------------------------------------------------


def _written(value: Any) -> str:
    if isinstance(value, dict):
        members = (f"{_text(name)}:{_written(value[name])}" for name in sorted(value))
        return f"{{{','.join(members)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return _text(value) if isinstance(value, str) else _digits(float(value))


def _text(text: str) -> str:
    clean = _NO_CHARACTER.sub("\ufffd", text)
    return json.dumps(clean, ensure_ascii=False).translate(_ESCAPED)


def _digits(number: float) -> str:
    """Write a float64 as encoding/json does: an exponent from 1e21 on, and below 1e-6."""
    if number == 0:
        return "-0" if math.copysign(1, number) < 0 else "0"
    if _SMALL <= abs(number) < _LARGE:
        digits = format(Decimal(repr(number)), "f")
        return digits.removesuffix(".0")
    return re.sub(r"e([+-])0*", r"e\1", repr(number))


# -- reading -----------------------------------------------------------------------------------


class _Pairs(list[tuple[str, Any]]):
    """An object's members in order, as they came."""


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits} is no float64")
    return number


def _refused(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _fitted(value: Any, shape: Shape) -> Any:
    """Return a value in a shape; null fits all, and leaves it empty."""
    if value is None or shape is object:
        return _plain(value)
    if isinstance(shape, list) and type(value) is list:
        return [_fitted(item, shape[0]) for item in value]
    if isinstance(shape, dict) and isinstance(value, _Pairs):
        return _members(value, shape)
    if isinstance(shape, type) and type(value) is shape:
        return _plain(value)
    raise ValueError(f"a {type(value).__name__} stands where none can")


def _members(pairs: _Pairs, shape: dict[str, Shape]) -> dict[str, Any]:
    """Return an object's members: the last one counts, and of two maps both do."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        name = key if "*" in shape or key in shape else key.lower()
        if name not in shape and "*" not in shape:
            continue
        fitted = _fitted(value, shape.get(name, shape.get("*")))
        before = found.get(name)
        merged = isinstance(shape.get(name), dict) and isinstance(before, dict) and fitted
        found[_plain(name)] = before | fitted if merged else fitted
    return found


def _plain(value: Any) -> Any:
    """Return a value without what is no character."""
    if isinstance(value, _Pairs):
        return {_plain(name): _plain(item) for name, item in value}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return _NO_CHARACTER.sub("\ufffd", value) if isinstance(value, str) else value
