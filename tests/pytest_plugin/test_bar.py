"""How much a run asks for: the level that fails it, and how many rules must be tested."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("hello")

OK, FAILED, USAGE = 0, 1, 4
MILD = "rsp006-error-none"
"""A plugin that does not keep a SHOULD."""


@pytest.fixture
def mild(broken):
    """The option that judges `MILD`."""
    broken(MILD)
    return f"--zeno-plugin=plugins/{MILD}"


def test_a_should_fails_from_its_level_on(pytester, mild):
    """At --zeno-level=should it is broken, and the verdict says by what level."""
    result = pytester.runpytest(mild, "--zeno-level=should")
    assert result.ret == FAILED
    assert result.parseoutcomes()["failed"] == 1
    assert "warned" not in result.parseoutcomes()
    result.stdout.fnmatch_lines(
        [
            "zeno: contract revision *, profile contract, level should; base *",
            "RSP-006 (SHOULD, *",
            "* again *--zeno-level=should -k test_rsp006_*",
            "base (*: not conformant (1 broken, * level should)",
        ]
    )


def test_the_usual_level_is_must(pytester, mild):
    """There it is a warning, and the level goes without saying."""
    for level in ((), ("--zeno-level=must",)):
        result = pytester.runpytest(mild, *level)
        assert result.ret == OK
        assert result.parseoutcomes()["warned"] == 1
        assert "level" not in next(line for line in result.stdout.lines if "warnings (" in line)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_the_ini_file_has_the_level(pytester, mild, workers):
    """`zeno_level` is the same, and the command line goes before it."""
    pytester.makeini("[pytest]\nzeno_level = should\n")
    assert pytester.runpytest_subprocess(mild, *workers).ret == FAILED
    assert pytester.runpytest_subprocess(mild, "--zeno-level=must", *workers).ret == OK


@pytest.mark.parametrize("number", ["--zeno-min-rules=13", "zeno_min_rules = 13"])
def test_fewer_rules_than_asked_for_fail_the_run(pytester, number):
    """The line says how many were tested, how many were asked for, and what to do."""
    ini = number if number.startswith("zeno") else ""
    pytester.makeini(f"[pytest]\n{ini}\n")
    arguments = ["--zeno-plugin=plugins/hello", *([] if ini else [number])]
    assert pytester.runpytest(*arguments).ret == OK
    result = pytester.runpytest(*arguments, "-k", "test_mod")
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(
        ["hello-c (*: 12 rules were tested, --zeno-min-rules asks for 13: run more of them *"]
    )
    assert pytester.runpytest(*arguments, "-k", "test_mod", "--zeno-min-rules=12").ret == OK


def test_the_floor_holds_for_each_plugin(pytester, broken):
    """A plugin whose module cannot be read has few rules tested, whatever the others have."""
    broken("mod001-text")
    result = pytester.runpytest("--zeno-plugin=plugins", "--zeno-min-rules=100")
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["base (*: * rules were tested, --zeno-min-rules asks for 100*"])
    result.stdout.no_fnmatch_line("hello-c (*--zeno-min-rules*")


def test_a_plugin_of_which_nothing_runs_is_below_the_floor(pytester):
    """Also where other tests run and pass."""
    pytester.makeini("[pytest]\nzeno_plugin = plugins/hello\n")
    pytester.makepyfile(test_mine="def test_mine(): pass")
    assert pytester.runpytest("-k", "test_mine").ret == OK
    assert pytester.runpytest("-k", "test_mine", "--zeno-min-rules=1").ret == FAILED


def test_a_run_that_judges_nothing_is_below_the_floor(pytester):
    """A plugin that is there for fixtures alone; a floor in the ini file is not about such runs."""
    pytester.makepyfile(test_mine="def test_mine(): pass")
    arguments = ("--zeno-plugin=plugins/hello", "test_mine.py")
    result = pytester.runpytest(*arguments, "--zeno-min-rules=1")
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["no plugin was judged, --zeno-min-rules asks for 1 rules: *"])
    pytester.makeini("[pytest]\nzeno_min_rules = 1\n")
    assert pytester.runpytest(*arguments).ret == OK


@pytest.mark.parametrize("number", ["-1", "many", "1.5", ""])
def test_a_floor_is_a_number(pytester, number):
    """Anything else is a usage error, on the command line and in the ini file."""
    result = pytester.runpytest(f"--zeno-min-rules={number}")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines([f"*'{number}' is no number of rules, such as 100"])
    pytester.makeini(f"[pytest]\nzeno_min_rules = {number}\n")
    assert pytester.runpytest("--co").ret == (USAGE if number else 5)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_rule_that_vanishes_is_missed(pytester, workers):
    """What a conftest.py takes out of the run without saying so was asked for."""
    pytester.makeconftest(
        """
        def pytest_collection_modifyitems(items):
            items[:] = [item for item in items if "mod002" not in item.name]
        """
    )
    result = pytester.runpytest_subprocess("--zeno-plugin=plugins/hello", *workers)
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["*: 1 of * rules were asked for and not tested (MOD-002): *"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_rule_that_is_said_to_be_left_out_is_not_missed(pytester, workers):
    """A conftest.py that shares rules out tells pytest which are deselected; that is no verdict."""
    pytester.makeconftest(
        """
        def pytest_collection_modifyitems(config, items):
            config.hook.pytest_deselected(items=items[::2])
            items[:] = items[1::2]
        """
    )
    result = pytester.runpytest_subprocess("--zeno-plugin=plugins/hello", *workers)
    assert result.ret == OK
    result.stdout.fnmatch_lines(["hello-c (*: no verdict (*"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_pasted_id_asks_for_nothing_else(pytester, workers):
    """And a plugin named beside it in whole is asked for in whole."""
    name = "plugins/hello/hello.wasm::test_mod001_binary_is_a_core_module"
    result = pytester.runpytest_subprocess(name, *workers)
    assert result.ret == OK
    result.stdout.fnmatch_lines(["hello-c (*: no verdict (1 kept of *"])
    result = pytester.runpytest_subprocess(name, "plugins/hello/hello.wasm", *workers)
    result.stdout.fnmatch_lines(["hello-c (*: conformant (*"])


def test_last_failed_asks_for_what_failed(pytester, broken):
    """Plugins without a failure are not part of the run then."""
    broken("mod011-cleanup-result")
    assert pytester.runpytest("--zeno-plugin=plugins").ret == FAILED
    result = pytester.runpytest("--zeno-plugin=plugins", "--lf")
    assert result.ret == FAILED
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*asked for and not tested*")
    result.stdout.no_fnmatch_line("hello-c (plugins/hello): *")


def test_a_listing_judges_nothing(pytester):
    """--collect-only misses no rule."""
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "--collect-only", "-q")
    assert result.ret == OK
    result.stdout.no_fnmatch_line("*no verdict*")
