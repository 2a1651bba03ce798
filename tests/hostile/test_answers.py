"""Hostile answers and requests, each from a guest in a whole host.

``tests/protocol`` reads the same lines without a guest; here pointers, sizes, the manifest's name
and the requests of host functions come in.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_zeno import ZenoHost
from pytest_zeno.errors import LimitError, ProtocolError, ZenoError
from tests.host.plugins import GRANTS, write
from tests.protocol.test_corpus import LINES, _reply
from tests.runtime.guests import OWN, entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = 65536
ROOM = 16 * PAGE
"""Where long answers stand: behind all that alloc gives."""
_COPIES = """(local.set $a (i32.const {at})) (loop {label}
  (memory.copy (local.get $a) (i32.const {source}) (i32.const {size}))
  (br_if {label} (i32.lt_u
    (local.tee $a (i32.add (local.get $a) (i32.const {size}))) (i32.const {end}))))"""
"""Code that writes a text again and again, up to an address."""
_OVERRULED = {"pd106": "accept"}
"""1.8 MB is within the 16 MiB of PERMISSIONS.md."""

ANSWERS = [line for line in LINES if line["category"] != "request"]
REQUESTS = [line for line in LINES if line["category"] == "request"]
_PHASES = {"init": "plugin_init", "slots": "plugin_register_slots", "execute": "plugin_execute"}
_ARGUMENTS = {"init": "init", "slots": "register", "execute": "run"}
_ERRORS = {"init": "init", "slots": "register", "execute": "execute"}


@pytest.fixture
def host() -> Iterator[ZenoHost]:
    """A host with nothing in it."""
    with ZenoHost() as host:
        yield host


def _parts(line: dict[str, Any]) -> dict[str, Any]:
    """Return what makes a guest that gives the answer of a line."""
    reply = b"" if "reply_text" not in line and "pointer" in line else _reply(line)
    end = b"" if line.get("nul") is False else b"\0"
    at = ROOM if "reply_build" in line else OWN
    pages = max(2, (at + len(reply) + PAGE) // PAGE)
    if line.get("place") == "end":
        at = pages * PAGE - len(reply + end)
    at += line.get("pointer_align", 0)
    pointer = line.get("pointer", at)
    if isinstance(pointer, str):
        pointer = pages * PAGE + int(pointer.removeprefix("mem_size") or 0)
    code, data = _written(line, at) if "reply_build" in line else ("", {at: reply + end})
    code += f" (i32.const {pointer})"
    name = _ARGUMENTS[line["phase"]]
    return {
        name: code if name == "run" else entry(_PHASES[line["phase"]], f"(local $a i32) {code}"),
        "memory": f'(memory (export "memory") {pages})',
        "data": data,
    }


def _written(line: dict[str, Any], at: int) -> tuple[str, dict[int, bytes]]:
    """Return the code and the data that put a long answer into memory, and a NUL behind it."""
    build = line["reply_build"]
    code, data = "", {}
    for member, label in (("prefix", ""), ("unit", "$a1"), ("mid", ""), ("unit2", "$a2")):
        text = build.get(member, "").encode()
        if label and text:
            source, end = OWN + 1024 * len(data), at + len(text) * build["times"]
            data[source] = text
            code += _COPIES.format(at=at, label=label, source=source, size=len(text), end=end)
            at = end
        else:
            data[at] = text
            at += len(text)
    return code, data | {at: build["suffix"].encode() + b"\0"}


def _version(line: dict[str, Any]) -> str:
    """Return the version that a line's metadata names, for the manifest."""
    try:
        version = json.loads(_reply(line))["version"] if line["phase"] == "init" else "1.0.0"
    except (ValueError, KeyError, TypeError):
        return "1.0.0"
    return version if isinstance(version, str) and version.isascii() else "1.0.0"


def _lived(host: ZenoHost, folder: Path) -> ZenoError | None:
    """Load, call and close a plugin; return the error that ended it."""
    try:
        with host.load(folder) as plugin:
            for slot in plugin.slots[:1]:
                plugin.call(slot.name)
    except ZenoError as error:
        return error
    return None


@pytest.mark.parametrize("line", ANSWERS, ids=lambda line: f"{line['id']} {line['why']}")
def test_an_answer_is_accepted_or_refused_by_a_host(
    line: dict[str, Any], host: ZenoHost, tmp_path: Path
) -> None:
    """As the line says, with an error that names plugin and phase; the host goes on."""
    write(tmp_path / "evil", "evil", version=_version(line), **_parts(line))
    error = _lived(host, tmp_path / "evil")
    if _OVERRULED.get(line["id"], line["expect"]) == "accept":
        assert error is None
    else:
        assert isinstance(error, ProtocolError | LimitError)
        assert (error.plugin, error.phase) == ("evil", _ERRORS[line["phase"]])
    assert host.load(write(tmp_path / "good", "good")).call("good.run").success


def _requested(line: dict[str, Any]) -> tuple[str, bytes]:
    """Return pointer and length of a request, as code, and its bytes."""
    request = line["request"]
    if "ptr" in request:
        at = str(request["ptr"]).replace("mem_size", str(2 * PAGE))
        start, _, less = at.partition("-") if not at.startswith("-") else (at, "", "")
        return f"(i32.const {int(start) - int(less or 0)}) (i32.const {request['len']})", b""
    if "build" in request:
        build = request["build"]
        data = (build["prefix"] + build["unit"] * build["times"] + build["suffix"]).encode()
    else:
        data = bytes.fromhex(request["hex"]) if "hex" in request else request["text"].encode()
    return f"(i32.const {ROOM}) (i32.const {len(data)})", data


def _asking(line: dict[str, Any]) -> dict[str, Any]:
    """Return what makes a guest that asks for a line's request, and answers how that went."""
    code, data = _requested(line)
    pages = 2 if not data else (ROOM + len(data)) // PAGE + 1
    call = f"(call ${line['fn']} {code})"
    if line["fn"] == "host_log":
        run = f"(call $host_log (i32.const 0) (i32.const 0) {code}) (i32.const 4096)"
    elif line["fn"].endswith(("_set", "_write")):
        run = f"(select (i32.const 4096) (i32.const {OWN}) {call})"
    else:
        run = call
    return {
        "run": run,
        "imports": (line["fn"],),
        "memory": f'(memory (export "memory") {pages})',
        "data": {OWN: b'{"success":false,"error":"refused"}\0'} | ({ROOM: data} if data else {}),
    }


@pytest.mark.parametrize("line", REQUESTS, ids=lambda line: f"{line['id']} {line['why']}")
def test_a_request_that_cannot_be_served_is_the_guests_failure(
    line: dict[str, Any], host: ZenoHost, tmp_path: Path
) -> None:
    """It is told, goes on, and the ledger names its breach."""
    write(tmp_path / "evil", "evil", manifest=GRANTS, **_asking(line))
    plugin = host.load(tmp_path / "evil")
    result = plugin.call("evil.run")
    assert result.success is (line["fn"] == "host_log")  # which has no answer
    (call,) = result.host_calls
    assert (call.function, call.allowed) == (line["fn"], False)
    assert result.logs == ()
    assert plugin.call("evil.run").success is result.success


def test_no_line_is_left_out() -> None:
    """Each is an answer or a request."""
    assert (len(ANSWERS), len(REQUESTS)) == (111, 10)
