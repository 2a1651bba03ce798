"""The emulation of the reference host does what the reference host did, or a listed difference."""

from __future__ import annotations

import ast
import json

import pytest
import yaml

from pytest_zeno.permissions.reference import allows_url
from pytest_zeno.protocol.golang import write_request
from tests.replay.emulated import Emulation, emulated
from tests.replay.records import DATA, Record, records
from tests.replay.replay import same

EMULATED = ("strings", "abi")
"""The files whose records are about instances and messages, whole."""

UNFIT = "modules are refused by their exports before anything runs: those are rules of their own"
HANGS = "what never returns is ended, and not waited for"
DIFFERENCES = {
    "e_no_exec": (UNFIT, {"load0.outcome": "error load.export"}),
    "e_no_cleanup": (
        UNFIT,
        {"load0.outcome": "error load.export", "execute1.outcome": "error replay.not_loaded"},
    ),
    "e_no_alloc": (UNFIT, {"load0.outcome": "error load.export"}),
    "e_no_memory_export": (
        UNFIT,
        {"load0.outcome": "error load.export", "execute1.outcome": "error replay.not_loaded"},
    ),
    "e_no_memory": (UNFIT, {"load0.outcome": "error load.export"}),
    "e_init_i64": (
        UNFIT,
        {"load0.outcome": "error load.export_type", "execute1.outcome": "error replay.not_loaded"},
    ),
    "e_exec_3": (UNFIT, {"load0.outcome": "error load.export_type"}),
    "e_exec_i64": (
        UNFIT,
        {"load0.outcome": "error load.export_type", "execute1.outcome": "error replay.not_loaded"},
    ),
    "al_loop": (HANGS, {"execute1.outcome": "error limit.time"}),
    "t_loop_init": (HANGS, {"load0.outcome": "error limit.time"}),
}
"""Where the emulation does otherwise: the reason, and what it does."""


def _in(*names):
    """Return the records of these files, by id."""
    lines = [line for name in names for line in (DATA / f"{name}.jsonl").read_text().splitlines()]
    ids = [json.loads(line)["id"] for line in lines]
    return {record.id: record for record in records() if record.id in ids}


RECORDS = _in(*EMULATED)


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_record(record):
    """Loading and calling a recorded guest comes to what it came to in the reference host."""
    _why, expected = DIFFERENCES.get(record.id, ("", {}))
    found = emulated(record)
    assert same(found, expected), (record.note, found, expected)


def test_every_difference_is_one_of_a_record():
    """No entry of the list is left over from a record that is gone."""
    assert set(DIFFERENCES) <= set(RECORDS)
    assert len(RECORDS) == 123


@pytest.mark.parametrize("name", ["q_order", "q_empty", "q_utf8", "q_nums"])
def test_request_bytes(name):
    """A request is written byte by byte as the reference host wrote it for the guest."""
    lines = (DATA / "host.jsonl").read_text().splitlines()
    line = next(found for found in map(json.loads, lines) if found["id"] == name)
    text, _behind = ast.literal_eval(line["reference"])
    said = json.loads(text, parse_int=float)
    assert write_request(said["slot_name"], said["parameters"]) == text.encode()


@pytest.mark.parametrize(
    "name", ["h_env_badptr", "h_times", "h_alloc_mode1", "h_alloc_mode2", "h_alloc_mode7"]
)
def test_replies_of_the_environment(name):
    """A reply of n bytes is alloc(n) with nothing behind it, an unset one alloc(0).

    The address is the allocator's, which has served other replies in plugin_init before.
    """
    record: Record = _in("host")[name]
    emulation = Emulation(record.config["env"])
    for operation, answer in zip(record.operations, record.answers, strict=True):
        if operation["op"] == "config":
            continue
        step = emulation.step(operation)
        if operation["op"] == "execute":
            data = (answer.get("response") or {}).get("data") or {}
            kept = {key: value for key, value in data.items() if key != "ret"}
            found = {key: value for key, value in (step.get("data") or {}).items() if key != "ret"}
            assert same(found, kept)
            assert (step["outcome"] == "success") == answer["ok"]
    emulation.close()


NETWORK = [
    line
    for line in map(json.loads, (DATA / "permissions.jsonl").read_text("utf-8").splitlines())
    if line["type"] == "network"
]


@pytest.mark.parametrize("line", NETWORK, ids=lambda line: line["id"])
def test_network_permission(line):
    """A URL is granted where the reference host granted it."""
    granted = yaml.safe_load(line["manifest"]).get("network", [])
    for url, allowed in line["v2"]:
        assert allows_url(granted, url) is allowed, url
