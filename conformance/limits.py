"""Rules on what a plugin uses, against the host's limits (PERMISSIONS.md, Limits)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from pytest_zeno.evidence.growth import STEEP
from pytest_zeno.limits import KIB
from pytest_zeno.runtime import binary
from pytest_zeno.text import quoted, visible, visible_bytes
from pytest_zeno.verdict.broken import Broken, expect
from pytest_zeno.verdict.rule import everywhere, rule

if TYPE_CHECKING:
    from pytest_zeno.evidence.exchanges import Exchange
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.runtime.module import GuestModule

_HOST_CALLS: Final = 100
_LOG_LINES: Final = 100
_DEBUG_BYTES: Final = 256 * KIB
_DEARER: Final = 1.5
"""How much more a call may cost after some hundred calls than after the first."""


@rule(
    "LIM-001",
    level="SHOULD",
    section="5",
    why="strlen in a loop's condition, or a text that is copied for each byte put on it, is quick "
    "in tests and passes the five seconds with the first large request.",
    fix={
        "c": "Keep lengths in variables; grow buffers by doubling them.",
        "go": "Use strings.Builder, not += in a loop; look names up in a map.",
        "rust": "Walk char_indices() once, not chars().nth(i) in a loop; look names up in a map.",
    },
    example="for (size_t i = 0; i < strlen(text); i++)",
)
def test_lim001_work_grows_with_the_request(zeno_subject: Subject) -> None:
    """The work of a call should grow in proportion to its request, not with its square."""
    for one in zeno_subject.growth:
        expect(
            one.factor <= STEEP,
            f"{visible(one.slot)}: {one.factor:.1f} times the work for {one.shape}",
            observed=f"fuel {one.small}, then {one.large}",
            expected="some 2 times",
        )


@rule(
    "LIM-002",
    level="SHOULD",
    section="PERMISSIONS.md, Limits",
    why="A query for each row of another query is hundreds of round trips a page, and more with "
    "each row that is added.",
    fix={
        "c": "Ask for all rows in one query (JOIN, IN), and keep what was read.",
        "go": "Ask for all rows in one query (JOIN, IN), and keep what was read.",
        "rust": "Ask for all rows in one query (JOIN, IN), and keep what was read.",
    },
    example="for (row of orders) host_db_query('SELECT … WHERE order_id = ' + row.id)",
)
def test_lim002_host_calls_are_few(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """One valid call should make do with 100 host calls, log lines apart."""
    for one in zeno_exchanges:
        if one.kind != "valid":
            continue
        asked = [call for call in one.host_calls if call.function != "host_log"]
        most = Counter(call.function for call in asked).most_common(1)
        expect(
            len(asked) <= _HOST_CALLS,
            f"{visible(one.ask.name)} makes {len(asked)} host calls in one call",
            observed=", ".join(f"{count} of {function}" for function, count in most)
            + (f", the last of them {visible_bytes(asked[-1].request, 120)}" if asked else ""),
            expected=f"at most {_HOST_CALLS}",
        )


@rule(
    "LIM-003",
    level="SHOULD",
    section="PERMISSIONS.md, Limits",
    why="A trace line for every byte that is read hides every other plugin's lines; above 1,000 "
    "lines the host drops what comes, the error at the end included.",
    fix={
        "c": "Log what happened once a call; put traces behind #ifdef DEBUG.",
        "go": "Log what happened once a call; put traces behind a constant.",
        "rust": "Log what happened once a call; put traces behind cfg!(debug_assertions).",
    },
    example='for (i = 0; i < size; i++) log_debug("read %c", text[i]);',
)
def test_lim003_log_lines_are_few(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """One valid call should write at most 100 log lines."""
    for one in zeno_exchanges:
        if one.kind == "valid":
            expect(
                len(one.logs) <= _LOG_LINES,
                f"{visible(one.ask.name)} writes {len(one.logs)} log lines in one call",
                observed=quoted(one.logs[-1].message, 120) if one.logs else "",
                expected=f"at most {_LOG_LINES}",
            )


@rule(
    "LIM-004",
    level="SHOULD",
    section="PERMISSIONS.md, Limits",
    why="Debug information is most of a module that was built with it: each host compiles and "
    "stores it, and 32 MiB are refused.",
    fix={
        "c": "Build with -O2 and without -g, or link with -Wl,--strip-debug.",
        "go": 'Build with -ldflags="-s -w".',
        "rust": 'Set strip = "debuginfo" under [profile.release], and build with --release.',
    },
    example="cargo build, without --release",
)
def test_lim004_modules_are_stripped(zeno_module: GuestModule) -> None:
    """The module should carry no more than 256 KiB of debug information."""
    size = sum(map(len, _debug_sections(zeno_module.wasm)))
    expect(
        size <= _DEBUG_BYTES,
        f"{size} of the module's {len(zeno_module.wasm)} bytes are debug information",
        observed=f"{size} bytes in sections named .debug_…",
        expected=f"at most {_DEBUG_BYTES}",
    )


def _debug_sections(wasm: bytes) -> list[bytes]:
    customs = [one.content for one in binary.sections(wasm) if one.id == binary.CUSTOM]
    return [content for content in customs if _name(content).startswith(b".debug_")]


def _name(content: bytes) -> bytes:
    size, at = binary.unsigned(content, 0)
    return content[at : at + size]


@rule(
    "LIM-005",
    level="SHOULD",
    section="PERMISSIONS.md, Limits",
    why="What is taken at the start is missing for requests, in every worker: the limit is met by "
    "the first one that is large.",
    fix={
        "c": "Lower -Wl,--initial-memory: the memory grows when it is needed.",
        "go": "Build no large tables in init(); let the memory grow when it is needed.",
        "rust": "Lower --initial-memory, and replace large static arrays by what is needed.",
    },
    example="clang -Wl,--initial-memory=67108864",
)
def test_lim005_start_leaves_room(zeno_subject: Subject) -> None:
    """A plugin that has started should hold at most half of the memory it may use."""
    with zeno_subject.guest() as guest:
        size = guest.memory_size
    most = zeno_subject.limits.memory // 2
    expect(
        size <= most,
        f"the memory has {size} bytes before the first call",
        observed=f"{size} bytes",
        expected=f"at most {most}, half of what the host allows",
    )


@rule(
    "LIM-006",
    level="SHOULD",
    section="5",
    why="A list that every call walks and every call adds to makes the thousandth call slower "
    "than the first, and the millionth one time out.",
    fix=everywhere("Bound what is kept between calls, and look it up by a key."),
    example="for (event *e = history; e; e = e->next) total += e->amount;",
)
def test_lim006_calls_stay_as_dear(zeno_subject: Subject) -> None:
    """A call should not cost more the more calls there were."""
    found = zeno_subject.steadiness
    for slot, fuels in _by_slot(found.fuels).items():
        first, middle, last = fuels[0], fuels[len(fuels) // 2], fuels[-1]
        # What levels off was a warm-up, or is bounded.
        goes_on = last - middle > (middle - first) / 2
        if last > _DEARER * first and goes_on:
            raise Broken(
                f"{visible(slot)} burns {last / first:.1f} times the fuel after "
                f"{found.calls // len(found.asked)} calls",
                observed=f"fuel {', then '.join(map(str, fuels))}",
                expected="the same once the first calls are over",
            )


def _by_slot(windows: tuple[dict[str, int], ...]) -> dict[str, list[int]]:
    """Return each slot's fuel, window after window."""
    return {slot: [one[slot] for one in windows] for slot in (windows[0] if windows else ())}
