"""Reading the `example` of a slot, which is free text, for values that its author knows to work."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.evidence.values import is_of
from pytest_zeno.protocol.strict import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.protocol.slots import Slot

_LONGEST: Final = 4096
"""Characters of an example that is read."""

_ATTRIBUTE: Final = re.compile(
    r"""(?:[{,;\n])[ \t]*(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*:[ \t]*
    (?:'(?P<single>[^'\\\n]*)'|"(?P<double>[^"\\\n]*)"|(?P<word>-?[0-9]+(?:\.[0-9]+)?|true|false))
    [ \t]*(?=[,;}\n])""",
    re.VERBOSE,
)
"""An attribute of a slot in a script: `name: 'World'`. Variables and escapes are not read."""


def example_of(slot: Slot) -> dict[str, Any]:
    """Return the parameters that a slot's example shows, as far as they fit its inputs.

    An example is an object of parameters, the same as JSON, or a call as scripts write it:
    ``hello.greet { name: 'World' }``. What is anything else says nothing.
    """
    return {
        name: value
        for name, value in _members(slot)
        if name in slot.inputs and is_of(slot.inputs[name].type, value)
    }


def _members(slot: Slot) -> Iterator[tuple[str, Any]]:
    example = slot.example
    if isinstance(example, str) and len(example) <= _LONGEST:
        example = _json(example) or dict(_attributes(slot.name, example))
    if isinstance(example, dict):
        inner = example.get("parameters")
        yield from (inner if isinstance(inner, dict) else example).items()


def _json(text: str) -> Any:
    try:
        return decode(text.encode())
    except (ZenoError, UnicodeEncodeError):
        return None


def _attributes(slot: str, text: str) -> Iterator[tuple[str, Any]]:
    if not text.lstrip().startswith(slot):
        return
    for found in _ATTRIBUTE.finditer(text):
        word, quoted = found["word"], found["single"]
        yield found["name"], _json(word) if word else found["double"] if quoted is None else quoted
