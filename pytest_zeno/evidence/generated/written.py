"""A call as Python that can be pasted into a test: short, and with guest text escaped."""

from __future__ import annotations

import re
from itertools import takewhile
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.evidence.generated.cases import lists, maps, numbered

if TYPE_CHECKING:
    from collections.abc import Mapping

_RUN: Final = 24
"""Characters, items or members beyond which a repetition is written as one."""

_DEEP: Final = 8
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_NUMBERED: Final = re.compile(r"zz_[0-9]+", re.ASCII)


def written_call(slot: str, parameters: Mapping[str, Any]) -> str:
    """Return ``plugin.call("hello.greet", name="World")``, the parameters in their order."""
    words = list(takewhile(_is_word, parameters))
    others = {name: value for name, value in parameters.items() if name not in words}
    arguments = [written(slot), *(f"{name}={written(parameters[name])}" for name in words)]
    if others:
        arguments.append(f"**{written(others)}")
    return f"plugin.call({', '.join(arguments)})"


def written_send(slot: str, request: bytes) -> str:
    """Return ``plugin.send("hello.greet", b'{…}')``; the request is ASCII."""
    return f"plugin.send({written(slot)}, {request!r})"


def written(value: Any) -> str:
    """Return a JSON value as a Python expression in printable ASCII."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return _list(value)
    if isinstance(value, dict):
        return _map(value)
    return repr(value)


def _text(text: str) -> str:
    if len(text) > _RUN and text == text[0] * len(text):
        return f"{_text(text[0])} * {len(text)}"
    return '"' + "".join(map(_character, text)) + '"'


def _character(character: str) -> str:
    point = ord(character)
    if character in '"\\':
        return "\\" + character
    if 0x20 <= point < 0x7F:
        return character
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _list(items: list[Any]) -> str:
    depth = _depth(items)
    if depth > _DEEP and items == lists(depth):
        return f'json.loads("[" * {depth} + "]" * {depth})'
    if len(items) > _RUN and items == items[:1] * len(items):
        return f"[{written(items[0])}] * {len(items)}"
    return f"[{', '.join(map(written, items))}]"


def _map(members: Mapping[str, Any]) -> str:
    depth = _depth(members)
    if depth > _DEEP and members == maps(depth):
        return f"""json.loads('{{"a":' * {depth - 1} + "{{}}" + "}}" * {depth - 1})"""
    if len(members) > _RUN and members == numbered(len(members)):
        return f'{{f"zz_{{at}}": at for at in range({len(members)})}}'
    inside = ", ".join(f"{written(name)}: {written(value)}" for name, value in members.items())
    return f"{{{inside}}}"


def _depth(value: Any) -> int:
    """Return how many levels of single members or items a value has."""
    depth = 0
    while isinstance(value, list | dict):
        depth += 1
        if len(value) != 1:
            break
        value = value[0] if isinstance(value, list) else next(iter(value.values()))
    return depth


def _is_word(name: str) -> bool:
    """Whether a parameter can be written as a keyword, and is not one of many."""
    short = len(name) <= _RUN and not _NUMBERED.fullmatch(name)
    return short and bool(_PLAIN.fullmatch(name)) and not iskeyword(name)
