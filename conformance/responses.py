"""Rules on what `plugin_execute` answers (ABI.md section 4, Response)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.evidence.answers import readable
from pytest_zeno.protocol.response import check_response
from pytest_zeno.text import quoted
from pytest_zeno.verdict.broken import expect, no_problems
from pytest_zeno.verdict.rule import rule

if TYPE_CHECKING:
    from pytest_zeno.evidence.exchanges import Exchange

_MEMBERS: Final = frozenset(("success", "data", "error"))


def _no_problems(rule_id: str, exchanges: tuple[Exchange, ...]) -> None:
    """Judge every response; those that are no objects have no members to judge."""
    for one in readable(exchanges):
        if isinstance(one.value, dict) or rule_id == "RSP-001":
            no_problems(rule_id, check_response(one.value), observed=one.shown)


@rule(
    "RSP-001",
    level="MUST",
    section="4",
    why="A slot that answers its bare result has no place for success or an error.",
    example='return "[1, 2, 3]";',
    fix={
        "c": 'Answer {"success": true, "data": {…}}.',
        "go": "Marshal one Response struct for every slot.",
        "rust": "Serialize one Response struct for every slot.",
    },
    codes=("response.type",),
)
def test_rsp001_response_is_an_object(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """Every response is an object."""
    _no_problems("RSP-001", zeno_exchanges)


@rule(
    "RSP-002",
    level="MUST",
    section="4",
    why='A missing `success` is a failure to the reference host, and "true" in quotes is none '
    "at all.",
    example='Success bool `json:"success,omitempty"`',
    fix={
        "c": 'Write "success":true or "success":false in every response.',
        "go": 'Tag the field Success bool `json:"success"`, without omitempty.',
        "rust": "Declare success as bool, without skip_serializing_if.",
    },
    codes=("response.success_missing", "response.success_type"),
)
def test_rsp002_response_says_success(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """Every response has a `success` that is a boolean."""
    _no_problems("RSP-002", zeno_exchanges)


@rule(
    "RSP-003",
    level="MUST",
    section="4",
    why="The engine merges `data` into the scope by name; a list or a text has no names.",
    example='{"success":true,"data":[1,2,3]}',
    fix={
        "c": 'Wrap the result: "data":{"items":[…]}.',
        "go": "Declare Data as map[string]any.",
        "rust": "Declare data as serde_json::Map or a struct.",
    },
    codes=("response.data_type",),
)
def test_rsp003_data_is_an_object(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """The `data` of every response is an object or null."""
    _no_problems("RSP-003", zeno_exchanges)


@rule(
    "RSP-004",
    level="MUST",
    section="4",
    why="Scripts show `error` to people; an object there shows as [object] or ends the call.",
    example='{"success":false,"error":{"code":404}}',
    fix={
        "c": "Write one string; put details into its words.",
        "go": "Use err.Error(), not the error value.",
        "rust": "Use error.to_string(), not the serialized enum.",
    },
    codes=("response.error_type",),
)
def test_rsp004_error_is_a_string(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """The `error` of every response is a string or null."""
    _no_problems("RSP-004", zeno_exchanges)


@rule(
    "RSP-005",
    level="MUST",
    section="4",
    why="A failure without a reason leaves its user with nothing to act on.",
    example='return "{\\"success\\":false}";',
    fix={
        "c": 'Write "error":"what went wrong" in every failure.',
        "go": "Build failures with one function that takes the reason.",
        "rust": "Build failures with one function that takes the reason; no empty strings.",
    },
    codes=("response.error_missing",),
)
def test_rsp005_failures_say_why(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """Every failure carries a non-empty `error`."""
    _no_problems("RSP-005", zeno_exchanges)


@rule(
    "RSP-006",
    level="SHOULD",
    section="4",
    why="The text is ignored: a warning that was meant for the user is lost.",
    example='{"success":true,"data":{},"error":"none"}',
    fix={
        "c": "Leave `error` out of successes; put warnings into `data` or the log.",
        "go": 'Tag the field Error string `json:"error,omitempty"`.',
        "rust": 'Use #[serde(skip_serializing_if = "Option::is_none")] on error.',
    },
    codes=("response.error_on_success",),
)
def test_rsp006_successes_carry_no_error(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """A success should carry no `error` text."""
    _no_problems("RSP-006", zeno_exchanges)


@rule(
    "RSP-007",
    level="MUST",
    section="4",
    why="The reference host matches names without regard to case, others do not: `Data` is read "
    "there and lost here.",
    example="type Response struct { Success bool; Data map[string]any; Error string }",
    fix={
        "c": "Write success, data and error in lower case.",
        "go": "Tag the fields: untagged ones marshal as Success, Data and Error.",
        "rust": 'Remove #[serde(rename_all = "PascalCase")] from the response.',
    },
)
def test_rsp007_member_names_are_lower_case(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """The names of `success`, `data` and `error` are written in lower case."""
    for one in readable(zeno_exchanges):
        for name in one.value if isinstance(one.value, dict) else ():
            expect(
                name in _MEMBERS or name.lower() not in _MEMBERS,
                f"the response has the member {quoted(name)}, which is not read",
                observed=one.shown,
                expected=name.lower(),
            )
