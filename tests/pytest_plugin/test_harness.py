"""A failure of the harness is never told as a breach of the plugin, and has its own exit code."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("hello")

HARNESS = 3
WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])

IN_A_STAGE = """
from pytest_zeno.evidence import subject
def reach(self):
    {what}
subject.check_module = lambda module, name: reach(module)
"""
IN_A_RULE = """
from pytest_zeno.verdict import rule
for function in rule.functions():
    if function.zeno_rule.id == "MOD-002":
        function.__code__ = (lambda zeno_module: 1 / 0).__code__
"""
CRASH = """
import os, pytest
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    if "mod002" in item.name:
        os._exit(139)
"""


def run(pytester, conftest, *arguments):
    """Judge a plugin in a process of its own, whose conftest.py breaks the harness."""
    pytester.makeconftest(conftest)
    return pytester.runpytest_subprocess("--zeno-plugin=plugins/hello", *arguments)


@WORKERS
def test_a_rule_that_fails_in_the_harness_breaks_nothing(pytester, workers):
    """The run ends with 3, shows the traceback, asks for a report, and gives no verdict."""
    result = run(pytester, IN_A_RULE, *workers)
    assert result.ret == HARNESS
    assert "failed" not in result.parseoutcomes()
    assert result.parseoutcomes()["errors"] == 1
    result.stdout.fnmatch_lines(
        [
            "*ERROR at call of test_mod002_*",
            "*1 / 0*",
            "*harness error: ZeroDivisionError: division by zero",
            "this is a defect of pytest-zeno, please report it with the traceback",
            "hello-c (*: no verdict (1 failed in the harness, *",
            "harness error: *",
        ]
    )


@WORKERS
def test_a_stage_that_fails_in_the_harness_is_told_once(pytester, workers):
    """Every rule that needs the stage is an error, and the traceback stands there once."""
    result = run(pytester, IN_A_STAGE.format(what="raise RuntimeError('out of order')"), *workers)
    assert result.ret == HARNESS
    assert result.parseoutcomes()["errors"] > 30
    assert "failed" not in result.parseoutcomes()
    assert result.stdout.str().count("raise RuntimeError('out of order')") == 1
    result.stdout.fnmatch_lines(["*(its traceback stands with the first rule that met it)"])


def test_an_assertion_of_the_harness_is_no_rules(pytester):
    """An AssertionError breaks a rule, but not where a stage raises it."""
    result = run(pytester, IN_A_STAGE.format(what="assert module == 1"))
    assert result.ret == HARNESS
    assert "failed" not in result.parseoutcomes()


def test_an_error_that_no_rule_answers_for_is_the_machines(pytester):
    """It says what it is, and that a defect of this machine may be the cause."""
    what = "from pytest_zeno.errors import LoadError; raise LoadError('full', code='load.cache')"
    result = run(pytester, IN_A_STAGE.format(what=what))
    assert result.ret == HARNESS
    result.stdout.fnmatch_lines(
        ["harness error: *LoadError: full", "no rule answers for this: mend it on this machine, *"]
    )


@WORKERS
def test_it_goes_before_what_is_broken(pytester, broken, workers):
    """Beside a broken plugin the code is 3, and that plugin's verdict stands."""
    broken("mod011-cleanup-result")
    result = run(pytester, IN_A_RULE, "--zeno-plugin=plugins/mod011-cleanup-result", *workers)
    assert result.ret == HARNESS
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(
        [
            "hello-c (*: no verdict (1 failed in the harness, *",
            "base (*: not conformant (1 broken, * 1 failed in the harness, *",
        ]
    )


def test_no_mark_expects_it(pytester):
    """A rule that is marked as an expected failure is not broken by a failure of the harness."""
    marking = """
def pytest_collection_modifyitems(items):
    import pytest
    for item in items:
        item.add_marker(pytest.mark.xfail)
"""
    result = run(pytester, IN_A_RULE + marking, "-k", "MOD-002")
    assert result.ret == HARNESS
    assert result.parseoutcomes()["errors"] == 1


def test_a_worker_that_crashes_is_no_breach(pytester):
    """The rule that was being tested is an error, and there is no verdict."""
    result = run(pytester, CRASH, "-n", "2", "--max-worker-restart=0")
    assert result.ret == HARNESS
    result.stdout.fnmatch_lines(["hello-c (*: no verdict (* 1 failed in the harness, *"])


def test_it_is_about_rules_alone(pytester):
    """Tests of the user's own fail as ever."""
    pytester.makepyfile(test_mine="def test_mine(plugin): raise RuntimeError('mine')")
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "test_mine.py")
    assert result.ret == 1
    result.assert_outcomes(failed=1)


def test_a_file_that_cannot_be_collected_is_no_rules(pytester):
    """It is told as ever, and no plugin is asked for what only reports of tests have."""
    pytester.makepyfile(test_mine="import there_is_no_such_module")
    result = pytester.runpytest("test_mine.py")
    result.assert_outcomes(errors=1)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["ERROR test_mine.py"])
