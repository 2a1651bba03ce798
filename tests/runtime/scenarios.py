"""Cases of guests alone: answers, pointers, traps, exits, limits."""

from __future__ import annotations

from pytest_zeno.limits import Limits
from tests.runtime.cases import Case
from tests.runtime.guests import METADATA, OWN, RESPONSE, SLOTS, entry


def _copied(size: str) -> str:
    """Return the body of a `plugin_execute` that answers with its request and a NUL behind it."""
    return f"""(local.set $a (call $alloc (i32.add {size} (i32.const 1))))
      (memory.copy (local.get $a) (local.get $request) {size})
      (i32.store8 (i32.add (local.get $a) {size}) (i32.const 0)) (local.get $a)"""


ECHO = _copied("(local.get $request_size)")
ECHO_NAME = ECHO.replace("$request_size", "$name_size").replace("$request", "$name")
ASK = "(call $host_env_get (i32.const 8192) (i32.const 3))"
TEXT = {OWN: b"key and more"}

ANSWERS = (
    Case("a response", RESPONSE),
    Case("metadata and slots", SLOTS, steps=("init", "register")),
    Case("metadata", METADATA, steps=("init",)),
    Case("all of a life", None, steps=("init", "register", "execute", "execute", "cleanup")),
    Case("an empty response", b"", {"run": "(i32.const 9000)"}),
    Case("an odd address", b'"success":true}', {"run": "(i32.const 4097)"}),
    Case(
        "a NUL in the last byte of the memory",
        b"{}",
        {"run": "(i32.const 131069)", "data": {131069: b"{}\0"}},
    ),
    *(
        Case(
            f"a NUL {size} bytes behind the pointer",
            b"x" * size,
            {
                "run": f"(i32.const {131072 - 1 - size})",
                "data": {131072 - 1 - size: b"x" * size + b"\0"},
            },
        )
        for size in (1, 14, 15, 16, 17, 31, 32, 33, 63, 64, 65, 80, 127, 128, 129)
    ),
    *(
        Case(f"a request of {size} bytes", b"r" * size, {"run": ECHO}, request=b"r" * size)
        for size in (0, 1, 16_000, 16_376, 16_384, 16_385, 70_000, 1_048_576)
    ),
    *(
        Case(f"a slot name of {size} bytes", b"n" * size, {"run": ECHO_NAME}, name=b"n" * size)
        for size in (1, 300, 16_000, 16_384)
    ),
    Case("a slot name that no plugin can have", "limit.name", name=b"n" * 16_385),
    Case(
        "a large name with a large request",
        b"n" * 16_000,
        {"run": ECHO_NAME},
        name=b"n" * 16_000,
        request=b"r" * 16_000,
    ),
    Case(
        "an address above 2 GiB",
        b"{}",
        {
            "memory": '(memory (export "memory") 32770)',
            "run": """(i32.store16 (i32.const 0x80000100) (i32.const 0x7d7b))
                      (i32.const 0x80000100)""",
        },
        limits=Limits(memory="3GiB"),
    ),
    Case(
        "a response at the reply limit",
        b"r" * 1000,
        {"run": ECHO},
        request=b"r" * 1000,
        limits=Limits(reply=1000),
    ),
    Case(
        "memory that grew", RESPONSE, {"run": "(drop (memory.grow (i32.const 3))) (i32.const 4096)"}
    ),
)

POINTERS = (
    Case("a null pointer", "protocol.null_pointer", {"run": "(i32.const 0)"}),
    Case("the first byte behind the memory", "protocol.pointer", {"run": "(i32.const 131072)"}),
    Case("the highest address", "protocol.pointer", {"run": "(i32.const -1)"}),
    Case("an address that is negative", "protocol.pointer", {"run": "(i32.const -16)"}),
    Case("2 GiB", "protocol.pointer", {"run": "(i32.const 0x80000000)"}),
    Case(
        "no NUL to the end",
        "protocol.terminator",
        {
            "run": """(memory.fill (i32.const 131000) (i32.const 120) (i32.const 72))
                      (i32.const 131000)"""
        },
    ),
    Case(
        "no NUL in the last byte",
        "protocol.terminator",
        {"run": "(i32.store8 (i32.const 131071) (i32.const 1)) (i32.const 131071)"},
    ),
    Case(
        "metadata at a null pointer",
        "protocol.null_pointer",
        {"init": entry("plugin_init", "(i32.const 0)")},
        ("init",),
    ),
    Case(
        "a slot list outside",
        "protocol.pointer",
        {"register": entry("plugin_register_slots", "(i32.const -4)")},
        ("init", "register"),
    ),
    *(
        Case(
            f"alloc gives {pointer}, request of {size} bytes",
            code,
            {
                "alloc": f"""(func $alloc (export "alloc") (param i32) (result i32)
                               (i32.const {pointer}))"""
            },
            request=b"r" * size,
        )
        for pointer, code in (
            (0, "protocol.alloc_null"),
            (131072, "protocol.alloc"),
            (131070, "protocol.alloc"),
            (-1, "protocol.alloc"),
            (-16, "protocol.alloc"),
        )
        for size in (10, 20_000)
    ),
    Case(
        "alloc gives 0 for nothing",
        RESPONSE,
        {
            "alloc": """(func $alloc (export "alloc") (param $size i32) (result i32)
                          (select (i32.const 9000) (i32.const 0) (local.get $size)))"""
        },
        request=b"",
    ),
    Case(
        "alloc gives the end of the memory for nothing",
        RESPONSE,
        {
            "alloc": """(func $alloc (export "alloc") (param $size i32) (result i32)
                          (select (i32.const 9000) (i32.const 131072) (local.get $size)))"""
        },
        request=b"",
    ),
    Case(
        "a response above the reply limit",
        "limit.reply",
        {"run": ECHO},
        request=b"r" * 1001,
        limits=Limits(reply=1000),
    ),
)

_TABLE = "(table 2 funcref) (elem (i32.const 0) $of_two) (func $of_two (param i32 i32))"
_CALL = "(call_indirect (i32.const {})) (i32.const 4096)"

TRAPS = (
    Case("unreachable", "trap.unreachable", {"run": "(unreachable)"}),
    Case("a load outside", "trap.memory", {"run": "(i32.load (i32.const -4))"}),
    Case(
        "a division by zero",
        "trap.division_by_zero",
        {"run": "(i32.div_s (i32.const 1) (i32.const 0))"},
    ),
    Case(
        "an overflow of a division",
        "trap.integer_overflow",
        {"run": "(i32.div_s (i32.const 0x80000000) (i32.const -1))"},
    ),
    Case(
        "a float that is no number", "trap.conversion", {"run": "(i32.trunc_f32_s (f32.const nan))"}
    ),
    Case("a table access outside", "trap.table", {"run": _CALL.format(5), "extra": _TABLE}),
    Case("an empty table entry", "trap.call_null", {"run": _CALL.format(1), "extra": _TABLE}),
    Case("a call of the wrong type", "trap.call_type", {"run": _CALL.format(0), "extra": _TABLE}),
    Case(
        "recursion without end",
        "trap.stack_overflow",
        {"run": "(call $execute (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))"},
    ),
    Case(
        "a trap in init",
        "trap.unreachable",
        {"init": entry("plugin_init", "(unreachable)")},
        ("init",),
    ),
    Case(
        "a trap in cleanup",
        "trap.unreachable",
        {"cleanup": '(func (export "plugin_cleanup") (unreachable))'},
        ("execute", "cleanup"),
    ),
    *(
        Case(
            f"a trap in alloc, request of {size} bytes",
            "trap.unreachable",
            {"alloc": '(func $alloc (export "alloc") (param i32) (result i32) (unreachable))'},
            request=b"r" * size,
        )
        for size in (10, 20_000)
    ),
    Case(
        "a trap in free",
        "trap.unreachable",
        {"extra": '(func (export "free") (param i32) (unreachable))'},
    ),
    Case(
        "a trap in a start section",
        "trap.unreachable",
        {"extra": "(func $first (unreachable)) (start $first)"},
    ),
    *(
        Case(
            f"a trap in {name}",
            "trap.unreachable",
            {"extra": f'(func (export "{name}") (unreachable))'},
        )
        for name in ("_initialize", "_start")
    ),
    Case(
        "log lines before a trap",
        "trap.unreachable",
        {
            "imports": ("host_log",),
            "data": TEXT,
            "run": """(call $host_log (i32.const 8192) (i32.const 3) (i32.const 8196) (i32.const 3))
                      (unreachable)""",
        },
    ),
    Case(
        "a panic message before a trap",
        "trap.unreachable",
        {
            "imports": ("fd_write",),
            "data": {OWN: (8200).to_bytes(4, "little") + (5).to_bytes(4, "little") + b"panic"},
            "run": """(drop (call $fd_write
                        (i32.const 2) (i32.const 8192) (i32.const 1) (i32.const 9000)))
                      (unreachable)""",
        },
    ),
)

_EXIT = {"imports": ("proc_exit",)}

EXITS = (
    *(
        Case(
            f"an exit with {status} in execute",
            "exit.proc_exit",
            _EXIT | {"run": f"(call $proc_exit (i32.const {status})) (unreachable)"},
        )
        for status in (0, 1, 255)
    ),
    Case(
        "an exit in init",
        "exit.proc_exit",
        _EXIT | {"init": entry("plugin_init", "(call $proc_exit (i32.const 1)) (unreachable)")},
        ("init",),
    ),
    Case(
        "an exit in register",
        "exit.proc_exit",
        _EXIT
        | {
            "register": entry(
                "plugin_register_slots", "(call $proc_exit (i32.const 0)) (unreachable)"
            )
        },
        ("init", "register"),
    ),
    Case(
        "an exit in cleanup",
        "exit.proc_exit",
        _EXIT | {"cleanup": '(func (export "plugin_cleanup") (call $proc_exit (i32.const 0)))'},
        ("cleanup",),
    ),
    Case(
        "an exit with 3 in _start",
        "exit.proc_exit",
        _EXIT | {"extra": '(func (export "_start") (call $proc_exit (i32.const 3)))'},
    ),
    Case(
        "an exit with 0 in _initialize",
        "exit.proc_exit",
        _EXIT | {"extra": '(func (export "_initialize") (call $proc_exit (i32.const 0)))'},
    ),
    Case(
        "an exit with 0 in _start, then host calls",
        b"value",
        {
            "imports": ("proc_exit", "host_env_get"),
            "data": TEXT,
            "run": ASK,
            "extra": '(func (export "_start") (call $proc_exit (i32.const 0)) (unreachable))',
        },
        ("init", "execute", "execute"),
        replies={"host_env_get": b"value"},
    ),
    Case(
        "an exit with 0 in _start, then an exit in execute",
        "exit.proc_exit",
        _EXIT
        | {
            "run": "(call $proc_exit (i32.const 7)) (unreachable)",
            "extra": '(func (export "_start") (call $proc_exit (i32.const 0)) (unreachable))',
        },
    ),
)

_SHORT = Limits(timeout=0.05)
_SHORT_START = Limits(load_timeout=0.2)
_FOR_EVER = "(loop $for_ever (br $for_ever))"

LIMITS = (
    Case("a loop without end", "limit.time", {"run": _FOR_EVER + "(unreachable)"}, limits=_SHORT),
    Case(
        "a loop of large fills",
        "limit.time",
        {
            "run": """(loop $for_ever
              (memory.fill (i32.const 65536) (i32.const 1) (i32.const 65536)) (br $for_ever))
              (unreachable)"""
        },
        limits=_SHORT,
    ),
    Case(
        "init without end",
        "limit.time",
        {"init": entry("plugin_init", _FOR_EVER + "(unreachable)")},
        ("init",),
        limits=_SHORT,
    ),
    Case(
        "cleanup without end",
        "limit.time",
        {"cleanup": f'(func (export "plugin_cleanup") {_FOR_EVER})'},
        ("cleanup",),
        limits=_SHORT,
    ),
    Case(
        "a start section without end",
        "limit.time",
        {"extra": f"(func $first {_FOR_EVER}) (start $first)"},
        limits=_SHORT_START,
    ),
    Case(
        "_initialize without end",
        "limit.time",
        {"extra": f'(func (export "_initialize") {_FOR_EVER})'},
        limits=_SHORT_START,
    ),
    Case(
        "memory grown until it is refused",
        RESPONSE,
        {
            "run": """(loop $more
              (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (i32.const 4096)"""
        },
        limits=Limits(memory="4MiB"),
    ),
    Case(
        "more memory than allowed at first",
        "limit.instantiate",
        {"memory": '(memory (export "memory") 100)'},
        limits=Limits(memory="4MiB"),
    ),
    Case(
        "more table entries than allowed",
        "limit.instantiate",
        {"extra": "(table 100001 funcref)"},
    ),
    Case("as many tables as allowed", RESPONSE, {"extra": "(table 1 funcref)" * 8}),
    Case("more tables than allowed", "limit.instantiate", {"extra": "(table 1 funcref)" * 9}),
    Case(
        "a data segment outside the memory",
        "trap.memory",
        {"data": {131072: b"x"}},
    ),
)

CASES = (*ANSWERS, *POINTERS, *TRAPS, *EXITS, *LIMITS)
