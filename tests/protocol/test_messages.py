"""Metadata, slot lists, requests and responses: what is wrong with each (ABI.md section 4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_zeno.protocol.metadata import Metadata, check_metadata, read_metadata
from pytest_zeno.protocol.names import RESERVED, SLOT_NAME
from pytest_zeno.protocol.request import encode_request
from pytest_zeno.protocol.response import check_response
from pytest_zeno.protocol.slots import Input, check_slots, read_slots

if TYPE_CHECKING:
    from pytest_zeno.errors import Problem

GOOD = {"name": "hello", "version": "1.0.0"}


def _codes(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.code, problem.field) for problem in problems]


# -- metadata --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"author": "A", "description": "", "license": "MIT", "homepage": "https://example.com"},
        {"author": None, "config": None},
        {"config": {"KEY": "value"}},
        {"unknown": {"a": [1]}},
        {"version": "1.0.0-rc.1+build.5"},
    ],
)
def test_good_metadata_has_no_problems(more: dict[str, Any]) -> None:
    """Two members are required, null is a missing one, unknown ones are ignored."""
    assert check_metadata(GOOD | more) == []


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ([], [("metadata.type", "")]),
        (None, [("metadata.type", "")]),
        ({}, [("metadata.name_missing", "name"), ("metadata.version_missing", "version")]),
        (GOOD | {"name": 5}, [("metadata.name_type", "name")]),
        (GOOD | {"name": ""}, [("metadata.name_type", "name")]),
        (GOOD | {"version": 1.0}, [("metadata.version_type", "version")]),
        (GOOD | {"version": "1.0"}, [("metadata.version_semver", "version")]),
        (GOOD | {"version": "v1.0.0"}, [("metadata.version_semver", "version")]),
        (GOOD | {"version": "01.0.0"}, [("metadata.version_semver", "version")]),
        (GOOD | {"homepage": 5}, [("metadata.text_type", "homepage")]),
        (GOOD | {"config": []}, [("metadata.config_type", "config")]),
        (GOOD | {"config": {"K": 1}}, [("metadata.config_type", "config.K")]),
    ],
)
def test_bad_metadata_is_told_member_by_member(value: Any, codes: list[tuple[str, str]]) -> None:
    """Every problem at once, each with its member."""
    assert _codes(check_metadata(value)) == codes


def test_a_member_in_another_case_is_recognised() -> None:
    """Names are lower case; the nearest one is offered."""
    (problem,) = check_metadata({"Name": "hello", "version": "1.0.0"})
    assert problem.hint == "did you mean 'Name'?"


def test_metadata_is_read_with_defaults() -> None:
    """What is missing or null is empty."""
    read = read_metadata(GOOD | {"author": None, "license": "MIT"})
    assert read == Metadata("hello", "1.0.0", license="MIT")
    assert repr(read) == "<Metadata hello 1.0.0>"


# -- slots -----------------------------------------------------------------------------------------


def _slot(**more: Any) -> list[dict[str, Any]]:
    return [{"name": "hello.run"} | more]


@pytest.mark.parametrize(
    "name", ["a.b", "hello.greet", "Hello.Greet_2.x", "logs.info", "a1._".replace("_", "b_")]
)
def test_a_slot_name_has_two_segments_or_more(name: str) -> None:
    """Letters, digits and underscores; letters first."""
    assert check_slots([{"name": name}]) == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "run",
        ".run",
        "a.",
        "a..b",
        "1a.b",
        "a.1b",
        "_a.b",
        "a-b.c",
        "a.b ",
        "a.b\n",
        "é.b",
        "a.b.",
        "\uff41.b",
        "a.\u0663",
    ],
)
def test_other_slot_names_are_refused(name: str) -> None:
    """Byte-exact ASCII, anchored at both ends."""
    assert _codes(check_slots([{"name": name}])) == [("slots.name_grammar", "[0].name")]


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_the_engines_own_words_are_refused(word: str) -> None:
    """As the first segment alone, and byte-exact."""
    assert _codes(check_slots([{"name": f"{word}.run"}])) == [("slots.name_reserved", "[0].name")]
    assert check_slots([{"name": f"hello.{word}"}, {"name": f"{word.title()}.run"}]) == []


def test_the_engine_has_92_words() -> None:
    """As ABI.md section 4 lists them."""
    assert len(RESERVED) == 92
    assert all(word.isascii() and word.islower() for word in RESERVED)


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ({}, [("slots.type", "")]),
        (None, [("slots.type", "")]),
        ([1], [("slots.item_type", "[0]")]),
        ([{}], [("slots.name_missing", "[0].name")]),
        ([{"name": 5}], [("slots.name_type", "[0].name")]),
        (_slot(description=5), [("slots.description_type", "[0].description")]),
        (_slot(outputs=[]), [("slots.outputs_type", "[0].outputs")]),
        (_slot(inputs=[1]), [("slots.inputs_type", "[0].inputs")]),
        (_slot(inputs={"a": 1}), [("slots.input_entry", "[0].inputs.a")]),
        (_slot(inputs={"a": {}}), [("slots.input_untyped", "[0].inputs.a")]),
        (_slot(inputs={"a": {"type": "exec"}}), [("slots.input_type", "[0].inputs.a.type")]),
        (_slot(inputs={"a": {"type": ["string"]}}), [("slots.input_type", "[0].inputs.a.type")]),
        (
            _slot(inputs={"a": {"type": "any", "required": 1}}),
            [("slots.required_type", "[0].inputs.a.required")],
        ),
        (
            _slot(inputs={"a": {"type": "any", "description": 1}}),
            [("slots.input_description", "[0].inputs.a.description")],
        ),
        (_slot() * 3, [("slots.duplicate", "hello.run")]),
    ],
)
def test_a_bad_slot_list_is_told_place_by_place(value: Any, codes: list[tuple[str, str]]) -> None:
    """Every problem with the path to it."""
    assert sorted(set(_codes(check_slots(value)))) == codes


def test_an_empty_slot_list_is_a_warning() -> None:
    """It is allowed, and useless."""
    (problem,) = check_slots([])
    assert (problem.code, problem.warning) == ("slots.empty", True)


def test_an_input_without_a_type_is_a_warning() -> None:
    """It is an any."""
    (problem,) = check_slots(_slot(inputs={"a": {}}))
    assert problem.warning
    assert read_slots(_slot(inputs={"a": {}}))[0].inputs["a"].type == "any"


def test_slots_are_read_in_the_plugins_order() -> None:
    """With all that they say."""
    inputs = {"b": {"type": "int", "required": True, "default": 3, "description": "d"}, "a": {}}
    (slot,) = read_slots(_slot(inputs=inputs, description="x", example="y", outputs={"o": 1}))
    assert list(slot.inputs) == ["b", "a"]
    assert slot.inputs["b"] == Input("b", "int", required=True, default=3, description="d")
    assert (slot.description, slot.example, slot.outputs) == ("x", "y", {"o": 1})
    assert repr(slot) == "<Slot hello.run>"


@given(st.text(max_size=30))
def test_a_name_that_fits_has_no_other_characters(name: str) -> None:
    """The grammar lets nothing through that a sink would have to escape."""
    if SLOT_NAME.fullmatch(name):
        assert name.isascii()
        assert all(character.isalnum() or character in "._" for character in name)


# -- requests --------------------------------------------------------------------------------------


def test_a_request_is_compact_json() -> None:
    """Slot name and parameters, in this order, as UTF-8."""
    assert encode_request("a.b", {"x": [1, {"é": None}], "y": (True, 1.5)}) == (
        '{"slot_name":"a.b","parameters":{"x":[1,{"é":null}],"y":[true,1.5]}}'.encode()
    )
    assert encode_request("a.b", {}) == b'{"slot_name":"a.b","parameters":{}}'


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (float("nan"), "numbers are finite"),
        (float("inf"), "numbers are finite"),
        ([1, {"k": float("-inf")}], r"the parameter 'x\[1\].k'"),
        (2**64, "integers go from"),
        (-(2**63) - 1, "integers go from"),
        (10**400, "an integer of 1329 bits; integers go from"),
        ({1: 2}, "keys are text"),
        (b"bytes", "no JSON value"),
        ({1, 2}, "no JSON value"),
        (object, "no JSON value"),
    ],
)
def test_what_json_cannot_say_is_refused(value: Any, says: str) -> None:
    """Before the guest sees anything."""
    with pytest.raises(ValueError, match=says):
        encode_request("a.b", {"x": value})


@pytest.mark.parametrize("parameters", [{"x": "\ud800"}, {"\udfff": 1}, {"x": ["\ud800"]}])
def test_half_a_surrogate_pair_is_refused(parameters: dict[str, Any]) -> None:
    """It has no UTF-8."""
    with pytest.raises(ValueError, match="surrogate"):
        encode_request("a.b", parameters)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**64 - 1)
        | st.text()
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_a_request_says_what_was_given(value: Any) -> None:
    """Whatever JSON can say arrives as it is, and without a NUL byte."""
    data = encode_request("a.b", {"x": value})
    assert json.loads(data) == {"slot_name": "a.b", "parameters": {"x": value}}
    assert b"\0" not in data


# -- responses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        {"success": True},
        {"success": True, "data": None, "error": None},
        {"success": True, "data": {"a": 1}, "error": ""},
        {"success": False, "error": "boom"},
        {"success": False, "error": "boom", "data": {"a": 1}, "more": 1},
    ],
)
def test_a_good_response_has_no_problems(value: Any) -> None:
    """A real boolean, an object or null, a text or null; unknown members are ignored."""
    assert list(check_response(value)) == []


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ([], [("response.type", "")]),
        (None, [("response.type", "")]),
        ({}, [("response.success_missing", "success")]),
        ({"Success": True}, [("response.success_missing", "success")]),
        ({"success": 1}, [("response.success_type", "success")]),
        ({"success": "true"}, [("response.success_type", "success")]),
        ({"success": None}, [("response.success_type", "success")]),
        ({"success": True, "data": [1]}, [("response.data_type", "data")]),
        ({"success": True, "data": "x"}, [("response.data_type", "data")]),
        ({"success": False, "error": 5}, [("response.error_type", "error")]),
        ({"success": False}, [("response.error_missing", "error")]),
        ({"success": False, "error": ""}, [("response.error_missing", "error")]),
    ],
)
def test_a_bad_response_is_told_member_by_member(value: Any, codes: list[tuple[str, str]]) -> None:
    """Each problem with its member."""
    assert _codes(list(check_response(value))) == codes


def test_an_error_text_on_success_is_a_warning() -> None:
    """It is ignored, and shown escaped."""
    (problem,) = check_response({"success": True, "error": "\x1b[31m"})
    assert (problem.code, problem.warning) == ("response.error_on_success", True)
    assert "'\\u001b[31m'" in problem.message
