"""Ninety-four hostile guests: each is refused or ended, and the process goes on.

``data/hostile/index.json`` says for each file what must come of it, and which other outcomes are
as safe.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import wasmtime

from pytest_zeno.errors import ExitError, LimitError, LoadError, ProtocolError, TrapError, ZenoError
from pytest_zeno.limits import Limits
from pytest_zeno.protocol import strict
from pytest_zeno.runtime.instance import check_module
from pytest_zeno.runtime.module import GuestModule
from pytest_zeno.text import LOG, visible
from tests.runtime.guests import RESPONSE, Calls, guest, module

if TYPE_CHECKING:
    from pytest_zeno.runtime.instance import Instance

FOLDER = Path(__file__).with_name("data") / "hostile"
INDEX = json.loads(FOLDER.joinpath("index.json").read_text("utf-8"))
GUESTS = [entry for entry in INDEX if "file" in entry]
"""The others are large and are built: tests/hostile."""
LIMITS = Limits(timeout=0.1, load_timeout=0.3)
"""For guests that may end at a deadline; the others are not hurried."""
_OUTCOMES = {
    LoadError: "reject_load",
    TrapError: "trap",
    ExitError: "exit",
    LimitError: "limit",
    ProtocolError: "protocol_error",
}


def _binary(name: str) -> bytes:
    data = FOLDER.joinpath(name).read_bytes()
    return bytes(wasmtime.wat2wasm(data)) if name.endswith(".wat") else data


def _live(name: str, path: type[Instance], calls: Calls, limits: Limits) -> None:
    """Take a guest through the whole of a life."""
    loaded = GuestModule(_binary(name), limits)
    check_module(loaded)
    instance = path(loaded, calls, limits, plugin="evil")
    try:
        strict.decode(instance.init())
        strict.decode(instance.register())
        strict.decode(instance.execute(b"evil.run", b'{"slot_name":"evil.run","parameters":{}}'))
        instance.cleanup()
    finally:
        instance.close()


def _outcomes(name: str, path: type[Instance], limits: Limits) -> set[str]:
    calls = Calls()
    try:
        _live(name, path, calls, limits)
    except ZenoError as error:
        return _named(error)
    assert sum(entry[0] == "log" for entry in calls.heard) <= 5 * limits.log_records
    return {"ok", "ok_sanitized"}


def _named(error: ZenoError) -> set[str]:
    assert all(visible(line, LOG) == line for line in str(error).split("\n"))
    found = {"timeout" if error.code == "limit.time" else _OUTCOMES[type(error)]}
    return found | ({"reject_load"} if error.phase in ("load", "start", "init") else set())


@pytest.mark.parametrize("entry", GUESTS, ids=lambda entry: entry["name"])
def test_a_hostile_guest_does_no_harm(entry: dict[str, Any], path: type[Instance]) -> None:
    """It comes to what the index says, its error is fit to print, and the next guest works."""
    allowed = {entry["expect"], *entry.get("also", ())}
    limits = LIMITS if "timeout" in allowed else Limits()
    assert _outcomes(entry["file"], path, limits) & allowed
    good = path(module(guest()), Calls(), Limits())
    assert good.execute(b"test.run", b"{}") == RESPONSE
    good.close()


def test_every_file_has_its_line() -> None:
    """None is left out."""
    files = {path.name for path in FOLDER.iterdir()} - {"index.json"}
    assert files == {entry["file"] for entry in GUESTS}
    assert len(GUESTS) == 94
