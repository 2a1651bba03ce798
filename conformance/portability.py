"""Rules on how the reference host runs a plugin: start, windows, replies, messages.

They apply in the profile ``zenoengine`` alone, beside all others (ABI.md section 9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_zeno.evidence.answers import answered
from pytest_zeno.protocol.golang import read_response
from pytest_zeno.verdict.broken import Broken, as_json, expect, no_difference
from pytest_zeno.verdict.rule import everywhere, rule

if TYPE_CHECKING:
    from pytest_zeno.errors import Phase
    from pytest_zeno.evidence.exchanges import Exchange
    from pytest_zeno.evidence.subject import Subject


def _too_long(subject: Subject, phase: Phase) -> None:
    for what, text in subject.reference.watched.texts:
        if text.phase == phase:
            expect(
                text.size <= text.window,
                f"{what} has {text.size} bytes, the reference host reads {text.window} of them",
                observed=f"{text.size} bytes",
                expected=f"at most {text.window}",
            )


def _shorter(how: str) -> dict[str, str]:
    return everywhere(f"{how}; this host allows 16 MiB, the reference host a fixed window.")


@rule(
    "POR-001",
    level="MUST",
    section="9",
    why="The reference host never calls _initialize: a runtime that is set up there is not, and "
    "plugin_init traps or reads what no constructor has filled.",
    fix={
        "c": "Link with -Wl,--no-entry and no constructors, or export as _start what calls "
        "__wasm_call_ctors and returns.",
        "go": "Export _initialize once more as _start after the build (docs/zenoengine.md).",
        "rust": "Build a cdylib for wasm32-unknown-unknown, which needs no start function.",
    },
    example="go build -buildmode=c-shared  # its runtime starts in _initialize",
    profile="zenoengine",
)
def test_por001_works_without_initialize(zeno_subject: Subject) -> None:
    """A plugin for the reference host works when _start alone is called and _initialize is not."""
    no_difference(zeno_subject.reference.start, "without _initialize")


@rule(
    "POR-002",
    level="MUST",
    section="9",
    why="The reference host takes any exit for the end of the module, also one with code 0: the "
    "plugin does not load.",
    fix={
        "c": "Build without crt1.o (-nostartfiles -Wl,--no-entry), or as a reactor.",
        "go": "Build with -buildmode=c-shared; a command exits when main returns.",
        "rust": "Build a cdylib, not a bin.",
    },
    codes=("portability.exit",),
    example="int main(void) { return 0; }  // wasi-libc ends _start with proc_exit(0)",
    profile="zenoengine",
)
def test_por002_start_does_not_exit(zeno_subject: Subject) -> None:
    """The function _start returns and does not exit, with code 0 neither."""
    _ = zeno_subject.reference.start


@rule(
    "POR-003",
    level="MUST",
    section="9",
    why="Longer metadata is cut, is no JSON then, and the plugin does not load.",
    fix=_shorter("Shorten the description"),
    example="A description that holds the whole README.",
    profile="zenoengine",
)
def test_por003_metadata_fits_its_window(zeno_subject: Subject) -> None:
    """The metadata has at most 4,096 bytes."""
    _too_long(zeno_subject, "init")


@rule(
    "POR-004",
    level="MUST",
    section="9",
    why="A longer slot list is cut, is no JSON then, and the plugin does not load.",
    fix=_shorter("Shorten descriptions and examples, or part the plugin in two"),
    example="Forty slots with a paragraph on each input.",
    profile="zenoengine",
)
def test_por004_slot_list_fits_its_window(zeno_subject: Subject) -> None:
    """The slot list has at most 8,192 bytes."""
    _too_long(zeno_subject, "register")


@rule(
    "POR-005",
    level="MUST",
    section="9",
    why="A longer response is cut: the call fails though the slot has done its work.",
    fix=_shorter("Answer large results in parts, or write them to the scope"),
    example="A slot that answers a whole table.",
    profile="zenoengine",
)
def test_por005_responses_fit_their_window(zeno_subject: Subject) -> None:
    """A response has at most 16,384 bytes."""
    _too_long(zeno_subject, "execute")


@rule(
    "POR-006",
    level="MUST",
    section="9",
    why="The reference host reads the whole window, and fails when it passes the end of the "
    "memory: a plugin whose heap grows fails about one call in four, with a correct answer.",
    fix={
        "c": "Keep 16,384 bytes free behind what alloc and the response take (fixtures/hello-c/"
        "memory.h), or answer from a static buffer.",
        "go": "Grow the response's slice by 16,384 bytes before taking its address: "
        "slices.Grow(buffer, len(text)+16384).",
        "rust": "Call reserve_exact(16384) on the response's Vec before taking its pointer.",
        "zig": "Call ensureUnusedCapacity(16384) on the response's writer before it is closed.",
        "assemblyscript": "Allocate the response with 16,384 bytes more than it has.",
    },
    example="return strdup(text);  // in a heap that ends where the memory does",
    profile="zenoengine",
)
def test_por006_windows_end_inside_the_memory(zeno_subject: Subject) -> None:
    """Behind each pointer the memory goes on for the whole window that is read there."""
    texts = zeno_subject.reference.watched.texts
    bad = [(what, text) for what, text in texts if text.size <= text.window > text.room]
    if bad:
        what, text = bad[0]
        raise Broken(
            f"{what}: {text.window} bytes are read at {text.pointer}, the memory has {text.memory}"
            f"; so it is with {len(bad)} of {len(texts)} answers",
            observed=f"{text.room} bytes from the pointer to the end of the memory",
            expected=f"{text.window} bytes or more",
        )


@rule(
    "POR-007",
    level="MUST",
    section="9",
    why="The reference host writes a reply of n bytes into alloc(n) and no NUL behind it: strlen "
    "reads on into what was there before.",
    fix={
        "c": "Let alloc take size + 1 bytes and set the last one to 0.",
        "go": "Let alloc make([]byte, size+1).",
        "rust": "Let alloc give vec![0; size + 1].",
        "zig": "Let alloc use allocSentinel(u8, size, 0).",
        "assemblyscript": "Let alloc take heap.alloc(size + 1) and store 0 at its end.",
    },
    codes=("portability.reply",),
    example="char *alloc(size_t n) { return malloc(n); }  // and strlen() on the reply",
    profile="zenoengine",
)
def test_por007_replies_need_no_nul(zeno_subject: Subject) -> None:
    """A reply is understood when no NUL is written behind it."""
    no_difference(zeno_subject.reference.replies, "with replies that have no NUL")


@rule(
    "POR-008",
    level="MUST",
    section="9",
    why="A variable that is not set comes as alloc(0), into which nothing is written: what that "
    "returns is read all the same.",
    fix={
        "c": "Let alloc(0) take one byte, too, and set it to 0.",
        "go": "Let alloc make([]byte, size+1), for a size of 0 as well.",
        "rust": "Let alloc give vec![0; size + 1]: an empty Vec has no memory of its own.",
    },
    example="Vec::<u8>::with_capacity(size).as_mut_ptr()  // 1 for a size of 0",
    profile="zenoengine",
)
def test_por008_unset_variables_are_empty(zeno_subject: Subject) -> None:
    """A variable that is not set is an empty text when it comes as alloc(0)."""
    no_difference(zeno_subject.reference.unset, "with variables unset, as alloc(0)")


@rule(
    "POR-009",
    level="MUST",
    section="9",
    why="The reference host writes requests with Go's encoding/json: names sorted, 2 for 2.0, "
    "1e+21 for large numbers, \\u003c for <. Who goes by the place or the spelling misses them.",
    fix={
        "c": "Find members by their names, wherever they stand (fixtures/hello-c/json.h).",
        "go": "Use encoding/json for the request.",
        "rust": "Use serde_json for the request.",
    },
    example='sscanf(parameters, "{\\"name\\":\\"%[^\\"]", name);',
    profile="zenoengine",
)
def test_por009_requests_as_go_writes_them(zeno_subject: Subject) -> None:
    """A request is answered alike when it is written as Go's encoding/json writes it."""
    no_difference(zeno_subject.reference.spelling, "with the request as Go writes it")


@rule(
    "POR-010",
    level="SHOULD",
    section="9",
    why="Every number becomes a float64: an id above 2^53 comes back as its neighbour's.",
    fix=everywhere("Answer large ids and counters as texts."),
    example='{"id": 9007199254740993}  // arrives as 9007199254740992',
    profile="zenoengine",
)
def test_por010_numbers_fit_float64(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """Every number of a response should be one that a float64 holds."""
    for one in answered(zeno_exchanges):
        theirs = read_response(one.response or b"").data
        expect(
            theirs == one.value.get("data"),
            f"{one.ask.name}: a number of the response is another one there",
            observed=as_json(theirs),
            expected=one.shown,
        )
