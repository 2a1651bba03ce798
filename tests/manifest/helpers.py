"""Manifests for the tests of this folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_zeno.manifest import Manifest, Reading, read_manifest

if TYPE_CHECKING:
    from pytest_zeno.errors import Problem

DATA = Path(__file__).parent / "data"
BASE = "name: demo\nversion: 1.0.0\nbinary: demo.wasm\n"


def read(extra: str = "", base: str = BASE) -> Reading:
    """Read the smallest manifest with more lines below it."""
    return read_manifest((base + extra).encode())


def accepted(extra: str = "", base: str = BASE) -> Manifest:
    """Read a manifest that has no problem at all."""
    reading = read(extra, base)
    assert reading.problems == ()
    assert reading.manifest is not None
    return reading.manifest


def only(reading: Reading) -> Problem:
    """Return the one problem of a reading."""
    assert len(reading.problems) == 1, [str(problem) for problem in reading.problems]
    return reading.problems[0]


def codes(reading: Reading) -> list[str]:
    """Return the codes of the problems without their common prefix."""
    return [problem.code.removeprefix("manifest.") for problem in reading.problems]


def load_json(name: str) -> Any:
    """Return a data file."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))
