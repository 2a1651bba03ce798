"""Rules on the JSON of all messages (ABI.md section 4; PERMISSIONS.md, Replies)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.verdict.broken import no_failures
from pytest_zeno.verdict.rule import rule

if TYPE_CHECKING:
    from pytest_zeno.errors import Phase
    from pytest_zeno.evidence.subject import Subject

_MESSAGES: Final[tuple[Phase, ...]] = ("init", "register", "execute")


@rule(
    "MSG-001",
    level="MUST",
    section="4",
    why="JSON put together by hand breaks at the first quote, backslash or line end in a value.",
    example='fmt.Sprintf(`{"success":false,"error":"%s"}`, reason)  // reason has quotes',
    fix={
        "c": "Escape quotes, backslashes and control characters in every text; write no comma "
        "behind the last member.",
        "go": "Use json.Marshal for the whole message, not fmt.Sprintf.",
        "rust": "Use serde_json::to_string for the whole message, not format!.",
        "zig": "Use std.json for the whole message, not std.fmt.",
    },
    codes=("protocol.json",),
)
def test_msg001_messages_are_json(zeno_subject: Subject) -> None:
    """Every message is one JSON value as RFC 8259 has it, with nothing before or behind it."""
    no_failures("MSG-001", zeno_subject, *_MESSAGES)


@rule(
    "MSG-002",
    level="MUST",
    section="4",
    why="Which of two equal members counts differs from parser to parser: two hosts see two "
    "different answers.",
    example='{"success":true,"data":{"id":1,"id":2}}',
    fix={
        "c": "Write each member once; collect values before writing.",
        "go": "Marshal a map or a struct without equal tags.",
        "rust": "Serialize a map or a struct; #[serde(flatten)] can repeat a member.",
    },
    codes=("protocol.duplicate_key",),
)
def test_msg002_members_stand_once(zeno_subject: Subject) -> None:
    """No member name stands twice in one object."""
    no_failures("MSG-002", zeno_subject, *_MESSAGES)


@rule(
    "MSG-003",
    level="MUST",
    section="4",
    why="A division by zero prints NaN or Infinity, which no JSON parser takes; larger integers "
    "lose digits in the engine.",
    example='sprintf(out, "{\\"ratio\\":%f}", a / b);  // b is 0: inf',
    fix={
        "c": "Check isfinite() before printing, and print large integers as text.",
        "go": "json.Marshal refuses NaN: check math.IsNaN and math.IsInf, send big.Int as text.",
        "rust": "Check is_finite(); send u128 and larger numbers as text.",
    },
    codes=("protocol.number",),
)
def test_msg003_numbers_are_finite(zeno_subject: Subject) -> None:
    """Every number is finite, and integers lie between -2^63 and 2^64 - 1."""
    no_failures("MSG-003", zeno_subject, *_MESSAGES)


@rule(
    "MSG-004",
    level="MUST",
    section="4",
    why="A text cut between the halves of an emoji's escape is refused by strict parsers and "
    "turned into a replacement character by others.",
    example='{"text":"\\ud83d"}, the first half of an emoji.',
    fix={
        "c": "Write characters above U+FFFF as UTF-8, or both halves of the pair.",
        "go": "Cut []rune, not UTF-16 units.",
        "rust": "Use String: it cannot hold half a pair; do not write \\u escapes by hand.",
    },
    codes=("protocol.surrogate",),
)
def test_msg004_surrogates_come_in_pairs(zeno_subject: Subject) -> None:
    r"""Every \u escape of a surrogate has its other half."""
    no_failures("MSG-004", zeno_subject, *_MESSAGES)


@rule(
    "MSG-005",
    level="MUST",
    section="PERMISSIONS.md, Limits",
    why="Deep nesting exhausts the stack of whoever reads it, a recursive structure the memory.",
    example="A tree of comments, each inside the one that it answers, 100 deep.",
    fix={
        "c": "Bound the depth of what you write, and flatten what you answer.",
        "go": "Flatten what you answer; look for a structure that contains itself.",
        "rust": "Flatten what you answer; bound recursion in Serialize implementations.",
    },
    codes=("limit.json_depth", "limit.json_nodes"),
)
def test_msg005_messages_are_of_moderate_depth(zeno_subject: Subject) -> None:
    """No message is deeper than 64 levels or has more than 100,000 values."""
    no_failures("MSG-005", zeno_subject, *_MESSAGES)


@rule(
    "MSG-006",
    level="MUST",
    section="3",
    why="The host copies every message; one of a hundred megabytes stops all plugins at once.",
    example="A slot that answers a whole 20 MB file as base64.",
    fix={
        "c": "Answer in parts, and check that a length is not read as a pointer.",
        "go": "Answer in parts; write large results with host_file_write.",
        "rust": "Answer in parts; write large results with host_file_write.",
    },
    codes=("limit.reply",),
)
def test_msg006_messages_are_of_moderate_size(zeno_subject: Subject) -> None:
    """No message is larger than the host's limit, 16 MiB by default."""
    no_failures("MSG-006", zeno_subject, *_MESSAGES)
