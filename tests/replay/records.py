"""The recorded runs of the reference host: what was asked of it, and what it answered.

The files are compacted without loss: a long run of one character is ``[character, length]`` among
the pieces of ``{"runs": ...}``, and what stands in many records is named in ``shared.json``.
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

DATA: Final = Path(__file__).parent / "data"
FILES: Final = ("strings", "abi", "host", "manifest")

Operation = dict[str, Any]
Answer = dict[str, Any]


@dataclass(frozen=True, repr=False)
class Record:
    """One run of the reference host."""

    id: str
    note: str
    operations: tuple[Operation, ...]
    answers: tuple[Answer, ...]

    def __repr__(self) -> str:
        return f"<Record {self.id}: {self.note}>"

    @property
    def config(self) -> Operation:
        """What the host functions answer in this run; empty when nothing was configured."""
        return next((operation for operation in self.operations if operation["op"] == "config"), {})


def expand(value: Any) -> Any:
    """Return a value of a file with its runs and its shared parts written out."""
    if isinstance(value, list):
        return [expand(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"runs"}:
        return "".join(run if isinstance(run, str) else run[0] * run[1] for run in value["runs"])
    if value.keys() == {"shared"}:
        return expand(_shared()[value["shared"]])
    return {key: expand(item) for key, item in value.items()}


@cache
def records() -> tuple[Record, ...]:
    """Return every record, in the order of the files."""
    lines = [line for name in FILES for line in _lines(DATA / f"{name}.jsonl")]
    return tuple(_record(expand(json.loads(line))) for line in lines)


def _record(line: dict[str, Any]) -> Record:
    operations, answers = line["ops"], line["reference"]
    if isinstance(answers, str):
        operations, answers = _request_record(answers)
    elif not operations:
        operations = [{"op": "reload"}] * len(answers)
        answers = [{"said": said} for said in answers]
    return Record(line["id"], line["note"], tuple(operations), tuple(answers))


def _request_record(text: str) -> tuple[list[Operation], list[Answer]]:
    """Return a record that holds no more than the request's bytes, as the guest saw them."""
    text, _behind = ast.literal_eval(text)
    request = json.loads(text, parse_int=_integer)
    asked = {"op": "request", "params": request["parameters"]}
    return (
        [{"op": "load", "dir": "guests/hostprobe"}, asked],
        [
            {"op": "load", "ok": True, "plugins": ["hostprobe"]},
            {"op": "request", "ok": True, "request": request},
        ],
    )


def _integer(text: str) -> int | float:
    """Return a number as our host can send it: as an integer of 64 bits, else as a float."""
    number = int(text)
    return number if -(2**63) <= number < 2**64 else float(number)


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


@cache
def _shared() -> dict[str, Any]:
    shared: dict[str, Any] = json.loads((DATA / "shared.json").read_text("utf-8"))
    return shared
