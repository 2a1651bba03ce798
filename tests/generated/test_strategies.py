"""Strategies for tests of the author's own: what they give fits the slot, and is not tame."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from pytest_zeno import ZenoHost
from pytest_zeno.evidence.values import is_of
from pytest_zeno.protocol.names import INPUT_TYPES
from pytest_zeno.protocol.request import encode_request
from pytest_zeno.protocol.slots import Input, Slot
from pytest_zeno.strategies import parameters, values
from tests.generated.conftest import FIXTURES

often = settings(
    max_examples=100,
    database=None,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("kind", sorted(INPUT_TYPES))
def test_values_are_of_their_type(kind):
    """Every value fits its type, and the host can send it."""

    @often
    @given(values(kind))
    def fits(value):
        assert is_of(kind, value)
        encode_request("a.b", {"given": value})

    fits()


def test_no_type_is_an_error():
    """A type that the contract does not have is named, with those that it has."""
    with pytest.raises(ValueError, match="'str' is no input type; there are string, int"):
        values("str")


@pytest.mark.parametrize(
    ("kind", "is_met"),
    [
        ("string", lambda text: "\0" in text),
        ("string", lambda text: len(text) > 4096),
        ("integer", lambda number: number > 2**63),
        ("float", lambda number: str(number) == "-0.0"),
        ("list", lambda items: any(isinstance(item, list) and item for item in items)),
    ],
)
def test_edges_are_met(kind, is_met):
    """The values at which readers break are among them."""
    assert is_met(find(values(kind), is_met, settings=settings(often, max_examples=5000)))


def test_required_inputs_are_always_there():
    """An optional one is there at times, and what is no input never."""
    slot = Slot("a.b", inputs={"a": Input("a", "int", required=True), "b": Input("b", "bool")})
    assert find(parameters(slot), lambda given: "b" in given, settings=often) == {
        "a": 0,
        "b": False,
    }
    assert find(parameters(slot), lambda given: "b" not in given, settings=often) == {"a": 0}


def test_slot_without_inputs_takes_nothing():
    """Its parameters are always empty."""
    assert find(parameters(Slot("a.b")), lambda _: True, settings=often) == {}


@pytest.mark.parametrize("slot", ["hello.greet", "hello.echo"])
def test_good_plugin_answers_what_is_given(slot):
    """The strategy and a plugin meet as the page shows it."""
    with ZenoHost() as host:
        plugin = host.load(FIXTURES / "hello-c")

        @often
        @given(parameters(plugin.slots[slot]))
        def answers(given):
            assert plugin.call(slot, **given).success

        answers()


def test_strategies_can_be_combined():
    """They are strategies like any others."""
    pairs = st.tuples(values("bool"), values("boolean"))
    assert find(pairs, all, settings=often) == (True, True)
