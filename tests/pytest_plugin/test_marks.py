"""What a project's own conftest.py does to rules: marks, another order, another try."""

from __future__ import annotations

import sys

import pytest

OK, FAILED, HARNESS = 0, 1, 3
BAD = "mod001-text"

MARKING = """
import pytest
def pytest_collection_modifyitems(items):
    for item in items:
        if "{rule}" in item.name:
            item.add_marker(pytest.mark.{mark})
"""

RETRYING = """
from _pytest.runner import runtestprotocol
tried = []
def pytest_runtest_call(item):
    if item in tried and len(tried) == 1:
        tried.append(item)
        assert False, "this once"
def pytest_runtest_protocol(item, nextitem):
    if "{rule}" not in item.name:
        return None
    tried.append(item)
    for report in runtestprotocol(item, nextitem=nextitem, log=False):
        report.outcome = "rerun" if report.failed else report.outcome
        item.ihook.pytest_runtest_logreport(report=report)
    item._initrequest()
    return None
"""


def test_an_expected_failure_is_a_breach_all_the_same(pytester, broken):
    """A rule marked xfail is a known breach: the run passes, and the verdict is what it is."""
    broken(BAD)
    pytester.makeconftest(MARKING.format(rule="mod001", mark="xfail"))
    result = pytester.runpytest(f"--zeno-plugin=plugins/{BAD}")
    assert result.ret == OK
    assert result.parseoutcomes()["expected"] == 1
    result.stdout.fnmatch_lines(["base (*: not conformant (1 broken, all known, *"])


def test_a_skipped_rule_excuses_no_other(pytester, broken):
    """Where the rule to blame is skipped by a mark, what depends on it is open: never green."""
    broken(BAD)
    pytester.makeconftest(MARKING.format(rule="mod001", mark="skip"))
    result = pytester.runpytest(f"--zeno-plugin=plugins/{BAD}")
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["base (*: no verdict (*"])


def test_a_rule_that_is_skipped_by_a_mark_is_missed(pytester, hello):
    """A rule that a mark skips was asked for, and nothing tells whether it is kept."""
    pytester.makeconftest(MARKING.format(rule="mod001", mark="skip"))
    result = pytester.runpytest(f"--zeno-plugin={hello}")
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(
        [
            "hello-c (*: no verdict (1 not tested, *",
            "hello-c (*: 1 of * rules were asked for and not tested (MOD-001): let them run, *",
        ]
    )


def test_skipping_every_rule_is_not_green(pytester, hello):
    """A run in which marks skip all rules has tested nothing."""
    pytester.makeconftest(MARKING.format(rule="test_", mark="skip"))
    assert pytester.runpytest(f"--zeno-plugin={hello}").ret == FAILED


def test_the_order_does_not_matter(pytester, broken):
    """The suite in reverse finds the same."""
    broken(BAD)
    straight = pytester.runpytest(f"--zeno-plugin=plugins/{BAD}").parseoutcomes()
    pytester.makeconftest("def pytest_collection_modifyitems(items): items.reverse()")
    assert pytester.runpytest(f"--zeno-plugin=plugins/{BAD}").parseoutcomes() == straight


def test_the_last_try_counts(pytester, hello):
    """Of a rule that is run again, as pytest-rerunfailures does, the last outcome counts."""
    pytester.makeconftest(RETRYING.format(rule="mod001"))
    result = pytester.runpytest(f"--zeno-plugin={hello}", "-k", "test_mod")
    assert result.ret == OK
    result.stdout.fnmatch_lines(["hello-c (*: no verdict (12 kept of *"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_teardown_that_fails_is_not_green(pytester, hello, workers):
    """A fixture that fails after the rules is no breach, and leaves no verdict."""
    pytester.makeconftest("""
        import pytest
        @pytest.fixture(scope="module")
        def zeno_subject(zeno_subject):
            yield zeno_subject
            raise RuntimeError("too late")
    """)
    result = pytester.runpytest_subprocess(f"--zeno-plugin={hello}", *workers)
    assert result.ret == HARNESS
    result.stdout.fnmatch_lines(["hello-c (*: no verdict (1 failed in the harness, *"])


def test_the_debugger_stops_in_the_rule(pytester, broken):
    """--pdb shows the line of the rule that found the breach."""
    broken(BAD)
    command = (sys.executable, "-m", "pytest", f"--zeno-plugin=plugins/{BAD}", "--pdb")
    result = pytester.run(*command, "-k", "test_mod001", stdin=b"quit\n")
    result.stdout.fnmatch_lines(["*test_mod001_binary_is_a_core_module()"])
