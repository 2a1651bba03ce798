"""Generated calls in a run of pytest: the finding's call, what was left out, the author's tests."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_zeno.verdict.rule import applicable

PAGE = Path(__file__).parents[2] / "docs" / "parameters.md"


def test_finding_has_the_call_on_one_line(pytester, broken):
    """The call is not wrapped, however narrow the report is, so that it can be pasted."""
    broken("par018-strstr")
    result = pytester.runpytest("--zeno-plugin=plugins/par018-strstr", "-k", "par018")
    result.stdout.fnmatch_lines(
        [
            "  broken     execute base.echo: a parameter that is no input changes the answer",
            '  call       plugin.call("base.echo", zz_unknown_parameter={"text": *}, text="Hello")',
            '  observed   {"success":false,"error":"text is not a string"}',
            '             | instead of {"success":true,"data":{"text":"Hello"}}',
        ]
    )


def test_cause_of_another_rule_is_named(pytester, broken):
    """What fails plain requests makes the generated calls untestable, and is one finding."""
    broken("lif005-missing-traps")
    both = 'zeno_rule(id="LIF-005") or zeno_rule(id="PAR-014")'
    result = pytester.runpytest("--zeno-plugin=plugins/lif005-missing-traps", "-rs", "-m", both)
    result.assert_outcomes(failed=1, skipped=1, deselected=len(applicable("contract")) - 2)
    result.stdout.fnmatch_lines(["*not testable: LIF-005 is broken"])


def test_what_was_left_out_is_said(pytester, hello, monkeypatch):
    """The verdict's line counts the calls that there was no time for."""
    monkeypatch.setattr("pytest_zeno.evidence.generated.asking.MOST_SECONDS", 0.0)
    result = pytester.runpytest(f"--zeno-plugin={hello}")
    result.stdout.re_match_lines([r"hello-c .*conformant \(.*\); [0-9,]+ generated calls not made"])


def test_page_shows_a_test_that_passes(pytester, hello, monkeypatch):
    """The test of docs/parameters.md runs as it stands there."""
    monkeypatch.delenv("PYTEST_ADDOPTS")  # it is Hypothesis that runs it
    (test,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    pytester.makepyfile(test)
    pytester.runpytest_subprocess(
        f"--zeno-plugin={hello}", "test_page_shows_a_test_that_passes.py"
    ).assert_outcomes(passed=1)
