"""Values for parameters: one that fits an input's type, one that does not, an awkward one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pytest_zeno.manifest import Manifest

TEXT: Final = "value"

AWKWARD: Final = (
    'A "quoted" word, a \\ backslash,\ta tab,\r\nanother line, é, 日本語, 🦓, </tag> & %s %n'
)
"""A text that breaks whoever copies it into JSON, cuts UTF-8 or formats with it."""

_FITTING: Final[dict[str, Any]] = {
    "string": TEXT,
    "int": 1,
    "integer": 1,
    "float": 1.5,
    "number": 1.5,
    "decimal": 1.5,
    "bool": True,
    "boolean": True,
    "list": [1, "two"],
    "array": [1, "two"],
    "map": {"key": "value"},
    "object": {"key": "value"},
    "any": TEXT,
}

_LIST: Final = [["of", "a"], "list"]
_MAP: Final = {"wrong": {"type": True}}
_UNFITTING: Final[dict[str, Any]] = {
    "string": _MAP,
    "int": _MAP,
    "integer": _MAP,
    "float": _MAP,
    "number": _MAP,
    "decimal": _MAP,
    "bool": _MAP,
    "boolean": _MAP,
    "list": _MAP,
    "array": _MAP,
    "map": _LIST,
    "object": _LIST,
}


def fitting(kind: str, default: Any = None) -> Any:
    """Return a value of an input type of ABI.md section 4; the input's default, if it has one."""
    return _FITTING.get(kind, TEXT) if default is None else default


def unfitting(kind: str) -> Any:
    """Return a value that no conversion makes fit the type; None for ``any``, which takes all.

    Scripts turn texts that look like numbers or booleans into those (ABI.md section 9), so
    what a plugin may well accept is not asked: it is a map, or a list where a map is wanted.
    """
    return _UNFITTING.get(kind)


def is_of(kind: str, value: Any) -> bool:
    """Whether a JSON value is of an input type; a whole number is a float as well."""
    if kind == "any":
        return value is not None
    if isinstance(value, bool):
        return kind in ("bool", "boolean")
    types = int if kind in ("int", "integer") else type(_FITTING[kind])
    return isinstance(value, (int, float) if types is float else types)


def text_of(kind: str) -> str:
    """Return a fitting value as the environment would hold it."""
    value = fitting(kind)
    return value if isinstance(value, str) else json.dumps(value)


def environment(manifest: Manifest | None) -> dict[str, str]:
    """Return a value for every configuration parameter: the operator would give them."""
    parameters = manifest.config.values() if manifest else ()
    return {one.env: one.default or text_of(one.type) for one in parameters if one.env}
