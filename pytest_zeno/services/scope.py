"""The scope that plugins may be granted to read and write (PERMISSIONS.md, scope).

Values are never changed in place: a write builds new maps along its path and puts them in with one
assignment. So what is stored can be read without a lock, and a refused write leaves no trace.
"""

from __future__ import annotations

from math import isfinite
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pytest_zeno.limits import MIB, Limits
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.protocol.describe import nearest, type_name
from pytest_zeno.text import quoted, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_KEYS: Final = 10_000
"""How many names a scope holds at its top."""

MOST_BYTES: Final = MIB
"""How large the value of one name may be, as JSON."""

_COMPARED: Final = 32
_COMPARABLE: Final = 64
"""How many names a missing one is compared with, and how many characters they may have."""

_DEPTH: Final = Limits().json_depth
_LOWEST, _HIGHEST = -(2**63), 2**64 - 1
_encode: Final = msgspec.json.Encoder().encode


class ScopeService:
    """The values behind `host_scope_get` and `host_scope_set`, copied on the way in and out.

    Keys are the segments of a dotted key; they walk into maps, never into lists. For tests a
    scope reads like a map with dotted keys: ``host.scope["user.id"]``.

    Args:
        initial: the values at the start. ValueError names one that is no JSON.
    """

    def __init__(self, initial: Mapping[str, Any] | None = None) -> None:
        self._values: dict[str, Any] = {}
        self._lock = Lock()
        for key, value in (initial or {}).items():
            self._put((key,), value)

    def __repr__(self) -> str:
        return f"<ScopeService {visible(', '.join(self._values)) or 'empty'}>"

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._values))

    def __contains__(self, key: str) -> bool:
        try:
            self.find(tuple(key.split(".")))
        except Refused:
            return False
        return True

    def __getitem__(self, key: str) -> Any:
        try:
            return self.read(tuple(key.split(".")))
        except Refused as refusal:
            raise KeyError(refusal.detail) from None

    def __setitem__(self, key: str, value: Any) -> None:
        self._put(tuple(key.split(".")), value)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a copy of the value of a dotted key, or `default` when there is none."""
        try:
            return self[key]
        except KeyError:
            return default

    def read(self, keys: tuple[str, ...]) -> Any:
        """Return a copy of the value behind `keys`.

        Raises Refused (``not_found``), also where a key would walk into something else than a map.
        """
        return _copied(self.find(keys))

    def find(self, keys: tuple[str, ...]) -> Any:
        """Return the value behind `keys` as it is stored, for those who only look at it.

        Raises Refused as `read` does.
        """
        at, found = 0, self._values
        try:
            for at, key in enumerate(keys):  # noqa: B007 (used where no key leads on)
                found = found[key]
        except (KeyError, TypeError):  # no such name, or nothing that has names
            raise _missing(keys[: at + 1], found) from None
        return found

    def write(self, keys: tuple[str, ...], value: Any) -> None:
        """Put in a copy of `value`; maps that are missing on the way to it are made.

        Raises Refused: ``invalid_request`` for what is no JSON and where a key would walk into
        something else than a map, ``limit_exceeded`` above 10,000 names or 1 MiB a value.
        """
        try:
            self._put(keys, value)
        except ValueError as error:
            raise Refused("invalid_request", "scope.value", str(error)) from None

    def update(self, values: Mapping[str, Any]) -> None:
        """Merge the data of a response: all of it, or nothing; its names are taken as they are.

        Raises Refused as `write` does.
        """
        try:
            copies = {key: _checked(value, key) for key, value in values.items()}
        except ValueError as error:
            raise Refused("invalid_request", "scope.value", str(error)) from None
        for key, value in copies.items():
            _check_size(key, value)
        with self._lock:
            merged = self._values | copies
            _check_count(merged)
            self._values = merged

    def snapshot(self) -> dict[str, Any]:
        """Return a copy of everything."""
        values: dict[str, Any] = _copied(self._values)
        return values

    def close(self) -> None:
        """Forget the values; nothing else is held."""
        self._values = {}

    def _put(self, keys: tuple[str, ...], value: Any) -> None:
        copy = _checked(value, ".".join(keys), len(keys) - 1)
        with self._lock:
            top = _replaced(self._values.get(keys[0], _ABSENT), keys, 1, copy)
            _check_size(keys[0], top)
            values = self._values
            if keys[0] not in values:
                _check_count(values, 1)
            values[keys[0]] = top


_ABSENT: Final = object()


def _replaced(old: Any, keys: tuple[str, ...], at: int, value: Any) -> Any:
    """Return `old` with `value` at ``keys[at:]``, in new maps; the rest is shared."""
    if at == len(keys):
        return value
    if old is _ABSENT:
        old = {}
    if not isinstance(old, dict):
        where = quoted(".".join(keys[:at]))
        detail = f"{where} is {type_name(old)}; dots walk into objects only"
        raise Refused("invalid_request", "scope.walk", detail)
    return {**old, keys[at]: _replaced(old.get(keys[at], _ABSENT), keys, at + 1, value)}


def _missing(keys: tuple[str, ...], found: Any) -> Refused:
    if not isinstance(found, dict):
        where = quoted(".".join(keys[:-1]))
        detail = f"{where} is {type_name(found)}; dots walk into objects only"
        return Refused("not_found", "scope.walk", detail)
    hint = _hint(keys[-1], found)
    detail = f"the scope has no {quoted('.'.join(keys))}"
    return Refused("not_found", "scope.absent", f"{detail}; {hint}" if hint else detail)


def _hint(key: str, found: dict[str, Any]) -> str:
    """Return which name may have been meant; a guest that asks for nonsense must not be costly."""
    some = [name for name in tuple(found)[:_COMPARED] if len(name) <= _COMPARABLE]
    return nearest(key, some) if len(key) <= _COMPARABLE else ""


def _copied(value: Any) -> Any:
    """Return a deep copy of a value that is known to be JSON."""
    kind = value.__class__
    if kind is dict:
        return {key: _copied(item) for key, item in value.items()}
    if kind is list:
        return [_copied(item) for item in value]
    return value


def _checked(value: Any, where: str, depth: int = 0) -> Any:
    """Return a deep copy of `value`, or raise ValueError where it is no JSON."""
    if depth + isinstance(value, dict | list | tuple) > _DEPTH:
        raise _unfit(where, f"more than {_DEPTH} levels")
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise _unfit(where, f"the key {key!r}; keys are text")
        return {_text(key, where): _checked(item, where, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_checked(item, where, depth + 1) for item in value]
    return _scalar(value, where)


def _scalar(value: Any, where: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, where)
    if isinstance(value, int):
        if not _LOWEST <= value <= _HIGHEST:
            raise _unfit(where, f"{value:.6g}; integers go from -2^63 to 2^64 - 1")
        return value
    if isinstance(value, float):
        if not isfinite(value):
            raise _unfit(where, f"{value}; numbers are finite")
        return value
    raise _unfit(where, f"a {type(value).__name__}, which is no JSON value")


def _text(value: str, where: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _unfit(where, "half a surrogate pair") from None
    return value


def _unfit(where: str, what: str) -> ValueError:
    return ValueError(f"the scope's {quoted(where)} holds {what}")


def _check_size(key: str, value: Any) -> None:
    size = len(_encode(value))
    if size > MOST_BYTES:
        detail = f"the value of {quoted(key)} has {size} bytes, the limit is {MOST_BYTES}"
        raise Refused("limit_exceeded", "scope.size", detail)


def _check_count(values: dict[str, Any], more: int = 0) -> None:
    if len(values) + more > MOST_KEYS:
        detail = f"the scope holds {MOST_KEYS} keys already"
        raise Refused("limit_exceeded", "scope.keys", detail)
