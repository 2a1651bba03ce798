"""`--zeno-profile` chooses the host that plugins are judged for."""

from __future__ import annotations

import pytest

from pytest_zeno.verdict.rule import applicable

pytestmark = pytest.mark.usefixtures("hello")

OK, USAGE = 0, 4
RULE = "test_mod001_binary_is_a_core_module"
SUITE = """
from pytest_zeno.verdict import rule
from pytest_zeno.verdict.rule import everywhere

@rule.rule(
    "MOD-999", level="MUST", section="9", why="w", example="e", fix=everywhere("f"),
    profile="zenoengine",
)
def test_mod999_only_there(zeno_subject):
    "The profile has a rule of its own."
    assert zeno_subject.profile == "zenoengine"

found = rule.functions() + (test_mod999_only_there,)
rule.functions = lambda: found
"""


SOME = ("-k", "test_mod or test_por")
"""Rules that every profile has, and rules that one of them has."""


def number(family: str) -> int:
    """Return how many rules of a family the profile has."""
    return sum(one.zeno_rule.id.startswith(family) for one in applicable("zenoengine"))


def verdict(result) -> str:
    """Return the verdict line."""
    return next(line for line in result.stdout.lines if "revision" in line and " of " in line)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
@pytest.mark.parametrize("given", ["--zeno-plugin=plugins/hello", "plugins/hello/manifest.yaml"])
def test_the_profile_has_its_rules(pytester, workers, given):
    """They are among what is judged, also for a plugin among the arguments and in workers."""
    pytester.makeconftest(SUITE)
    result = pytester.runpytest_subprocess(given, *SOME, "--zeno-profile=zenoengine", *workers)
    assert result.ret == OK
    assert verdict(result).endswith("profile zenoengine)")
    assert result.parseoutcomes()["passed"] == number("MOD") + number("POR") + 1


def test_no_other_profile_has_them(pytester):
    """The contract's own rules are judged without the option."""
    pytester.makeconftest(SUITE)
    result = pytester.runpytest_subprocess("--zeno-plugin=plugins/hello", *SOME)
    assert result.ret == OK
    assert verdict(result).endswith("profile contract)")
    assert result.parseoutcomes()["passed"] == number("MOD")


def test_a_pasted_id_is_judged_in_the_profile(pytester):
    """The profile's own rule is found by its id."""
    pytester.makeconftest(SUITE)
    name = "plugins/hello/hello.wasm::test_mod999_only_there"
    result = pytester.runpytest_subprocess(name, "--zeno-profile=zenoengine")
    result.assert_outcomes(passed=1)


def test_the_ini_file_has_it_and_the_header_says_it(pytester):
    """`zeno_profile` is the same, and the command line goes before it."""
    pytester.makeini("[pytest]\nzeno_profile = zenoengine\nzeno_plugin = plugins/hello\n")
    result = pytester.runpytest("-k", RULE)
    result.stdout.fnmatch_lines(["zeno: contract revision *, profile zenoengine; hello-c *"])
    result = pytester.runpytest("-k", RULE, "--zeno-profile=contract")
    result.stdout.fnmatch_lines(["zeno: contract revision *, profile contract; hello-c *"])


def test_an_unknown_profile_is_a_usage_error(pytester):
    """Wherever it stands, exit code 4 and the profiles there are."""
    result = pytester.runpytest("--zeno-profile=zeno")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(["*contract*zenoengine*"])
    pytester.makeini("[pytest]\nzeno_profile = zeno\n")
    result = pytester.runpytest()
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(
        ["ERROR: zeno_profile in the ini file is 'zeno', expected contract or zenoengine"]
    )


def test_a_finding_of_the_profile_is_found_again_in_it(pytester, broken):
    """The command that repeats the rule names the profile, and the verdict as well."""
    broken("por002-start-exits-0")
    name = "plugins/por002-start-exits-0"
    result = pytester.runpytest_subprocess(f"--zeno-plugin={name}", "--zeno-profile=zenoengine")
    result.stdout.fnmatch_lines(
        [f"*again * pytest --zeno-plugin={name} --zeno-profile=zenoengine -k test_por002_*"]
    )
    assert verdict(result).startswith(f"base ({name}): not conformant (1 broken")
