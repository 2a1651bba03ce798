"""Hostile manifests: each is accepted or refused as its line demands, within its time."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import Any

import pytest
import yaml

from pytest_zeno.manifest import read_manifest
from pytest_zeno.manifest.report import Report
from pytest_zeno.manifest.syntax import compose
from tests.manifest.helpers import DATA

CASES: list[dict[str, Any]] = [
    json.loads(line) for line in (DATA / "hostile.jsonl").read_text("utf-8").splitlines()
]
BINARY_IN_A_FOLDER = "md047"
"""The corpus would refuse it; ABI.md section 7 allows a path inside the folder, and decides."""
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")


def data_of(case: dict[str, Any]) -> bytes:
    """Return the bytes of a case."""
    if "yaml_b64" in case:
        return base64.b64decode(case["yaml_b64"])
    if "build" in case:
        build = case["build"]
        return (build["prefix"] + build["unit"] * build["times"] + build["suffix"]).encode()
    return case["yaml"].encode()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']}-{case['category']}")
def test_hostile_manifest(case):
    """Each manifest of the corpus is accepted or refused as demanded, in time."""
    data = data_of(case)
    start = time.perf_counter()
    reading = read_manifest(data)
    took = time.perf_counter() - start
    expected = "accept" if case["id"] == BINARY_IN_A_FOLDER else case["expect"]
    assert ("reject" if reading.manifest is None else "accept") == expected
    assert took < case["max_wall_s"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_refusals_are_safe_to_print_and_say_where(case):
    """A refusal names its place, and no control character of the manifest reaches its text."""
    for problem in read_manifest(data_of(case)).problems:
        assert not _CONTROLS.search(str(problem))
        whole_file = problem.code in {"manifest.too_large", "manifest.empty"}
        assert whole_file or (problem.line > 0 and problem.column > 0)


@pytest.mark.parametrize(
    "case", [case for case in CASES if "yaml" in case], ids=lambda case: case["id"]
)
def test_the_python_parser_decides_like_libyaml(case):
    """Where libyaml is missing the same manifests give the same nodes and the same refusals."""
    outcomes = []
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        report = Report("manifest.yaml")
        tree = compose(case["yaml"].replace("\0", ""), report, loader)
        outcomes.append((tree, [(p.code, p.line, p.column, p.hint) for p in report.problems()]))
    assert outcomes[0] == outcomes[1]
