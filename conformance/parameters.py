"""Rules on requests and parameters, usable and not (ABI.md section 4, Request)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_zeno.evidence.answers import answered, paired
from pytest_zeno.text import quoted
from pytest_zeno.verdict.broken import expect
from pytest_zeno.verdict.rule import rule

if TYPE_CHECKING:
    from pytest_zeno.evidence.exchanges import Exchange
    from pytest_zeno.evidence.requests import Kind


def _no_success(exchanges: tuple[Exchange, ...], kind: Kind, what: str) -> None:
    """Raise when a request of this kind succeeds in a slot that requires something."""
    for one in answered(exchanges, kind):
        expect(
            not (one.success and _is_unusable(one)),
            f"{one.ask.name} {what.format(quoted(one.ask.parameter, 60))}, and succeeds",
            observed=one.shown,
            expected="a failure whose `error` says what is wrong",
        )


def _is_unusable(one: Exchange) -> bool:
    """Return whether a request lacks something; a default takes the place of what is missing."""
    inputs = one.slot.inputs if one.slot else {}
    if one.kind == "wrong_type":
        return True
    asked = [inputs[one.ask.parameter]] if one.ask.parameter else inputs.values()
    return any(entry.required and entry.default is None for entry in asked)


def _same(exchanges: tuple[Exchange, ...], kind: Kind, what: str, *others: Kind) -> None:
    """Raise when a request is answered otherwise than the one it has to be equal to."""
    for one, other in paired(exchanges, kind, *others):
        expect(
            one.success == other.success,
            f"{one.ask.name}: {what.format(quoted(one.ask.parameter, 60))}",
            observed=one.shown,
            expected=other.shown,
        )


@rule(
    "PAR-001",
    level="SHOULD",
    section="4",
    why="A required parameter that is missing is read as empty or zero, and the slot does "
    "something else than was asked.",
    example='amount = number(parameters, "amount");  // 0 when it is not there',
    fix={
        "c": "Look for each required parameter first, and answer a failure that names it.",
        "go": "Use value, ok := parameters[name]; an absent member leaves a struct field zero.",
        "rust": "Let serde require the field: no Option and no #[serde(default)] on it.",
    },
)
def test_par001_missing_parameters_are_failures(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """A call without a required parameter should be answered with a failure."""
    _no_success(zeno_exchanges, "missing", "is called without its required parameter {}")


@rule(
    "PAR-002",
    level="MUST",
    section="4",
    why="Scripts pass null for a variable that is not set; a plugin that sees a value in it "
    "greets null, or refuses an optional parameter.",
    example='if title, there := parameters["title"]; there { … }  // nil is there, too',
    fix={
        "c": "Treat the value null as if the member were not there.",
        "go": "Check for nil after looking the parameter up; use pointers in structs.",
        "rust": "Use Option<T> for what is optional: serde reads null as None.",
    },
)
def test_par002_null_is_missing(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """A null parameter is answered as a missing one."""
    what = "{} as null is not answered as if it were missing"
    _same(zeno_exchanges, "null", what, "missing", "left_out")


@rule(
    "PAR-003",
    level="SHOULD",
    section="4",
    why="A map read as text, or a text as number, gives [object], 0 or NaN far from the call "
    "that was wrong.",
    example="let count = value.as_i64().unwrap_or(0);",
    fix={
        "c": "Check the first byte of the value: a quote, a digit, a brace, a bracket, t or f.",
        "go": "Use the two-value form: text, ok := value.(string).",
        "rust": "Let serde read the typed field, and answer its error.",
    },
)
def test_par003_wrong_types_are_failures(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """A call with a parameter of another type should be answered with a failure."""
    _no_success(zeno_exchanges, "wrong_type", "is called with {} of another type")


@rule(
    "PAR-004",
    level="MUST",
    section="4",
    why="Hosts leave `parameters` out when there are none; a plugin that insists on it fails "
    "for slots that need nothing.",
    example='if (!find(request, "parameters")) return fail("parameters are required");',
    fix={
        "c": "Go on with no parameters when the member is not there.",
        "go": "Reading from a nil map is fine; do not check for the member.",
        "rust": "Put #[serde(default)] on parameters.",
    },
)
def test_par004_missing_parameters_member_is_empty(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """A request without `parameters` is answered as one with empty `parameters`."""
    what = "a request without `parameters` is not answered as one with none in it"
    _same(zeno_exchanges, "no_parameters", what, "empty_parameters")


@rule(
    "PAR-005",
    level="MUST",
    section="4",
    why="Hosts add parameters such as `value` and `_zeno_scope`; a plugin that refuses what it "
    "does not know fails in the next version of its host.",
    example="#[serde(deny_unknown_fields)] struct Parameters { name: String }",
    fix={
        "c": "Skip members that you do not look for.",
        "go": "Do not use DisallowUnknownFields.",
        "rust": "Do not use #[serde(deny_unknown_fields)].",
    },
)
def test_par005_unknown_parameters_are_ignored(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """A parameter that the plugin does not know changes nothing."""
    _same(zeno_exchanges, "extra", "a parameter that it does not know changes the answer", "valid")


@rule(
    "PAR-006",
    level="MUST",
    section="4",
    why="Some hosts send the optional `context` and some do not; a plugin that knows two members "
    "alone works with half of them.",
    example="decoder.DisallowUnknownFields()",
    fix={
        "c": "Skip members of the request that you do not look for.",
        "go": "Do not use DisallowUnknownFields.",
        "rust": "Do not use #[serde(deny_unknown_fields)]; make context an Option.",
    },
)
def test_par006_context_is_optional(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """A request with `context` is answered as one without it."""
    _same(zeno_exchanges, "context", "a request with `context` is answered differently", "valid")


@rule(
    "PAR-007",
    level="MUST",
    section="4",
    why="A host that serves aliases passes the real name as the argument; a plugin that "
    "dispatches on slot_name answers another slot's question.",
    example="switch request.SlotName {",
    fix={
        "c": "Dispatch on the first two arguments of plugin_execute, not on slot_name.",
        "go": "Dispatch on the name argument, not on request.SlotName.",
        "rust": "Dispatch on the name argument, not on request.slot_name.",
    },
)
def test_par007_name_argument_wins(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """The name argument decides which slot is called, whatever `slot_name` says."""
    what = "another `slot_name` in the request changes the answer"
    _same(zeno_exchanges, "other_slot_name", what, "valid")


@rule(
    "PAR-008",
    level="MUST",
    section="4",
    why="A plugin that searches for a name in the bytes finds one in what is no JSON, and acts "
    "on half a request.",
    example='if (strstr(request, "\\"name\\":")) return greet(request);',
    fix={
        "c": "Read the request to its end before acting on it, and answer a failure if it breaks.",
        "go": "Check the error of json.Unmarshal first.",
        "rust": "Answer the error of serde_json::from_slice.",
    },
)
def test_par008_no_json_is_a_failure(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """A request that is no JSON is answered with a failure by a slot with required inputs."""
    _no_success(zeno_exchanges, "not_json", "gets a request that is no JSON")


@rule(
    "PAR-009",
    level="SHOULD",
    section="4",
    why="JSON that is no object has no parameters: what is required is missing.",
    example='let parameters = request.get("parameters").and_then(Value::as_object);',
    fix={
        "c": "Check that request and parameters start with a brace.",
        "go": "Unmarshal into a struct with a map, and check the error.",
        "rust": "Deserialize into a struct with a map, and answer the error.",
    },
)
def test_par009_no_object_is_a_failure(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """A request that is no object should be a failure in a slot with required inputs."""
    _no_success(zeno_exchanges, "not_object", "gets a request or parameters that are no object")
