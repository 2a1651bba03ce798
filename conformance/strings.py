"""Rules on texts and memory (ABI.md section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.evidence.answers import paired
from pytest_zeno.verdict.broken import expect, no_failures
from pytest_zeno.verdict.rule import rule

if TYPE_CHECKING:
    from pytest_zeno.errors import Phase
    from pytest_zeno.evidence.exchanges import Exchange
    from pytest_zeno.evidence.subject import Subject

_TEXTS: Final[tuple[Phase, ...]] = ("init", "register", "execute")
"""The phases in which the plugin answers with a text."""

_WINDOWS: Final = {"metadata": 4096, "slot list": 8192, "response": 16384}
"""Bytes of the reference host's windows."""


@rule(
    "STR-001",
    level="MUST",
    section="3",
    why="0 is what a failed allocation or a forgotten return gives; a host that reads there gets "
    "whatever stands at the start of the memory.",
    example="char *out = malloc(n); return out;  // 0 when there is no memory left",
    fix={
        "c": "Return the buffer's address on every path, and a static failure text when malloc "
        "fails.",
        "go": "Return the address of a buffer that a package variable keeps alive.",
        "rust": "Return CString::into_raw(), or the address of a static failure text.",
    },
    codes=("protocol.null_pointer",),
)
def test_str001_no_text_is_at_zero(zeno_subject: Subject) -> None:
    """No function answers with a null pointer."""
    no_failures("STR-001", zeno_subject, *_TEXTS)


@rule(
    "STR-002",
    level="MUST",
    section="3",
    why="A packed (pointer, length), an error code such as -1 or a 64-bit address cut to 32 bits "
    "points outside the memory.",
    example="return (uint32_t)text | length << 16;  // pointer and length in one",
    fix={
        "c": "Return the address itself, not an error code and not a packed pair.",
        "go": "Return uint32(uintptr(unsafe.Pointer(&buffer[0]))).",
        "rust": "Return the pointer itself; pointer and length in one u64 is another contract.",
    },
    codes=("protocol.pointer",),
)
def test_str002_every_text_is_inside_the_memory(zeno_subject: Subject) -> None:
    """Every pointer that a function answers with lies inside the memory."""
    no_failures("STR-002", zeno_subject, *_TEXTS)


@rule(
    "STR-003",
    level="MUST",
    section="3",
    why="Texts of Go and Rust carry a length and no NUL: the host reads on into what lies behind "
    "them, and answers change with what was there before.",
    example="return uint32(uintptr(unsafe.Pointer(unsafe.StringData(text))))",
    fix={
        "c": "Write '\\0' behind the last byte, and allocate one byte for it.",
        "go": "Append a zero byte before taking the address: append([]byte(text), 0).",
        "rust": "Use CString, or push(0) before taking the pointer.",
        "zig": "Answer a [:0]const u8: literals are, dupeZ and allocPrintSentinel make one.",
        "assemblyscript": "Use String.UTF8.encode(text, true), which writes the NUL.",
    },
    codes=("protocol.terminator",),
)
def test_str003_every_text_ends_with_nul(zeno_subject: Subject) -> None:
    """Every text that a function answers with ends with a NUL byte inside the memory."""
    no_failures("STR-003", zeno_subject, *_TEXTS)


@rule(
    "STR-004",
    level="MUST",
    section="3",
    why="Cutting a text at a byte count splits characters, and Latin-1 data passes unnoticed as "
    "long as it is ASCII.",
    example="String::from_utf8_unchecked(bytes[..100].to_vec())",
    fix={
        "c": "Cut texts only before a byte that is not 10xxxxxx; convert Latin-1 data.",
        "go": "Cut []rune, not bytes; clean foreign data with strings.ToValidUTF8.",
        "rust": "Use String and char_indices(), not from_utf8_unchecked and byte slices.",
        "assemblyscript": "Use String.UTF8.encode: what a string points to is UTF-16.",
    },
    codes=("protocol.utf8",),
)
def test_str004_every_text_is_utf8(zeno_subject: Subject) -> None:
    """Every text that a function answers with is UTF-8."""
    no_failures("STR-004", zeno_subject, *_TEXTS)


@rule(
    "STR-005",
    level="MUST",
    section="PERMISSIONS.md, Replies",
    why="A file that an editor saved with a byte order mark and the build embedded is no JSON.",
    example='const METADATA: &str = include_str!("plugin.json");  // saved with a BOM',
    fix={
        "c": "Save the embedded file as UTF-8 without BOM.",
        "go": "Save the //go:embed file as UTF-8 without BOM.",
        "rust": "Save the include_str! file as UTF-8 without BOM.",
    },
    codes=("protocol.bom",),
)
def test_str005_no_text_starts_with_a_bom(zeno_subject: Subject) -> None:
    """No text that a function answers with starts with a byte order mark."""
    no_failures("STR-005", zeno_subject, *_TEXTS)


@rule(
    "STR-006",
    level="MUST",
    section="2",
    why="An alloc with a fixed buffer is full at the first large request: the host has nowhere "
    "to write.",
    example="static char arena[65536]; void *alloc(size_t n) { return n > left ? 0 : take(n); }",
    fix={
        "c": "Let alloc call malloc, or grow the memory with __builtin_wasm_memory_grow.",
        "go": "Let alloc make([]byte, size) and keep it in a map until it is released.",
        "rust": "Let alloc use Vec::with_capacity(size) and mem::forget; size 0 may give anything.",
        "assemblyscript": "Let alloc call heap.alloc(size).",
    },
    codes=("protocol.alloc_null",),
)
def test_str006_alloc_never_returns_zero(zeno_subject: Subject) -> None:
    """The function alloc does not return 0 for a size above 0."""
    no_failures("STR-006", zeno_subject, "execute")


@rule(
    "STR-007",
    level="MUST",
    section="2",
    why="A bump allocator that moves its pointer without growing the memory hands out addresses "
    "that are not there.",
    example="void *alloc(size_t n) { void *at = top; top += n; return at; }",
    fix={
        "c": "Compare the end of the block with __builtin_wasm_memory_size(0) * 65536, and grow.",
        "go": "Let alloc make([]byte, size): the runtime grows the memory.",
        "rust": "Use the global allocator: it grows the memory.",
    },
    codes=("protocol.alloc",),
)
def test_str007_alloc_gives_room(zeno_subject: Subject) -> None:
    """What alloc returns has as many bytes behind it, inside the memory, as were asked for."""
    no_failures("STR-007", zeno_subject, "execute")


@rule(
    "STR-008",
    level="MUST",
    section="3",
    why="strcmp and strlen on an argument work while fresh memory is zero, and fail after a call "
    "that left other bytes there.",
    example='if (strcmp(name, "hello.greet") == 0)',
    fix={
        "c": "Compare with memcmp and the given length; no strlen, strcmp or sscanf on arguments.",
        "go": "Build the text with unsafe.String(pointer, size); do not search for a NUL.",
        "rust": "Use slice::from_raw_parts(pointer, size); never CStr::from_ptr on arguments.",
        "zig": "Use pointer[0..size]; never std.mem.span on arguments.",
        "assemblyscript": "Use String.UTF8.decodeUnsafe(pointer, size), without nullTerminated.",
    },
)
def test_str008_arguments_are_as_long_as_said(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """Arguments are read by their length, and the byte behind them means nothing."""
    goes_on = {
        one.ask.name
        for one, other in paired(zeno_exchanges, "after_failure", "valid")
        if one.success == other.success
    }
    for one, other in paired(zeno_exchanges, "after_longer", "valid"):
        expect(
            one.success == other.success or one.ask.name not in goes_on,
            f"{one.ask.name}: after a call with a longer name and request the same request is "
            "answered differently",
            observed=one.shown,
            expected=other.shown,
        )


@rule(
    "STR-010",
    level="SHOULD",
    section="3",
    why="The reference host reads fixed windows: a longer text is cut, and is no JSON then.",
    example="A slot list with a page of documentation in each description.",
    fix={
        "c": "Shorten descriptions and examples; answer large results in parts.",
        "go": "Shorten descriptions and examples; answer large results in parts.",
        "rust": "Shorten descriptions and examples; answer large results in parts.",
    },
    profile="contract",
)
def test_str010_texts_fit_the_windows(
    zeno_subject: Subject, zeno_exchanges: tuple[Exchange, ...]
) -> None:
    """For the reference host, metadata should fit 4,096 bytes, slots 8,192, a response 16,384."""
    ordinary = [len(one.response) for one in zeno_exchanges if one.response and one.kind != "large"]
    sizes = {
        "metadata": len(zeno_subject.metadata_text),
        "slot list": len(zeno_subject.slots_text),
        "response": max(ordinary, default=0),
    }
    for what, window in _WINDOWS.items():
        expect(
            sizes[what] < window,
            f"the {what} has {sizes[what]} bytes and a NUL, the reference host reads {window}",
            observed=f"{sizes[what]} bytes",
            expected=f"at most {window - 1} and the NUL",
        )
