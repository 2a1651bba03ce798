"""Rules on what a plugin asks of its host (ABI.md section 6; PERMISSIONS.md, Limits)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.host.ledger import KEPT_BYTES
from pytest_zeno.permissions.deciding import KIND_OF
from pytest_zeno.protocol.strict import decode
from pytest_zeno.text import visible_bytes
from pytest_zeno.verdict.broken import Broken
from pytest_zeno.verdict.rule import rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.host.ledger import HostCall

_TAKE_JSON: Final = frozenset(
    ("host_db_query", "host_http_request", "host_scope_set", "host_file_write")
)


def _none(subject: Subject, breach: Callable[[HostCall], bool], what: str) -> None:
    """Raise when the plugin made a host call that is a breach of the contract."""
    for call in subject.host_calls:
        if breach(call):
            raise Broken(
                f"{call.phase} {call.slot}".strip() + f": {call.function} {what}",
                observed=visible_bytes(call.request) or call.detail,
            )


@rule(
    "HST-001",
    level="MUST",
    section="6",
    why="A length in characters, or a pointer that was freed, reads past the end of the memory; "
    "the call is refused, and the log line lost.",
    example='host_log("info", 4, message, -1);  // to the end of the text',
    fix={
        "c": "Pass the buffer's own length in bytes.",
        "go": "Pass len() of the []byte whose address you pass.",
        "rust": "Pass as_ptr() and len() of one and the same slice.",
    },
)
def test_hst001_host_calls_stay_inside_the_memory(zeno_subject: Subject) -> None:
    """Every text that a host function is given lies inside the memory."""
    _none(
        zeno_subject,
        lambda call: call.rule == "abi.outside_memory",
        "is given a text outside the memory",
    )


@rule(
    "HST-002",
    level="MUST",
    section="3",
    why="A log line cut in the middle of a character, or in Latin-1, is dropped.",
    example='host_log("info", 4, line, 80);  // cuts the é at byte 79',
    fix={
        "c": "Cut texts only before a byte that is not 10xxxxxx; convert Latin-1 data.",
        "go": "Clean foreign data with strings.ToValidUTF8 before logging it.",
        "rust": "Pass str, not raw bytes; use String::from_utf8_lossy.",
    },
)
def test_hst002_host_calls_speak_utf8(zeno_subject: Subject) -> None:
    """Every text that a host function is given is UTF-8."""
    _none(zeno_subject, _is_not_utf8, "is given a text that is not UTF-8")


def _is_not_utf8(call: HostCall) -> bool:
    try:
        call.request.decode()
    except UnicodeDecodeError as error:
        # What the ledger or the log has cut may end within a character.
        cut = len(call.request) >= KEPT_BYTES or call.rule == "log.always"
        return not (cut and error.reason == "unexpected end of data")
    return False


@rule(
    "HST-003",
    level="MUST",
    section="3",
    why="The host writes its reply into memory from alloc: without room the plugin reads 0 as "
    "a pointer.",
    example="static char heap[1024]; and alloc returns 0 for a reply of 2,000 bytes.",
    fix={
        "c": "Let alloc grow the memory, also while a slot is running.",
        "go": "Let alloc make([]byte, size), also while a slot is running.",
        "rust": "Let alloc use the global allocator; hold no lock across a host call.",
    },
)
def test_hst003_replies_find_room(zeno_subject: Subject) -> None:
    """The function alloc makes room for every reply of a host function."""
    _none(zeno_subject, lambda call: call.rule == "abi.alloc", "made no room for a reply")


@rule(
    "HST-004",
    level="MUST",
    section="PERMISSIONS.md, Limits",
    why="A log line from inside alloc asks the host for memory while it waits for memory: a "
    "host that allows it recurses without end.",
    example='void *alloc(size_t n) { host_log("debug", 5, "alloc", 5); return malloc(n); }',
    fix={
        "c": "Do not log or trace in alloc.",
        "go": "Do not call host functions in alloc or in a finalizer.",
        "rust": "Do not log in alloc or in the global allocator.",
    },
)
def test_hst004_alloc_calls_no_host_function(zeno_subject: Subject) -> None:
    """The function alloc calls no host function while it makes room for a reply."""
    _none(
        zeno_subject,
        lambda call: call.rule == "abi.nested_call",
        "called the host while it made room for a reply",
    )


@rule(
    "HST-005",
    level="MUST",
    section="6",
    why="A request put together by hand breaks at the first quote in a value; with SQL or a URL "
    "in it, it asks for something else.",
    example='fmt.Sprintf(`{"key":"name","value":"%s"}`, name)  // name is O"Neil',
    fix={
        "c": "Escape every text that goes into the request.",
        "go": "Use json.Marshal for the request.",
        "rust": "Use serde_json::to_vec for the request.",
    },
)
def test_hst005_host_requests_are_json(zeno_subject: Subject) -> None:
    """Every request to a host function that takes JSON is one JSON object."""
    _none(zeno_subject, _is_no_object, "is given a request that is no JSON object")


def _is_no_object(call: HostCall) -> bool:
    if call.function not in _TAKE_JSON or call.rule == "abi.outside_memory":
        return False
    try:
        return not isinstance(decode(call.request), dict)
    except ZenoError as error:
        return error.code.startswith("protocol.") and error.code != "protocol.utf8"


@rule(
    "HST-006",
    level="SHOULD",
    section="5",
    why="There is no script yet whose scope it could be: what a plugin reads while it starts "
    "is refused, in some hosts it is another caller's.",
    example='let theme = scope_get("theme"); in plugin_init.',
    fix={
        "c": "Ask for the scope inside the slot that needs it.",
        "go": "Ask for the scope inside the slot that needs it, not in init().",
        "rust": "Ask for the scope inside the slot that needs it, not in plugin_init.",
    },
)
def test_hst006_scope_is_for_calls(zeno_subject: Subject) -> None:
    """The scope should be asked for in plugin_execute alone."""
    _none(zeno_subject, lambda call: call.rule == "scope.phase", "is called where no scope is")


@rule(
    "HST-007",
    level="MUST",
    section="PERMISSIONS.md, Limits",
    why="Statements, values and files above the limits are refused: the data of a large user is "
    "lost where that of a small one was kept.",
    example="host_scope_set with a whole table of 3 MB as its value.",
    fix={
        "c": "Write large data in parts, and check the answer of every host function.",
        "go": "Write large data in parts, and check the answer of every host function.",
        "rust": "Write large data in parts, and check the answer of every host function.",
    },
)
def test_hst007_host_calls_pass_no_limit(zeno_subject: Subject) -> None:
    """No request to a host function, log lines apart, passes a limit of the host."""
    _none(zeno_subject, _passes_a_limit, "is asked for more than the limits allow")


def _passes_a_limit(call: HostCall) -> bool:
    return call.code == "limit_exceeded" and call.function in KIND_OF
