"""Cases of guests that call the host; test_agreement.py runs them on both call paths."""

from __future__ import annotations

from typing import Any

from pytest_zeno.limits import Limits
from pytest_zeno.runtime import abi
from tests.runtime.cases import Case
from tests.runtime.guests import ALLOC, OWN, RESPONSE, entry

TEXT = {OWN: b"key and more"}
ASK = "(call $host_env_get (i32.const 8192) (i32.const 3))"
DONE = "(i32.const 4096)"


def _log(message: str = "(i32.const 8196)", size: str = "(i32.const 3)") -> str:
    return f"(call $host_log (i32.const 8192) (i32.const 3) {message} {size})"


def _times(count: int, body: str) -> str:
    return f"""(loop $again {body}
      (br_if $again (i32.lt_u
        (local.tee $c (i32.add (local.get $c) (i32.const 1))) (i32.const {count}))))"""


def _asking(*names: str, run: str, **more: Any) -> dict[str, Any]:
    return {"imports": names, "data": TEXT, "run": run, **more}


_TEXTS = tuple(
    name for name in abi.HOST_FUNCTIONS if name not in abi.ANSWER_NUMBERS and name != "host_log"
)
_NUMBERS = tuple(sorted(abi.ANSWER_NUMBERS))
_NUMBER = """(select (i32.const 4096) (i32.const 1024)
  (call ${} (i32.const 8192) (i32.const {})))"""

_OWN_ALLOC = """(func $alloc (export "alloc") (param $size i32) (result i32)
  {} (call $inner (local.get $size)))"""
_INNER = ALLOC.replace('$alloc (export "alloc")', "$inner")

REPLIES = (
    *(
        Case(
            f"{name} answers with a text",
            b"answer",
            _asking(name, run=f"(call ${name} (i32.const 8192) (i32.const 3))"),
            replies={name: b"answer"},
        )
        for name in _TEXTS
    ),
    *(
        Case(
            f"{name} answers {done}",
            RESPONSE if done else b'{"name":"test","version":"1.0.0"}',
            _asking(name, run=_NUMBER.format(name, 3)),
            replies={name: done},
        )
        for name in _NUMBERS
        for done in (True, False)
    ),
    *(
        Case(
            f"a reply of {size} bytes",
            b"r" * size,
            _asking("host_env_get", run=ASK),
            replies={"host_env_get": b"r" * size},
        )
        for size in (0, 1, 65_535, 65_536, 65_537, 1_048_576)
    ),
    Case(
        "an empty request",
        b"",
        _asking("host_env_get", run="(call $host_env_get (i32.const 8192) (i32.const 0))"),
    ),
    Case(
        "a request of 100,000 bytes",
        b"",
        _asking("host_env_get", run="(call $host_env_get (i32.const 0) (i32.const 100000))"),
    ),
    Case(
        "host calls in every phase",
        None,
        _asking(
            "host_env_get",
            "host_log",
            run=f"{_log()} {ASK}",
            init=entry("plugin_init", f"{_log()} (drop {ASK}) (i32.const 1024)"),
            register=entry("plugin_register_slots", f"(drop {ASK}) {_log()} (i32.const 2048)"),
            cleanup=f'(func (export "plugin_cleanup") {_log()} (drop {ASK}))',
        ),
        ("init", "register", "execute", "cleanup"),
    ),
    Case(
        "a host call in alloc of the request",
        RESPONSE,
        _asking(
            "host_env_get",
            run=DONE,
            alloc=_INNER
            + _OWN_ALLOC.format(
                "(if (i32.gt_u (local.get $size) (i32.const 20)) (then (drop " + ASK + ")))"
            ),
        ),
    ),
    Case(
        "host calls before the guest is there",
        RESPONSE,
        _asking(
            "host_env_get",
            "host_log",
            run=DONE,
            extra=f"""(func $first {_log()} (if {ASK} (then (unreachable)))) (start $first)
              (func (export "_initialize") {_log()} (if {ASK} (then (unreachable))))""",
        ),
    ),
    Case(
        "the same import twice",
        b"answer",
        _asking(
            run="(call $host_env_get (i32.const 8192) (i32.const 3))",
            raw_imports="".join(
                f'(import "env" "host_env_get" (func {name} (param i32 i32) (result i32)))'
                for name in ("$host_env_get", "$other")
            ),
        ),
        replies={"host_env_get": b"answer"},
    ),
)

OUTSIDE = (
    *(
        Case(
            f"a request at {at}, {size} bytes",
            b"outside",
            _asking(
                "host_env_get", run=f"(call $host_env_get (i32.const {at}) (i32.const {size}))"
            ),
        )
        for at, size in ((131070, 3), (131072, 1), (-1, 1), (-1, -1), (0, 131073), (16, -16))
    ),
    Case(
        "nothing at the end of the memory",
        b"",
        _asking("host_env_get", run="(call $host_env_get (i32.const 131072) (i32.const 0))"),
    ),
    *(
        Case(
            f"{name} with a request outside",
            b'{"name":"test","version":"1.0.0"}',
            _asking(name, run=_NUMBER.format(name, -1)),
            replies={name: True},
        )
        for name in _NUMBERS
    ),
    Case(
        "a log line outside",
        RESPONSE,
        _asking("host_log", run=_log("(i32.const -4)") + _log(size="(i32.const -1)") + DONE),
    ),
    Case(
        "no room for a reply",
        "protocol.null_pointer",
        _asking(
            "host_env_get",
            run=ASK,
            alloc=_INNER
            + _OWN_ALLOC.format(
                "(if (i32.eq (local.get $size) (i32.const 7)) (then (return (i32.const 0))))"
            ),
        ),
        replies={"host_env_get": b"answer"},
    ),
    Case(
        "room outside for a reply, and on it goes",
        RESPONSE,
        _asking(
            "host_env_get",
            run=f"(if {ASK} (then (unreachable))) {DONE}",
            alloc=_INNER
            + _OWN_ALLOC.format(
                "(if (i32.eq (local.get $size) (i32.const 7)) (then (return (i32.const -7))))"
            ),
        ),
        ("execute", "execute"),
        replies={"host_env_get": b"answer"},
    ),
)

NESTED = (
    Case(
        "a host call while alloc answers one",
        b"answer",
        _asking(
            "host_env_get",
            "host_log",
            run=ASK,
            alloc=_INNER
            + _OWN_ALLOC.format(
                f"""(if (i32.eq (local.get $size) (i32.const 7))
              (then {_log()} (if {ASK} (then (unreachable)))))"""
            ),
        ),
        ("execute", "execute"),
        replies={"host_env_get": b"answer"},
    ),
    Case(
        "a large reply, and WASI in alloc",
        b"r" * 70_000,
        _asking(
            "host_env_get",
            "clock_time_get",
            "random_get",
            run=ASK,
            alloc=_INNER
            + _OWN_ALLOC.format(
                """(drop (call $random_get (i32.const 9000) (i32.const 8)))
                   (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 9000)))"""
            ),
        ),
        replies={"host_env_get": b"r" * 70_000},
    ),
)

LOGS = (
    Case("a log line", RESPONSE, _asking("host_log", run=_log() + DONE)),
    Case("an empty log line", RESPONSE, _asking("host_log", run=_log(size="(i32.const 0)") + DONE)),
    Case(
        "a log line before, between and after host calls",
        RESPONSE,
        _asking(
            "host_log",
            "host_env_get",
            run=f"{_log()} (drop {ASK}) {_log()} (drop {ASK}) {_log()} {DONE}",
        ),
    ),
    Case(
        "a log line that is cut",
        RESPONSE,
        _asking("host_log", run=_log("(i32.const 0)", "(i32.const 9000)") + DONE),
    ),
    Case(
        "a level that is cut",
        RESPONSE,
        _asking(
            "host_log",
            run="""(call $host_log
          (i32.const 0) (i32.const 1000) (i32.const 8192) (i32.const 3))"""
            + DONE,
        ),
    ),
    Case("1,500 log lines", RESPONSE, _asking("host_log", run=_times(1500, _log()) + DONE)),
    Case(
        "a flood between host calls has one notice",
        RESPONSE,
        _asking("host_log", "host_env_get", run=_times(30, f"{_log()} (drop {ASK})") + DONE),
        limits=Limits(log_records=10),
    ),
    Case(
        "each entry has limits of its own",
        RESPONSE,
        _asking("host_log", run=_times(15, _log()) + DONE),
        ("execute", "execute"),
        limits=Limits(log_records=10),
    ),
    Case(
        "more bytes of log than an entry may write",
        RESPONSE,
        _asking("host_log", run=_times(100, _log("(i32.const 0)", "(i32.const 9000)")) + DONE),
        limits=Limits(log_bytes="64KiB"),
    ),
    Case(
        "more than the ring holds",
        RESPONSE,
        _asking("host_log", run=_times(40, _log("(i32.const 0)", "(i32.const 100000)")) + DONE),
        limits=Limits(log_record="1MiB", log_bytes="8MiB"),
    ),
    Case(
        "log lines in free",
        RESPONSE,
        _asking(
            "host_log",
            run=_log() + DONE,
            extra=f'(func (export "free") (param i32) (local $c i32) {_times(5, _log())})',
        ),
        ("execute", "execute"),
        limits=Limits(log_records=4),
    ),
    Case(
        "dropped lines before a trap",
        "trap.unreachable",
        _asking("host_log", run=_times(15, _log()) + "(unreachable)"),
        limits=Limits(log_records=10),
    ),
    Case(
        "limits larger than the guest can count",
        RESPONSE,
        _asking("host_log", run=_log() + DONE),
        limits=Limits(log_records=2**40, log_bytes=2**40, log_record=2**40),
    ),
)

HOST_CALLS = (*REPLIES, *OUTSIDE, *NESTED, *LOGS)
