"""What xdist sends of a rule comes through as it was."""

from __future__ import annotations

import json

import pytest

TELLING = """
import json
from pathlib import Path
reports = {}
def pytest_runtest_logreport(report):
    told = report._to_json()
    times = "duration", "start", "stop"
    for name in (*times, "node", "item_index", "worker_id", "testrun_uid", "$report_type"):
        told.pop(name, None)
    assert type(report.location) is tuple
    assert {type(one) for one in (*report.user_properties, *report.sections)} <= {tuple}
    reports[f"{report.nodeid} {report.when}"] = told
def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        Path("reports.json").write_text(json.dumps(reports))
"""
WITH_PROPERTIES = """
import pytest
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    report.user_properties.append(("number", 5))
    report.extra = ("kept", b"as it is")
    return report
def pytest_runtest_logreport(report):
    assert report.extra == ("kept", b"as it is")
    assert ("number", 5) in report.user_properties
"""


@pytest.mark.usefixtures("hello")
def test_reports_are_the_same_with_and_without_workers(pytester, broken):
    """Every field of every phase, whatever became of the rule."""
    broken("str003-no-nul")
    (pytester.path / "plugins" / "str003-no-nul").rename(pytester.path / "plugins" / "bad")
    pytester.makeconftest(TELLING)
    pytester.makepyfile("def test_other(capsys): print('said')")

    def reports(*arguments):
        pytester.runpytest_subprocess(
            "--zeno-plugin=plugins", "-k", "str003 or mod001 or str004", *arguments
        )
        return json.loads((pytester.path / "reports.json").read_text("utf-8"))

    alone = reports()
    sent = reports("-n", "2")
    assert {told["outcome"] for told in alone.values()} == {"passed", "failed"}
    assert sent.keys() == alone.keys()
    for name, told in alone.items():
        assert sent[name] == told


@pytest.mark.usefixtures("hello")
def test_what_other_plugins_add_comes_through(pytester):
    """A report with more on it than texts is sent as pytest has it."""
    pytester.makeconftest(WITH_PROPERTIES)
    result = pytester.runpytest_subprocess("--zeno-plugin=plugins/hello", "-k", "mod001", "-n", "1")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
