"""A conformance suite that cannot be loaded is the harness's failure, told before any rule runs."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("hello")

HARNESS = 3
TORN = """
import sys
sys.modules["pytest_zeno.conformance.strings"] = None
"""


@pytest.mark.parametrize(
    "arguments", [(), ("-n", "2"), ("--collect-only",)], ids=["alone", "xdist", "collecting"]
)
def test_a_suite_that_cannot_be_loaded_ends_the_run(pytester, arguments):
    """The run ends with 3, says what failed, and gives no plugin a verdict."""
    pytester.makeconftest(TORN)
    result = pytester.runpytest_subprocess(
        "--zeno-plugin=plugins/hello", "--zeno-report=run.json", *arguments
    )
    assert result.ret == HARNESS
    result.stdout.fnmatch_lines(
        "*harness error: the conformance suite cannot be loaded: ModuleNotFoundError: *strings*; "
        "no plugin answers for this: install pytest-zeno anew, or report it*"
    )
    result.stdout.no_fnmatch_line("hello-c (*): *")
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_suite_that_nobody_asks_for_is_not_loaded(pytester):
    """A run that judges nothing does not fail by it."""
    pytester.makeconftest(TORN)
    pytester.makepyfile("def test_other(): pass")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
