"""The calls that a slot is tried with: of every trait, for every type, and all of them legal."""

from __future__ import annotations

import json

import pytest

from pytest_zeno.evidence.generated.cases import TRAITS, cases, in_escapes
from pytest_zeno.evidence.generated.points import COUNTS, DEEPEST, NUMBERS, SIZES
from pytest_zeno.evidence.requests import EXTRA, parameters_of
from pytest_zeno.evidence.values import is_of
from pytest_zeno.protocol.names import INPUT_TYPES
from pytest_zeno.protocol.request import encode_request
from pytest_zeno.protocol.strict import decode
from tests.generated.conftest import slot_with

TEXTS = {"empty", "character", "nul", "long", "name", "escape"}
NUMBERS_OWN = {"number", "other_type", "name"}
BOOLEANS = {"other_type", "name"}
CONTAINERS = {"empty", "many", "deep", "other_type", "name"}
OWN = {
    "string": TEXTS | {"other_type"},
    "int": NUMBERS_OWN,
    "integer": NUMBERS_OWN,
    "float": NUMBERS_OWN,
    "number": NUMBERS_OWN,
    "decimal": NUMBERS_OWN,
    "bool": BOOLEANS,
    "boolean": BOOLEANS,
    "list": CONTAINERS,
    "array": CONTAINERS,
    "map": CONTAINERS,
    "object": CONTAINERS,
    "any": TEXTS | {"number", "many", "deep"},
}
"""The traits in which an input of a type gets unusual values, or something is taken for it."""


def _cases(kind, trait):
    slot = slot_with(kind)
    return list(cases(slot, parameters_of(slot))[trait])


@pytest.mark.parametrize("kind", sorted(INPUT_TYPES))
@pytest.mark.parametrize("trait", TRAITS)
def test_each_type_is_tried_with_what_may_break_it(kind, trait):
    """An input gets the values that are unusual for its type, and no trait's that are not."""
    usual = parameters_of(slot_with(kind))
    own = any(
        case.taken or case.parameters["given"] != usual["given"] for case in _cases(kind, trait)
    )
    assert own == (trait in OWN[kind])


@pytest.mark.parametrize("kind", sorted(INPUT_TYPES))
def test_every_call_can_be_made(kind):
    """The host sends all of it: strict JSON, within the contract's depth and numbers."""
    for trait in TRAITS:
        for case in _cases(kind, trait):
            assert decode(case.request)["parameters"] == case.parameters
            encode_request("test.slot", case.parameters)


def test_another_type_is_never_the_inputs_own():
    """What fits an input is no value of another type."""
    for kind in INPUT_TYPES - {"any"}:
        values = [case.parameters["given"] for case in _cases(kind, "other_type")]
        assert len(values) > 10
        assert not any(is_of(kind, value) for value in values)


@pytest.mark.parametrize("power", [8, 10, 12, 14, 16])
def test_sizes_lie_around_powers_of_two(power):
    """Buffers are off by one: each power of two is asked with both its neighbours."""
    texts = {len(case.parameters["given"]) for case in _cases("string", "long")}
    assert {2**power - 1, 2**power, 2**power + 1} <= texts


def test_names_are_as_long_as_texts():
    """A parameter that nobody knows may have a name of any length."""
    names = {len(name) for case in _cases("bool", "long") for name in case.parameters}
    assert set(SIZES) <= names


def test_members_are_many():
    """Parameters, items and members are counted up to thousands."""
    made = [case.parameters for case in _cases("list", "many")]
    assert {len(one) - 1 for one in made} >= set(COUNTS)
    assert {len(one["given"]) for one in made} >= set(COUNTS)


def test_depth_ends_where_the_protocol_does():
    """A parameter is as deep as a request of 64 levels has room for, and no deeper."""
    deepest = max((case.size, case.request) for case in _cases("string", "deep"))
    assert deepest[0] == DEEPEST
    assert deepest[1].count(b"[") + deepest[1].count(b"{") == 64


@pytest.mark.parametrize(
    "number",
    [2**31 - 1, 2**31, 2**53 + 1, 2**63, 2**64 - 1, -(2**63), 5e-324, 1.7976931348623157e308],
)
def test_numbers_lie_at_the_ends_of_their_widths(number):
    """Integers of every width, more than a float64 holds, and the ends of floats are asked."""
    assert number in NUMBERS


def test_minus_zero_is_asked():
    """It is equal to zero, and written differently."""
    assert "-0.0" in map(str, NUMBERS)


def test_a_name_is_led_astray_both_ways():
    """What looks like an input stands before it in one call, and behind it in another."""
    orders = {tuple(case.parameters) for case in _cases("string", "name")}
    assert {("GIVEN", "given"), ("given", "GIVEN"), (EXTRA, "given")} <= orders


def test_a_name_that_is_an_input_is_no_decoy():
    """Two inputs that differ in case alone are both the slot's."""
    slot = slot_with("string")
    both = {"given": slot.inputs["given"], "GIVEN": slot.inputs["given"]}
    slot = type(slot)("test.slot", inputs=both)
    made = list(cases(slot, {"given": "a", "GIVEN": "b"})["name"])
    assert all(case.parameters["GIVEN"] == "b" for case in made)


def test_escapes_are_ascii_and_mean_the_same():
    r"""A request in escapes has no other bytes, and \u for what some hosts escape."""
    request = in_escapes("a.b", {"text": "<é🦓/>&"})
    assert request.isascii()
    assert rb"\u003c\u00e9\ud83e\udd93\/\u003e\u0026" in request
    assert json.loads(request)["parameters"] == {"text": "<é🦓/>&"}
