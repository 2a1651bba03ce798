"""What xdist sends of a rule comes through as it was."""

from __future__ import annotations

import json

import pytest

TELLING = """
import json
from pathlib import Path
class Listener:
    told = []
    def pytest_runtest_logstart(self, nodeid, location):
        self.told.append(["start", nodeid, location])
    def pytest_runtest_logreport(self, report):
        told = report._to_json()
        times = "duration", "start", "stop"
        for name in (*times, "node", "item_index", "worker_id", "testrun_uid", "$report_type"):
            told.pop(name, None)
        assert type(report.location) is tuple
        assert {type(one) for one in (*report.user_properties, *report.sections)} <= {tuple}
        self.told.append([report.when, report.nodeid, told])
    def pytest_runtest_logfinish(self, nodeid, location):
        self.told.append(["finish", nodeid, location])
def pytest_configure(config):
    if EVERYWHERE or not hasattr(config, "workerinput"):
        config.pluginmanager.register(Listener())
def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        Path("told.json").write_text(json.dumps(Listener.told))
"""
COUNTING = """
joined = []
def pytest_report_from_serializable(data):
    joined.extend(data.get("zeno_around", ()))
def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line("joined: " + " ".join(data["when"] for data in joined))
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


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.usefixtures("hello")
def test_reports_are_the_same_with_and_without_workers(pytester, broken, everywhere):
    """Every field of every phase, in its order, whatever became of the rule, and who listens."""
    broken("str003-no-nul")
    (pytester.path / "plugins" / "str003-no-nul").rename(pytester.path / "plugins" / "bad")
    pytester.makeconftest(f"EVERYWHERE = {everywhere}{TELLING}")
    pytester.makepyfile("def test_other(capsys): print('said')")

    def told(*arguments):
        pytester.runpytest_subprocess(
            "--zeno-plugin=plugins", "-k", "str003 or mod001 or str004", *arguments
        )
        return json.loads((pytester.path / "told.json").read_text("utf-8"))

    alone, sent = told(), told("-n", "2")
    assert {report["outcome"] for when, _, report in alone if isinstance(report, dict)} == {
        "passed",
        "failed",
    }
    for node_id in dict.fromkeys(node_id for _, node_id, _ in alone):
        assert [one for one in sent if one[1] == node_id] == [
            one for one in alone if one[1] == node_id
        ]
    assert len(sent) == len(alone)


@pytest.mark.usefixtures("hello")
def test_a_kept_rule_is_one_report(pytester):
    """Where nobody else listens in a worker, what became of a kept rule is sent at once."""
    pytester.makeconftest(COUNTING)
    result = pytester.runpytest_subprocess("--zeno-plugin=plugins/hello", "-k", "mod001", "-n", "1")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["joined: setup teardown"])


@pytest.mark.usefixtures("hello")
def test_what_other_plugins_add_comes_through(pytester):
    """A report with more on it than texts is sent as pytest has it."""
    pytester.makeconftest(WITH_PROPERTIES)
    result = pytester.runpytest_subprocess("--zeno-plugin=plugins/hello", "-k", "mod001", "-n", "1")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
