"""`--zeno-leaks`: three more tests of each plugin, on the guest and on the host."""

from __future__ import annotations

import pytest

pytest.importorskip("memray")

# A run inside this process drops what it was the first to import, and what these tests set in it.
import pytest_zeno.leaks.plugin
import pytest_zeno.leaks.tell  # noqa: F401
from pytest_zeno.services.scope import ScopeService

ALONE = ("--zeno-plugin=plugins/hello", "-k", "leaks", "--zeno-leaks=100")
KEPT = []


@pytest.mark.usefixtures("hello")
def test_nothing_stays_of_a_good_plugin(pytester):
    """Three tests pass, and the summary has a line for each half."""
    result = pytester.runpytest(*ALONE, "-v")
    result.assert_outcomes(passed=3, deselected=134)
    result.stdout.fnmatch_lines(
        [
            "*::leaks?guest? PASSED*",
            "*::leaks?calls? PASSED*",
            "*::leaks?loads? PASSED*",
            "leaks of hello-c (plugins?hello): guest: linear memory steady over * calls",
            "leaks of hello-c *: host, calls: nothing stays of 100 calls of each slot",
            "leaks of hello-c *: host, loads: nothing stays of 20 loads",
        ]
    )


@pytest.mark.usefixtures("hello")
def test_what_stays_is_named(pytester, monkeypatch):
    """What, how much of each call, where from, what to do, and how the guest does."""
    honest = ScopeService.find

    def keeping(self, keys):
        KEPT.append(object())
        return honest(self, keys)

    monkeypatch.setattr(ScopeService, "find", keeping)
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "-k", "calls]", "--zeno-leaks=200")
    KEPT.clear()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "hello-c (plugins?hello): host, calls: hello.count leaves * bytes (1 blocks) a call",
            "each call of hello.count leaves *",
            "* bytes (1 blocks) each, allocated at",
            f"*{__name__.rpartition('.')[2]}.py:* in keeping",
            "hint: a service, fixture or hook *",
            "guest: linear memory steady over *",
            "again: pytest --zeno-plugin=* -k 'leaks?calls?' --zeno-leaks=200",
        ]
    )


def test_a_guest_that_leaks_fails_its_half(pytester, broken):
    """The rule on it and the leak check agree."""
    broken("str009-leak")
    result = pytester.runpytest(
        "--zeno-plugin=plugins/str009-leak", "-k", "guest]", "--zeno-leaks=100"
    )
    result.assert_outcomes(failed=1, deselected=136)
    result.stdout.fnmatch_lines(
        ["base.ping loses * bytes a call*", "*never released: the request*"]
    )


@pytest.mark.parametrize(("also", "outcome"), [(" or str", "skipped"), ("", "failed")])
def test_a_broken_plugin_is_not_testable(pytester, broken, also, outcome):
    """It says why; alone it is not green."""
    broken("lif004-register-traps")
    result = pytester.runpytest(
        "--zeno-plugin=plugins/lif004-register-traps",
        "-rsf",
        *("-k", f"leaks{also}"),
        "--zeno-leaks=100",
    )
    assert result.parseoutcomes()[outcome] >= 3
    result.stdout.fnmatch_lines(["*not testable: base register: the guest trapped*"])


@pytest.mark.usefixtures("hello")
def test_it_is_off_by_default(pytester):
    """Nobody who judges waits for it."""
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "--collect-only", "-q")
    result.stdout.no_fnmatch_line("*::leaks*")


@pytest.mark.usefixtures("hello")
def test_the_ini_file_asks_for_it(pytester):
    """A number of calls there is as good as the option."""
    pytester.makeini("[pytest]\nzeno_leaks = 100")
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["*::leaks?guest?"])


@pytest.mark.usefixtures("hello")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--zeno-leaks=5",), "'5' is no number of calls from 100 to 1000000"),
        (("--zeno-leaks", "tests"), "'tests' is no number of calls *; write --zeno-leaks=1000"),
        (("--zeno-leaks", "--zeno-isolate"), "leave out --zeno-isolate"),
    ],
)
def test_what_cannot_be_watched_is_a_usage_error(pytester, arguments, said):
    """It says what to write instead."""
    result = pytester.runpytest("--zeno-plugin=plugins/hello", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--zeno-leaks*{said}*"])


def test_it_needs_a_plugin(pytester):
    """Without one nothing would be watched."""
    result = pytester.runpytest("--zeno-leaks")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --zeno-leaks: no plugin is judged: *"])


@pytest.mark.usefixtures("hello")
def test_without_memray_it_says_what_to_install(pytester, monkeypatch):
    """A package that is missing is told before anything is judged."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    result = pytester.runpytest(*ALONE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*pip install 'pytest-zeno?leaks?'*"])


@pytest.mark.usefixtures("hello")
def test_where_there_is_no_memray_the_guest_is_watched(pytester, monkeypatch):
    """On Windows the host's half is left out, with the reason."""
    monkeypatch.setattr("pytest_zeno.leaks.tracked.possible", lambda: False)
    result = pytester.runpytest(*ALONE, "-rs")
    result.assert_outcomes(passed=1, skipped=2, deselected=134)
    result.stdout.fnmatch_lines(["SKIPPED * memray knows Linux and macOS, not Windows*"])
