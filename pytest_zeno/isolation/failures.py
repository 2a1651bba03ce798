"""Errors of an instance as data: written in the worker, read with suspicion in the parent."""

from __future__ import annotations

import typing
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from pytest_zeno import errors
from pytest_zeno.isolation.wire import MOST_FAILURE, Broken
from pytest_zeno.limits import KIB
from pytest_zeno.text import prefixed

_KINDS: Final[dict[str, type[errors.ZenoError]]] = {
    kind.__name__: kind
    for kind in (
        errors.LoadError,
        errors.TrapError,
        errors.ExitError,
        errors.LimitError,
        errors.ProtocolError,
        errors.ClosedError,
    )
}
_PARENTS: Final = frozenset(("logs", "host_calls"))
"""Attributes that the parent fills in: it alone knows."""

_MOST_TEXT: Final = 64 * KIB
_SHORT: Final = 300
_Code = Annotated[str, Meta(pattern=r"^[a-z_]+(\.[a-z_]+)+$", max_length=60)]


class Failure(msgspec.Struct):
    """A ZenoError: what each has, and by name what its class has more."""

    kind: str
    message: str
    code: _Code
    phase: errors.Phase
    slot: str
    hint: str
    more: dict[str, Any]


_decoder: Final = msgspec.msgpack.Decoder(Failure)


def as_data(error: errors.ZenoError) -> bytes:
    """Return an error as bytes."""
    kind = type(error)
    more = {name: getattr(error, name) for name in _attributes(kind)}
    said = (kind.__name__, error.message, error.code, error.phase, error.slot, error.hint)
    data = msgspec.msgpack.encode(Failure(*said, more))
    if len(data) > MOST_FAILURE:
        data = msgspec.msgpack.encode(Failure(*said, {}))
    return data


def as_error(data: bytes, plugin: str) -> errors.ZenoError:
    """Return the error that bytes stand for, its texts fit to be shown.

    Raises Broken for what is none of an instance's errors.
    """
    try:
        said = _decoder.decode(data)
        kind = _KINDS[said.kind]
        known = _attributes(kind)
        more = {
            name: msgspec.convert(_shown(value), known[name]) for name, value in said.more.items()
        }
    except (msgspec.MsgspecError, ValueError, KeyError, RecursionError) as error:
        raise Broken(f"it said what is no failure of a guest: {error!r}") from None
    made = kind(
        _shown(said.message),
        code=said.code,
        plugin=plugin if said.phase else "",
        phase=said.phase,
        slot=_shown(said.slot)[:_SHORT],
        hint=_shown(said.hint),
    )
    vars(made).update(more)
    return made


def _attributes(kind: type[errors.ZenoError]) -> dict[str, Any]:
    """Return the attributes that a kind of error has beside those of all, with their types."""
    hints = typing.get_type_hints(kind)
    return {name: hint for name, hint in hints.items() if name not in _PARENTS}


def _shown(value: Any) -> Any:
    """Return a value with every text in it as `text.visible` leaves it: guests wrote some of it."""
    if isinstance(value, str):
        return prefixed(value, "", _MOST_TEXT)
    if isinstance(value, list):
        return [_shown(one) for one in value]
    if isinstance(value, dict):
        return {name: _shown(one) for name, one in value.items()}
    return value
