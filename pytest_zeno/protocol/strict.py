"""Strict JSON, as the contract wants it (ABI.md section 4; PERMISSIONS.md, Replies).

msgspec parses; it is strict about UTF-8, numbers and surrogates, but keeps the last of duplicate
keys and knows no limit of depth, nodes or integers. A text that is written again byte for byte has
no duplicates; of any other one walk over the result tells. Only what looks wrong is read again by
the slow decoder that can say why.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

import msgspec

from pytest_zeno.errors import Excerpt, LimitError, ProtocolError
from pytest_zeno.limits import Limits, exceeded
from pytest_zeno.text import quoted, visible_bytes

_parse: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode

check_integers: Final = msgspec.msgpack.Encoder().encode
"""Raises OverflowError for integers outside of -2^63 to 2^64 - 1: MessagePack has just these."""

_DEFAULTS: Final = Limits()
_LOWEST, _HIGHEST = -(2**63), 2**64 - 1
_AROUND: Final = 40
_ESCAPED_COLON: Final = b"\\u003"

_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_TO_BRACKETS: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def decode(data: bytes, limits: Limits = _DEFAULTS) -> Any:
    """Return the JSON value of `data`.

    Raises ProtocolError (``protocol.utf8``, ``protocol.bom``, ``protocol.json``,
    ``protocol.duplicate_key``, ``protocol.number``, ``protocol.surrogate``) or LimitError
    (``limit.json_depth``, ``limit.json_nodes``).
    """
    measure(data, limits)
    try:
        value = _parse(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _explain(data, error, limits)
    if _encode(value) == data and within(data, limits):
        try:
            check_integers(value)
        except OverflowError:
            pass  # the walk says which
        else:
            return value
    walk = _Walk(limits)
    members = walk.members(value, 0)
    # Without duplicate keys each colon is a member's or stands in a string.
    if members != data.count(b":") or (b"\\" in data and _ESCAPED_COLON in data):
        _refuse_duplicates(data)
    return value


def within(data: bytes, limits: Limits) -> bool:
    """Whether valid JSON is surely within the limits of depth and nodes, judged by its bytes."""
    if len(data) <= 2 * min(limits.json_depth, limits.json_nodes):
        return True  # a level takes two brackets, a node one byte and a comma
    return (
        data.count(b"{") + data.count(b"[") <= limits.json_depth
        and data.count(b",") + data.count(b"{") + data.count(b"[") <= limits.json_nodes
    )


def measure(data: bytes, limits: Limits) -> None:
    """Refuse what is too deep or too much before a parser spends stack and memory on it.

    Raises LimitError (``limit.json_depth``, ``limit.json_nodes``). PERMISSIONS.md, Replies.
    """
    if within(data, limits):
        return
    if max(_sizes(data)) > min(limits.json_nodes, limits.json_depth):
        data = _STRING.sub(b"", data)
    commas, openings = _sizes(data)
    if max(commas, openings - 1) > limits.json_nodes:
        raise _too_many(limits.json_nodes)
    if openings > limits.json_depth:
        brackets = data.translate(_TO_BRACKETS, _NO_BRACKETS)
        for _ in range(limits.json_depth):  # each turn takes the innermost level away
            brackets = brackets.replace(b"[]", b"")
        if brackets:
            _refuse_brackets(brackets, limits)


def _sizes(data: bytes) -> tuple[int, int]:
    return data.count(b","), data.count(b"[") + data.count(b"{")


def _refuse_brackets(left: bytes, limits: Limits) -> None:
    """Tell what is too deep from what does not close, which the parser can say better."""
    if left.count(b"[") > limits.json_depth or b"[]" in left:
        raise _too_deep(limits.json_depth)


class _Walk:
    """Counts what msgspec does not: nodes, depth, and colons that are accounted for."""

    __slots__ = ("depth", "left", "nodes")

    def __init__(self, limits: Limits) -> None:
        self.depth = limits.json_depth
        self.nodes = self.left = limits.json_nodes

    def members(self, value: Any, depth: int) -> int:
        """Return how many colons the value's text needs; raises on what is out of bounds."""
        kind = value.__class__
        if kind is str:
            found: int = value.count(":")
            return found
        if kind is dict:
            self._enter(len(value), depth)
            found = len(value)
            for key, item in value.items():
                found += key.count(":") + self.members(item, depth + 1)
            return found
        if kind is list:
            self._enter(len(value), depth)
            found = 0
            for item in value:
                found += self.members(item, depth + 1)
            return found
        if kind is int and not _LOWEST <= value <= _HIGHEST:
            raise _wrong_number(_digits(str(value)))
        return 0

    def _enter(self, size: int, depth: int) -> None:
        self.left -= size
        if self.left < 0:
            raise _too_many(self.nodes)
        if depth >= self.depth:
            raise _too_deep(self.depth)


def _too_many(limit: int) -> LimitError:
    text = f"the JSON has more than {limit} values"
    return exceeded("json_nodes", text, "answer with fewer", allowed=limit)


def _too_deep(limit: int) -> LimitError:
    text = f"the JSON is nested deeper than {limit} levels"
    return exceeded("json_depth", text, "answer with less depth", allowed=limit)


def _wrong_number(text: str) -> ProtocolError:
    error = ProtocolError(
        f"the number {text} is out of range",
        code="protocol.number",
        hint="integers from -2^63 to 2^64 - 1 and finite floats; send larger ones as text",
    )
    error.observed = text
    return error


# -- the slow decoder: why a text is refused -----------------------------------------------------


def _refuse_duplicates(data: bytes) -> None:
    """Raise when a member name stands twice in one object; the text is valid JSON."""
    json.loads(data.decode(), object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        error = ProtocolError(
            f"the member {quoted(twice)} stands twice in one object",
            code="protocol.duplicate_key",
            hint="which one wins differs from parser to parser; write each member once",
        )
        error.observed = quoted(twice)
        raise error
    return found


def _explain(data: bytes, refusal: Exception, limits: Limits) -> NoReturn:
    """Raise the error that says what is wrong with a text that msgspec refuses."""
    if isinstance(refusal, RecursionError):
        raise _too_deep(limits.json_depth)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        _refuse("utf8", f"byte 0x{data[error.start]:02x} is not UTF-8", data, error.start)
    if text.startswith("\ufeff"):
        _refuse("bom", "the text starts with a byte order mark", data, 0)
    if not text.strip(" \t\r\n"):
        _refuse("json", "the text is empty, JSON is expected", data, 0)
    try:
        value = json.loads(text, parse_constant=_constant, parse_float=_float, parse_int=_integer)
    except json.JSONDecodeError as error:
        _refuse("json", f"not JSON: {error.msg}", data, len(text[: error.pos].encode()))
    except RecursionError:
        raise _too_deep(limits.json_depth) from None
    surrogate = re.search("[\ud800-\udfff]", json.dumps(value, ensure_ascii=False))
    if surrogate:
        _refuse("surrogate", f"\\u{ord(surrogate[0]):04x} is half of a pair", data, 0)
    _refuse("json", f"not JSON: {refusal}", data, 0)


def _refuse(code: str, message: str, data: bytes, at: int) -> NoReturn:
    error = ProtocolError(f"{message} (byte {at})", code=f"protocol.{code}", hint=_HINTS[code])
    start = max(0, at - _AROUND)
    around = data[start : at + _AROUND]
    error.observed = visible_bytes(around)
    error.excerpt = Excerpt("answer", start, at, bytes(around))
    raise error


def _constant(name: str) -> NoReturn:
    raise _wrong_number(name)


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _wrong_number(text[:_AROUND])
    return value


def _integer(text: str) -> int:
    if len(text) > _AROUND:
        raise _wrong_number(_digits(text))
    return int(text)


def _digits(text: str) -> str:
    return text if len(text) <= _AROUND else f"{text[:_AROUND]}… ({len(text)} digits)"


_HINTS: Final = {
    "utf8": "write all text as UTF-8",
    "bom": "write the JSON without a byte order mark",
    "json": "write RFC 8259 JSON: one value, double quotes, no comments, nothing behind it",
    "surrogate": "write characters above U+FFFF as UTF-8 or as both halves of the pair",
}
