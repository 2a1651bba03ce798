"""Rules are tests: they are listed, selected, repeated and distributed like any test."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("hello")


def ids(result) -> list[str]:
    """Return the node ids in a listing."""
    return [line for line in result.stdout.lines if "::test_" in line]


def test_collect_only_reads_as_the_contract(pytester):
    """--collect-only -v prints each rule's sentence below its name."""
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "--collect-only", "-v")
    assert result.ret == 0
    result.stdout.re_match_lines([r".*<Function test_\w+>", r"\s+[A-Z`].*\."])
    assert "zeno_subject" not in result.stdout.str()


def test_an_id_pastes_back(pytester):
    """An id from the listing runs that rule, without any option."""
    listed = ids(pytester.runpytest("--zeno-plugin=plugins/hello", "--collect-only", "-q"))
    assert len(listed) >= 40
    assert listed[0].startswith("plugins/hello/hello.wasm::test_")
    result = pytester.runpytest(listed[3])
    result.assert_outcomes(passed=1)


def test_an_id_of_a_manifest_rule_pastes_back(pytester):
    """A pasted id finds the manifest again, so its rules are there too."""
    listed = ids(pytester.runpytest("--zeno-plugin=plugins/hello", "--collect-only", "-q"))
    manifest_rule = next(one for one in listed if "::test_man" in one)
    pytester.runpytest(manifest_rule).assert_outcomes(passed=1)


def test_a_module_met_on_the_way_is_left_alone(pytester):
    """A directory is walked past its .wasm and .yaml files."""
    pytester.makepyfile(test_mine="def test_mine(): pass")
    pytester.runpytest(".").assert_outcomes(passed=1)


def test_markers_select_rules(pytester):
    """-m with the rule's id runs that rule."""
    pytester.runpytest(
        "--zeno-plugin=plugins/hello", "-m", 'zeno_rule(id="MOD-001")'
    ).assert_outcomes(
        passed=1,
        deselected=pytester.runpytest("--zeno-plugin=plugins/hello").parseoutcomes()["passed"] - 1,
    )


def test_xdist_gives_the_same_verdict(pytester):
    """-n 2 judges as one process does."""
    alone = pytester.runpytest("--zeno-plugin=plugins/hello")
    shared = pytester.runpytest_subprocess("--zeno-plugin=plugins/hello", "-n", "2")
    assert shared.ret == alone.ret == 0

    def verdict(result):
        return next(line for line in result.stdout.lines if "conformant (" in line)

    assert verdict(shared) == verdict(alone)


def test_last_failed_runs_the_broken_rule_again(pytester, hello):
    """--lf repeats the one finding."""
    (hello / "hello.wasm").write_bytes(b"")
    pytester.runpytest("--zeno-plugin=plugins/hello")
    again = pytester.runpytest("--zeno-plugin=plugins/hello", "--lf")
    assert again.ret == 1
    assert again.parseoutcomes()["failed"] == 1
    assert "skipped" not in again.parseoutcomes()


def test_quiet_still_says_the_verdict(pytester):
    """-q prints the verdict and no header."""
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "-q")
    result.stdout.fnmatch_lines(["*: conformant (*"])
    assert "zeno: contract revision" not in result.stdout.str()


def test_the_plugin_can_be_switched_off(pytester):
    """-p no:zeno leaves a plain pytest, to which the option is unknown."""
    pytester.makepyfile("def test_mine(): pass")
    pytester.runpytest_subprocess("-p", "no:zeno").assert_outcomes(passed=1)
    result = pytester.runpytest_subprocess("-p", "no:zeno", "--zeno-plugin=plugins/hello")
    assert result.ret == 4


def test_an_idle_run_says_nothing(pytester):
    """Without plugins there is neither header nor summary of ours."""
    pytester.makepyfile("def test_mine(): pass")
    result = pytester.runpytest()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*zeno:*")
    result.stdout.no_fnmatch_line("*= zeno =*")


def test_a_users_naming_rules_do_not_hide_the_suite(pytester):
    """`python_functions` of the user's project is for the user's tests."""
    pytester.makeini("[pytest]\npython_functions = check_*\n")
    result = pytester.runpytest("--zeno-plugin=plugins/hello")
    result.stdout.fnmatch_lines(["*: conformant (*"])


@pytest.mark.parametrize("where", ["plugins", "/"])
def test_any_working_directory_will_do(pytester, hello, where, monkeypatch):
    """The path counts from where pytest was started; the rest does not matter."""
    monkeypatch.chdir(pytester.path / where)
    result = pytester.runpytest_subprocess(f"--zeno-plugin={hello}", "-p", "no:cacheprovider")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*: conformant (*"])


def test_junit_carries_the_rule(pytester):
    """The JUnit file names rule, plugin and status of each case."""
    pytester.runpytest("--zeno-plugin=plugins/hello", "--junitxml=out.xml")
    text = (pytester.path / "out.xml").read_text("utf-8")
    assert '<property name="zeno_rule" value="MOD-001"' in text
    assert '<property name="zeno_status" value="kept"' in text


def test_xdist_finds_the_plugins_of_the_ini_file(pytester):
    """-n 2 runs the user's tests and judges the plugin that only the walk meets."""
    pytester.makeini("[pytest]\nzeno_plugin = plugins/hello\n")
    pytester.makepyfile(test_mine="def test_mine(): pass")
    result = pytester.runpytest_subprocess("-n", "2", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*PASSED test_mine.py::test_mine*"])
    result.stdout.fnmatch_lines(["*: conformant (*"])


def test_the_id_as_it_is_printed_selects_a_rule(pytester):
    """-k STR-003 runs that rule."""
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "-k", "STR-003")
    assert result.parseoutcomes()["passed"] == 1


def test_the_header_says_when_a_plugin_is_there_for_fixtures_alone(pytester):
    """With files named, the bound plugin is not judged, and the header says so."""
    pytester.makepyfile(test_mine="def test_mine(plugin): pass")
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "test_mine.py")
    result.stdout.fnmatch_lines(["zeno: *; hello-c (plugins/hello) for fixtures, not judged"])
