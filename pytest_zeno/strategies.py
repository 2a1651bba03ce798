"""Hypothesis strategies for tests of your own: parameters made from what a slot says it takes.

from hypothesis import given
from pytest_zeno.strategies import parameters

def test_greet(plugin):
    @given(parameters(plugin.slots["hello.greet"]))
    def greets(given):
        assert plugin.call("hello.greet", **given).success

    greets()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from pytest_zeno.evidence.generated import points
from pytest_zeno.protocol.request import HIGHEST, LOWEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from pytest_zeno.protocol.slots import Slot

__all__ = ["parameters", "values"]

_LEAVES: Final = 10


def parameters(slot: Slot) -> SearchStrategy[dict[str, Any]]:
    """Return parameters that fit a slot's inputs: all that are required, and some of the others.

    Texts, numbers and sizes at which readers break are likelier than others.
    """
    fitting = {one.name: values(one.type) for one in slot.inputs.values()}
    required = {name: fitting[name] for name, one in slot.inputs.items() if one.required}
    optional = {name: fitting[name] for name in fitting if name not in required}
    return st.fixed_dictionaries(required, optional=optional)


def values(kind: str) -> SearchStrategy[Any]:
    """Return values of an input type of the contract (ABI.md section 4), such as ``"string"``.

    Raises ValueError for what is none.
    """
    if kind not in _KINDS:
        raise ValueError(f"{kind!r} is no input type; there are {', '.join(_KINDS)}")
    return _KINDS[kind]()


def _texts() -> SearchStrategy[str]:
    edges = st.sampled_from(points.CHARACTERS + points.NULS)
    long = st.sampled_from(points.SIZES).map("x".__mul__)
    return st.text() | st.lists(edges, max_size=4).map("".join) | long


def _integers() -> SearchStrategy[int]:
    edges = [number for number in points.NUMBERS if isinstance(number, int)]
    return st.integers(LOWEST, HIGHEST) | st.sampled_from(edges)


def _numbers() -> SearchStrategy[float]:
    floats = st.floats(allow_nan=False, allow_infinity=False)
    return _integers() | floats | st.sampled_from(points.NUMBERS)


def _json() -> SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | _numbers() | _texts()
    return st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(_texts(), inner), max_leaves=_LEAVES
    )


def _lists() -> SearchStrategy[list[Any]]:
    return st.lists(_json())


def _maps() -> SearchStrategy[dict[str, Any]]:
    return st.dictionaries(_texts(), _json())


def _any() -> SearchStrategy[Any]:
    return _json().filter(lambda value: value is not None)


_KINDS: Final[dict[str, Callable[[], SearchStrategy[Any]]]] = {
    "string": _texts,
    "int": _integers,
    "integer": _integers,
    "float": _numbers,
    "number": _numbers,
    "decimal": _numbers,
    "bool": st.booleans,
    "boolean": st.booleans,
    "list": _lists,
    "array": _lists,
    "map": _maps,
    "object": _maps,
    "any": _any,
}
