"""A plugin is judged alike in any order, and wherever its rules run."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.usefixtures("hello")

BAD = ("str003-no-nul", "mod001-text", "rsp006-error-none")

TELLING = """
import json
from pathlib import Path
statuses = {}
def pytest_runtest_logreport(report):
    told = dict(report.user_properties)
    if "zeno_rule" in told and (report.when == "call" or not report.passed):
        name = told["zeno_plugin"] + " " + told["zeno_rule"]
        statuses[name] = [told["zeno_status"], told["zeno_because"]]
def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        Path("statuses.json").write_text(json.dumps(statuses))
"""
REVERSED = """
def pytest_collection_modifyitems(items):
    items.reverse()
"""
SCATTERED = """
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.name[::-1])
"""

WAYS = {
    "reversed": (REVERSED, ()),
    "scattered": (SCATTERED, ()),
    "xdist": ("", ("-n", "2")),
    "xdist, rule by rule": ("", ("-n", "2", "--dist=worksteal")),
    "xdist, reversed": (REVERSED, ("-n", "2")),
}


@pytest.fixture
def judged(pytester, broken):
    """Judge good and bad plugins; return exit code, verdict lines and each rule's status."""
    for name in BAD:
        broken(name)

    def judge(conftest="", arguments=()):
        pytester.makeconftest(TELLING + conftest)
        result = pytester.runpytest_subprocess("--zeno-plugin=plugins", *arguments)
        lines = [line for line in result.stdout.lines if "contract revision" in line]
        statuses = json.loads((pytester.path / "statuses.json").read_text("utf-8"))
        return result.ret, lines[-len(BAD) - 1 :], statuses

    return judge


def test_order_and_place_do_not_matter(judged):
    """Verdict lines and statuses are those of a plain run, with what barred each rule."""
    plain = judged()
    code, lines, statuses = plain
    assert (code, len(lines)) == (1, len(BAD) + 1)
    assert {status for status, _ in statuses.values()} == {"kept", "warned", "untested", "broken"}
    for way, (conftest, arguments) in WAYS.items():
        assert (way, *judged(conftest, arguments)) == (way, *plain)
