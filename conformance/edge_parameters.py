"""Rules on parameters at the edges of their types and sizes (ABI.md section 4, Request)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.verdict.rule import rule

if TYPE_CHECKING:
    from pytest_zeno.evidence.subject import Subject

FAMILY: Final = "parameters"


@rule(
    "PAR-010",
    level="MUST",
    section="4",
    why="Forms send empty fields, and code that looks at the first or last character of one "
    "looks outside of it.",
    example="char last = name[strlen(name) - 1];",
    fix={
        "c": "Check the length before text[0] and text[length - 1]; malloc(0) may return NULL.",
        "go": "Check len(text) before text[0] and text[len(text)-1].",
        "rust": "Use first(), last() and get(..) instead of [0] and slices.",
    },
    codes=("generated.empty",),
)
def test_par010_empty_values_are_answered(zeno_subject: Subject) -> None:
    """Empty texts, lists, maps and names in parameters are answered, not trapped on."""
    zeno_subject.generated.check("empty")


@rule(
    "PAR-011",
    level="MUST",
    section="4",
    why="Scripts turn text that looks like a number into one, so that a text arrives as 42 and a "
    "number as text.",
    example="value.as_str().unwrap().parse::<i64>().unwrap()",
    fix={
        "c": "Look at the first byte of each value before reading it as a type.",
        "go": "Use the two-value form everywhere: text, ok := value.(string).",
        "rust": "Match on the value's type, and answer the error of parse() instead of unwrap().",
    },
    codes=("generated.other_type",),
)
def test_par011_every_type_is_answered(zeno_subject: Subject) -> None:
    """A value of any other type in a parameter is answered, be it with a failure."""
    zeno_subject.generated.check("other_type")


@rule(
    "PAR-012",
    level="MUST",
    section="4",
    why="A conversion of a number to fewer bits traps in WebAssembly where other machines wrap it "
    "around.",
    example="int times = (int) strtod(value, NULL);",
    fix={
        "c": "Compare with the type's limits before (int)number; build with -mnontrapping-fptoint.",
        "go": "Compare with the type's limits before converting, and before using it as a length.",
        "rust": "Use try_from and checked_ operations, and answer what they refuse.",
    },
    codes=("generated.number",),
)
def test_par012_every_number_is_answered(zeno_subject: Subject) -> None:
    """A number of any size is answered: from -2^63 to 2^64 - 1, and every finite float."""
    zeno_subject.generated.check("number")


@rule(
    "PAR-013",
    level="MUST",
    section="4",
    why="A JSON reader written for letters and quotes meets a pasted form feed or an emoji in the "
    "field, and what it writes then is no JSON.",
    example="case 'n': out[n++] = 10; break; default: out[n++] = letter;  /* \\b, \\f, \\u */",
    fix={
        "c": "Escape every byte below 0x20 on writing, and resolve all eight escapes and \\u on "
        "reading.",
        "go": "Use json.Marshal for every text; cut []rune, not bytes.",
        "rust": "Use serde_json for every text; cut at char_indices, not at bytes.",
    },
    codes=("generated.character",),
)
def test_par013_every_character_is_answered(zeno_subject: Subject) -> None:
    """Texts and names of any characters, controls and those beyond U+FFFF too, are answered."""
    zeno_subject.generated.check("character")


@rule(
    "PAR-014",
    level="MUST",
    section="4",
    why="Once its escape is resolved, the NUL ends the text for strlen and the response for the "
    "host, in the middle of its JSON.",
    example="CString::new(name).unwrap()",
    fix={
        "c": "Keep a length beside each text, and write a NUL back as \\u0000.",
        "go": "Use json.Marshal for the response: it writes \\u0000.",
        "rust": "Use serde_json for the response; CString::new refuses a NUL, so do not unwrap it.",
    },
    codes=("generated.nul",),
)
def test_par014_nul_characters_are_answered(zeno_subject: Subject) -> None:
    r"""Texts and names with \u0000 in them are answered as any others."""
    zeno_subject.generated.check("nul")


@rule(
    "PAR-015",
    level="MUST",
    section="4",
    why="A buffer of fixed size is overrun, or cuts the response in the middle, by the first text "
    "that is longer than its author's own.",
    example='char out[1024]; snprintf(out, sizeof out, "{\\"success\\":true,…%s", name);',
    fix={
        "c": "Measure first and allocate, and check what snprintf returns; or answer a failure.",
        "go": "Let append grow the slice; do not copy into an array.",
        "rust": "Use String and Vec; do not copy_from_slice into an array.",
    },
    codes=("generated.long",),
)
def test_par015_every_length_is_answered(zeno_subject: Subject) -> None:
    """Texts and names of any length up to 64 KiB are answered, be it with a failure."""
    zeno_subject.generated.check("long")


@rule(
    "PAR-016",
    level="MUST",
    section="4",
    why="The host may add the whole scope to the parameters: a table of 128 tokens is full then.",
    example="jsmntok_t tokens[128];",
    fix={
        "c": "Count the tokens first (jsmn with NULL does), and allocate as many.",
        "go": "Decode into maps and slices, not into arrays.",
        "rust": "Decode into Vec and maps; no heapless or ArrayVec without checking push.",
    },
    codes=("generated.many",),
)
def test_par016_every_count_is_answered(zeno_subject: Subject) -> None:
    """Thousands of parameters, items and members are answered, be it with a failure."""
    zeno_subject.generated.check("many")


@rule(
    "PAR-017",
    level="MUST",
    section="4",
    why="A reader that calls itself for each level runs out of its stack, or of the array it "
    "keeps its brackets in.",
    example="char closing[16]; closing[depth++] = '}';",
    fix={
        "c": "Count the levels, and answer a failure beyond what the stack has room for.",
        "go": "Count the levels when walking a value; json.Unmarshal does.",
        "rust": "Count the levels in recursive functions; serde_json does when it reads.",
    },
    codes=("generated.deep",),
)
def test_par017_every_depth_is_answered(zeno_subject: Subject) -> None:
    """Parameters as deep as a message may be, 64 levels, are answered, be it with a failure."""
    zeno_subject.generated.check("deep")


@rule(
    "PAR-018",
    level="MUST",
    section="4",
    why="A search for a name in the bytes finds it in another parameter's map, and readers that "
    "fold case take Name for name: the slot acts on what nobody gave it.",
    example='char *at = strstr(request, "\\"name\\":");',
    fix={
        "c": "Step over whole values; compare names in full length, no strstr, no strncmp.",
        "go": "Decode into a map: struct fields of encoding/json match without case.",
        "rust": "Take members from the parameters object alone, by their whole name.",
    },
    codes=("generated.name",),
)
def test_par018_names_are_whole(zeno_subject: Subject) -> None:
    """A name that is nearly an input's, or stands deeper in the request, is not that input."""
    zeno_subject.generated.check("name")


@rule(
    "PAR-019",
    level="MUST",
    section="4",
    why="Go hosts write & as \\u0026 and others every character beyond ASCII: a reader that does "
    "not resolve escapes answers them, or half an emoji.",
    example="memcpy(name, value + 1, size - 2);",
    fix={
        "c": "Resolve \\uXXXX, both halves of a pair together, before using or comparing a text.",
        "go": "Let json.Unmarshal read the text; do not cut it out of the bytes.",
        "rust": "Let serde_json read the text; RawValue keeps the escapes.",
    },
    codes=("generated.escape",),
)
def test_par019_escapes_mean_their_characters(zeno_subject: Subject) -> None:
    r"""Text means the same whether its characters are written as they are or as \u escapes."""
    zeno_subject.generated.check("escape")


@rule(
    "PAR-020",
    level="MUST",
    section="4",
    why="What is written past a buffer, or left in a parser, is found by a caller who did nothing "
    "unusual.",
    example="static char last[256]; strcpy(last, name);",
    fix={
        "c": "Check every index against the size of what it points into; reset all state at the "
        "start of plugin_execute.",
        "go": "Build the response anew at every call, and no unsafe.Slice beyond what was given.",
        "rust": "Keep state out of static mut, and unsafe writes inside their buffers.",
    },
    codes=("generated.aftermath",),
)
def test_par020_unusual_calls_leave_nothing_broken(zeno_subject: Subject) -> None:
    """After a call with unusual parameters the next one is answered in order."""
    zeno_subject.generated.check("aftermath")
