"""`--zeno-isolate`: plugins in processes of their own, judged and in fixtures."""

from __future__ import annotations

import sys

import pytest

pytestmark = pytest.mark.usefixtures("hello")

TEST = """
def test_is_isolated(zeno_host, plugin):
    assert zeno_host.isolate
    assert plugin.call("hello.greet", name="World").success
"""


def test_the_fixtures_isolate(pytester):
    """As the ini file says."""
    pytester.makepyfile(TEST)
    pytester.makeini("[pytest]\nzeno_isolate = true")
    pytester.runpytest_inprocess(
        "--zeno-plugin=plugins/hello", "test_the_fixtures_isolate.py"
    ).assert_outcomes(passed=1)


@pytest.mark.skipif(sys.platform == "win32", reason="has no signals")
def test_a_crash_is_one_rule_and_the_run_goes_on(pytester):
    """The rule that answers for traps fails, with signal and advice; the command is repeated."""
    pytester.makeconftest(
        """
        import os, signal
        from pytest_zeno.isolation import wire
        from pytest_zeno.isolation.warden import warden
        def sending(pipe, said, send=wire.send):
            if isinstance(said, wire.Enter) and said.entry == "cleanup":
                os.kill(next(iter(warden._deadlines)).pid, signal.SIGSEGV)
            send(pipe, said)
        wire.send = sending
        """
    )
    result = pytester.runpytest_subprocess(
        "--zeno-plugin=plugins/hello", "--zeno-isolate", "-k", "lif008 or lif002 or man00"
    )
    result.stdout.fnmatch_lines(["zeno: *isolated; *"])
    result.stdout.fnmatch_lines(["*SIGSEGV*", "*--zeno-isolate -k test_lif008*"])
    assert result.ret == 1
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert outcomes["passed"] > 5
