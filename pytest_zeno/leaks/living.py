"""Which of the host's own objects outlive the loads that they belong to: a single one is a leak."""

from __future__ import annotations

import gc
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

from pytest_zeno.host.guest import Guest
from pytest_zeno.host.plugin import Plugin
from pytest_zeno.runtime.instance import Instance
from pytest_zeno.runtime.module import GuestModule

if TYPE_CHECKING:
    from collections.abc import Iterator

_WAY: Final = 6
"""Steps that are gone from an object to who holds it."""


@dataclass(frozen=True, slots=True)
class Living:
    """Objects of one kind that are still there: how many, and who holds one of them."""

    kind: str
    count: int
    holder: str


def watched() -> tuple[type, ...]:
    """Return the kinds that belong to one load each, from the outside in."""
    from wasmtime import Store

    return Plugin, Guest, Instance, GuestModule, Store


class Census:
    """The objects that were there at first; `more` are those that came and stayed."""

    def __init__(self) -> None:
        gc.collect()
        self._before = [ref(one) for one in _living()]

    def more(self) -> tuple[Living, ...]:
        """Return what is there now and was not at first, from the outside in."""
        gc.collect()
        return tuple(
            Living(name, count, _holder(sample)) for name, count, sample in self._counted()
        )

    def _counted(self) -> list[tuple[str, int, ref[Any]]]:
        """Return the kinds of which there are more, how many, and one of each; nothing is held."""
        known = {id(one) for before in self._before if (one := before()) is not None}
        fresh = [one for one in _living() if id(one) not in known]
        kinds = [(kind, [one for one in fresh if isinstance(one, kind)]) for kind in watched()]
        return [(_name(kind), len(found), ref(found[0])) for kind, found in kinds if found]


def _living() -> list[Any]:
    kinds = watched()
    return [one for one in gc.get_objects() if isinstance(one, kinds)]


def _name(kind: type) -> str:
    return f"{kind.__module__.partition('.')[0]}.{kind.__name__}"


def _holder(sample: ref[Any]) -> str:
    """Return who holds an object, outwards as far as it is known."""
    one, passed = sample(), set[int]()
    way: list[str] = []
    while len(way) < _WAY:
        passed.add(id(one))
        one = next(_referrers(one, passed), None)
        if one is None:
            break
        way.append(_shown(one))
        if _is_module(one):
            break
    return ", in ".join(way) or "nothing that the collector knows"


def _referrers(one: Any, passed: set[int]) -> Iterator[Any]:
    """Yield what refers to an object, not the frames that look."""
    for outer in gc.get_referrers(one):
        if id(outer) not in passed and not isinstance(outer, types.FrameType | types.GeneratorType):
            yield outer


def _is_module(outer: Any) -> bool:
    return isinstance(outer, dict) and "__name__" in outer


def _shown(outer: Any) -> str:
    if _is_module(outer):
        return f"the globals of {outer['__name__']}"
    if isinstance(outer, types.FunctionType | types.MethodType):
        return f"{outer.__module__}.{outer.__qualname__}"
    return f"a {type(outer).__module__}.{type(outer).__qualname__}".replace("a builtins.", "a ")
