"""A test is held to what it wrote down for the host's doubles."""

from __future__ import annotations

import pytest

UNUSED = """
def test_it(zeno_host):
    zeno_host.http.respond("GET", "https://api.example.com/a", json={"x": 1})
"""
FAULTLESS = """
def test_it(zeno_host):
    zeno_host.faults.fail("host_db_query")
"""
UNEXPECTED = """
from pytest_zeno.permissions.network import HttpRequest
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.permissions.url import parse_url

def test_it(zeno_host):
    try:
        zeno_host.http.send(HttpRequest("GET", parse_url("https://api.example.com/a"), {}))
    except Refused:
        pass
"""


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (UNUSED, "*not met: GET https://api.example.com/a has answered 0 of at least 1 requests*"),
        (UNEXPECTED, "*not expected: GET https://api.example.com/a*"),
    ],
    ids=["unused", "unexpected"],
)
def test_a_test_that_would_pass_fails(pytester, code, told):
    """An answer that nobody asked for, and a request that nobody answered, fail the test."""
    pytester.makepyfile(code)
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([told, "*hint: *respond(...)*"])


@pytest.mark.parametrize("code", [UNUSED, UNEXPECTED], ids=["unused", "unexpected"])
def test_unless_told_otherwise(pytester, code):
    """A host that is not strict minds neither."""
    pytester.makepyfile(code + "\n    zeno_host.http.strict = False\n")
    pytester.runpytest().assert_outcomes(passed=1)


def test_a_test_that_fails_tells_its_own_reason(pytester):
    """What a test did not come to ask for is no second failure."""
    pytester.makepyfile(UNUSED + "\n    assert 1 == 2\n")
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*not met*")


def test_a_fault_that_nothing_met_fails_the_test(pytester):
    """A test whose fault did not happen is not green."""
    pytester.makepyfile(FAULTLESS)
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*not met: host_db_query fails with internal*"])
