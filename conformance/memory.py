"""Rules on linear memory: what alloc hands out, and what calls give back (ABI.md section 3)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import LimitError
from pytest_zeno.evidence import blocks
from pytest_zeno.evidence.constants import constants
from pytest_zeno.evidence.leak import trace
from pytest_zeno.text import visible, visible_bytes
from pytest_zeno.verdict.broken import Broken, expect
from pytest_zeno.verdict.rule import rule

if TYPE_CHECKING:
    from pytest_zeno.evidence.leak import Loss
    from pytest_zeno.evidence.steadiness import Steadiness
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.runtime.module import GuestModule

_LEAK: Final = "memory.leak"
_TAKES: Final = ("name", "request", "reply")
_SHOWN: Final = 5
"""Calls that are told in one finding."""


@rule(
    "MEM-001",
    level="MUST",
    section="3",
    why="An alloc that returns one static buffer, or steps on by a fixed size, has the request "
    "written over the name, or a reply over the request that is being read.",
    fix={
        "c": "Hand out a block of its own at each call: malloc(size), or a bump pointer that "
        "steps on by size.",
        "go": "Let alloc make([]byte, size) at each call; return no package-level array.",
        "rust": "Let alloc use Vec::with_capacity(size) at each call; return no static mut array.",
    },
    example="static char buffer[65536]; char *alloc(int size) { return buffer; }",
)
def test_mem001_blocks_do_not_overlap(zeno_subject: Subject) -> None:
    """The blocks that alloc hands out for a name, a request and a reply do not overlap."""
    for taken in blocks.take_as_calls_do(zeno_subject):
        named = zip(_TAKES, taken.blocks, strict=False)
        for (one, first), (other, second) in combinations(named, 2):
            expect(
                first.end <= second.start or second.end <= first.start,
                f"alloc({second.size}) for the {other} returned {second.start}, among the "
                f"{first.size} bytes at {first.start} that it gave for the {one}",
                observed=", ".join(f"alloc({size}) = {at}" for at, size in taken.blocks),
                expected="blocks apart from each other until the plugin is called",
            )


@rule(
    "MEM-002",
    level="MUST",
    section="3",
    why="A bump allocator that starts at a round address writes requests over the plugin's texts "
    "and tables as soon as those have grown up to there.",
    fix={
        "c": "Start the heap at &__heap_base, which the linker places behind stack and data.",
        "go": "Let alloc make([]byte, size); take no addresses of your own choice.",
        "rust": "Use the global allocator; take no addresses of your own choice.",
    },
    example="static uintptr_t top = 0x10000; /* the linker puts the constants there, too */",
)
def test_mem002_blocks_hold_no_constants(zeno_subject: Subject, zeno_module: GuestModule) -> None:
    """What alloc hands out does not hold the module's own constants."""
    found = [one for one in constants(zeno_module.wasm) if any(one.data)]
    for taken in blocks.take_as_calls_do(zeno_subject):
        for block in taken.blocks:
            for constant in found:
                lost = constant.within(block.start, block.end)
                expect(
                    not any(lost),
                    f"alloc({block.size}) returned {block.start}, where the module keeps constants",
                    observed=visible_bytes(lost, 80),
                    expected="memory that holds nothing of the module's data segments",
                )


@rule(
    "MEM-003",
    level="SHOULD",
    section="PERMISSIONS.md, Limits",
    why="The whole scope of a script comes along as _zeno_scope: a module whose memory cannot "
    "grow that far fails for the users with the most data.",
    fix={
        "c": "Link without --max-memory, or with one of 16 MiB and more; let alloc grow the "
        "memory.",
        "go": "Remove size checks from alloc; the runtime grows the memory.",
        "rust": "Link without --max-memory, or with one of 16 MiB and more.",
    },
    example="clang -Wl,--max-memory=1048576",
)
def test_mem003_a_megabyte_finds_room(zeno_subject: Subject) -> None:
    """The function alloc should find room for a request of one MiB."""
    for failure in zeno_subject.failures("execute"):
        if failure.code in ("protocol.alloc", "protocol.alloc_null"):
            raise failure.with_traceback(None)
    error = blocks.take(zeno_subject, 16, blocks.ROOM).error
    expect(
        error is None,
        f"there is no room for a request of {blocks.ROOM} bytes",
        observed=error.message if error else "",
        expected=f"{blocks.ROOM} bytes from alloc; the host allows {zeno_subject.limits.memory}",
    )


@rule(
    "MEM-004",
    level="MUST",
    section="3",
    why="The early return of a failure skips the free at the function's end: a script that calls "
    "a slot wrongly, again and again, uses up the plugin's memory.",
    fix={
        "c": "Free the arguments in one place that every return passes (goto done).",
        "go": "Release the arguments with defer.",
        "rust": "Take the arguments into a Vec before the first `?`: it is dropped on every path.",
    },
    example='if (!json_read(request)) return fail("no JSON"); /* and free(request) below */',
)
def test_mem004_failures_give_memory_back(zeno_subject: Subject) -> None:
    """The plugin holds its memory steady over many calls that fail."""
    if not zeno_subject.steadiness.steady:
        raise LimitError("calls that succeed lose memory, too", code=_LEAK)
    _is_steady(zeno_subject, zeno_subject.failing_steadiness)


@rule(
    "STR-009",
    level="MUST",
    section="3",
    why="The reference host never calls free: what a call does not give back is lost, and after "
    "some hours the plugin stands at its memory limit.",
    fix={
        "c": "Free both arguments before returning, keep one response buffer and reuse it, or "
        "reset an arena at each call.",
        "go": "Delete the arguments from the map that keeps them alive, and overwrite the last "
        "response.",
        "rust": "Take both arguments back with Vec::from_raw_parts, and drop the last response "
        "when the next is made.",
        "zig": "Reset an ArenaAllocator with .retain_capacity at each call.",
        "assemblyscript": "heap.free both arguments; --runtime stub never frees anything.",
    },
    codes=(_LEAK,),
    example="return strdup(answer);  // and nobody frees it",
)
def test_str009_memory_stays_steady(zeno_subject: Subject) -> None:
    """The plugin holds its memory steady over many calls, with free never called."""
    _is_steady(zeno_subject, zeno_subject.steadiness)


def _is_steady(subject: Subject, found: Steadiness) -> None:
    if found.steady:
        return
    losses = [_told(one) for one in trace(subject, found)]
    together = (
        f"all in turn lose {found.lost:.1f} bytes a call after {found.calls} calls; the memory "
        f"grew from {found.first} to {found.last} bytes"
    )
    end = f"; then {found.failure.message}" if found.failure else ""
    raise Broken(
        (losses[0] if losses else together) + end,
        observed="\n".join((*losses[1:_SHOWN], together)),
        expected="no memory taken once the first calls are over",
        hint="what a slot keeps on purpose, such as a history, needs a bound, too",
    )


def _told(loss: Loss) -> str:
    kept = f"; it does not release {', '.join(loss.buffers)}" if loss.buffers else ""
    return (
        f"{visible(loss.call.slot)} loses {loss.bytes:.0f} bytes a call, measured over "
        f"{loss.calls} calls{kept}; asked {visible_bytes(loss.call.request, 120) or 'nothing'}"
    )
