"""A corpus of hostile answers: each is accepted or refused as its line says.

What other layers decide stays in the file and is counted here: the manifest's name (the host),
what a host function answers (the services), sizes beyond the limits, and one line that
PERMISSIONS.md overrules.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from pytest_zeno.errors import LimitError, ProtocolError
from pytest_zeno.limits import Limits
from pytest_zeno.protocol import strict
from pytest_zeno.protocol.metadata import check_metadata
from pytest_zeno.protocol.response import check_response, decode_response
from pytest_zeno.protocol.slots import check_slots

LINES = [
    json.loads(line)
    for line in Path(__file__).with_name("data").joinpath("hostile.jsonl").read_text().splitlines()
]
CHECKS = {"execute": check_response, "init": check_metadata, "slots": check_slots}

_ELSEWHERE = {
    "pd053": "the reply limit: tests/hostile",
    "pd070": "the manifest's name: tests/hostile",
    "pd119": "the manifest's name: tests/hostile",
    "pd106": "accepted: 1.8 MB is within the 16 MiB of PERMISSIONS.md",
}


def _elsewhere(line: dict[str, Any]) -> str:
    if line["category"] == "request":
        return "what a host function answers: tests/hostile"
    if line["category"] == "pointer" and "reply_text" not in line:
        return "pointers: tests/hostile"
    if line.get("nul") is False:
        return "pointers: tests/hostile"
    return _ELSEWHERE.get(line["id"], "")


def _reply(line: dict[str, Any]) -> bytes:
    if "reply_hex" in line:
        return bytes.fromhex(line["reply_hex"])
    build = line.get("reply_build")
    if build is None:
        return line["reply_text"].encode("utf-8", "surrogatepass")
    times = build["times"]
    parts = (
        build["prefix"] + build["unit"] * times,
        build.get("mid", "") + build.get("unit2", "") * times,
        build["suffix"],
    )
    return "".join(parts).encode()


HERE = [line for line in LINES if not _elsewhere(line)]


@pytest.mark.parametrize("line", HERE, ids=lambda line: f"{line['id']} {line['why']}")
def test_an_answer_is_accepted_or_refused(line: dict[str, Any]) -> None:
    """As the corpus says, and never with an error that is not ours."""
    assert _accepted(line) == (line["expect"] == "accept")


def _accepted(line: dict[str, Any]) -> bool:
    try:
        value = strict.decode(_reply(line), Limits())
    except (ProtocolError, LimitError):
        return False
    problems = CHECKS[line["phase"]](value)
    if any(not problem.warning for problem in problems):
        return False
    return line["phase"] != "slots" or len(value) <= Limits().slots


@pytest.mark.parametrize(
    "line", [line for line in HERE if line["phase"] == "execute"], ids=lambda line: line["id"]
)
def test_the_quick_reader_of_responses_agrees(line: dict[str, Any]) -> None:
    """One pass by msgspec comes to the same as decoding strictly and checking."""
    reply = _reply(line)
    try:
        response = decode_response(reply, Limits())
    except (ProtocolError, LimitError):
        assert line["expect"] == "reject"
        return
    value = strict.decode(reply)
    assert line["expect"] == "accept"
    for name in ("success", "data", "error"):
        assert getattr(response, name) == value.get(name, UNSET)


def test_every_other_line_has_a_reason() -> None:
    """Nothing is left out by accident."""
    reasons = Counter(_elsewhere(line).partition(":")[0] for line in LINES if _elsewhere(line))
    assert reasons == {
        "what a host function answers": 10,
        "pointers": 7,
        "the reply limit": 1,
        "the manifest's name": 2,
        "accepted": 1,
    }
    assert len(HERE) == len(LINES) - 21
