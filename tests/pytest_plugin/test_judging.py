"""`pytest --zeno-plugin=PATH` judges a plugin: outcomes, exit codes, texts."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("hello")

OK, FAILED, USAGE, NOTHING = 0, 1, 4, 5


def test_a_good_plugin_is_conformant(pytester):
    """The C hello passes every rule, and the verdict line says so."""
    result = pytester.runpytest("--zeno-plugin=plugins/hello")
    assert result.ret == OK
    result.stdout.re_match_lines([r"hello-c \(.*hello.*\): conformant \(\d+ kept of \d+ rules, .*"])
    result.assert_outcomes(passed=result.parseoutcomes()["passed"])


@pytest.mark.parametrize("given", ["plugins/hello", "plugins/hello/manifest.yaml", "plugins"])
def test_a_plugin_is_named_by_folder_manifest_or_directory(pytester, given):
    """A folder, its manifest and a directory of plugins mean the same plugin."""
    result = pytester.runpytest(f"--zeno-plugin={given}")
    assert result.ret == OK
    result.stdout.fnmatch_lines(["*: conformant (*"])


def test_a_bare_module_is_judged_without_a_manifest(pytester, hello):
    """A bare .wasm is judged without the manifest's rules and any grant; the verdict says so."""
    whole = pytester.runpytest("--zeno-plugin=plugins/hello").parseoutcomes()["passed"]
    (hello / "manifest.yaml").unlink()
    result = pytester.runpytest("--zeno-plugin=plugins/hello/hello.wasm")
    assert result.ret == OK
    result.stdout.fnmatch_lines(
        ["*a bare module: without the manifest's rules, and with no permission"]
    )
    assert 0 < result.parseoutcomes()["passed"] < whole


def test_a_module_named_by_itself_is_bare_beside_a_manifest_too(pytester):
    """Who names the .wasm has it judged bare, whatever stands beside it."""
    result = pytester.runpytest("--zeno-plugin=plugins/hello/hello.wasm")
    assert result.ret == OK
    result.stdout.fnmatch_lines(["*a bare module: *"])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "*ERROR: --zeno-plugin: the path is empty*"),
        ("nowhere", "*ERROR: --zeno-plugin: *nowhere: no such file or folder*"),
        (".", "*ERROR: --zeno-plugin: *: no manifest.yaml in this folder nor in any folder of it*"),
        (
            "notes.txt",
            "*ERROR: --zeno-plugin: *notes.txt: neither a manifest.yaml nor a .wasm file*",
        ),
    ],
)
def test_a_wrong_path_is_a_usage_error(pytester, path, expected):
    """A path that is no plugin ends with exit code 4 and one line."""
    (pytester.path / "notes.txt").write_text("not a plugin")
    result = pytester.runpytest(f"--zeno-plugin={path}")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines([expected])
    assert len([line for line in result.stderr.lines if line.strip()]) == 1


def test_a_broken_manifest_is_one_finding(pytester, hello):
    """Of a manifest that cannot be read one rule fails; the others are not testable."""
    (hello / "manifest.yaml").write_text("name: [hello\n")
    result = pytester.runpytest("--zeno-plugin=plugins/hello")
    assert result.ret == FAILED
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert "errors" not in outcomes
    result.stdout.fnmatch_lines(
        ["*manifest.yaml:*", "*: not conformant (1 broken, * not testable *"]
    )


def test_a_text_file_called_wasm_is_one_finding(pytester, hello):
    """Of a file that is no WebAssembly one rule fails and names what the file is."""
    (hello / "hello.wasm").write_text("hello, I am text\n")
    result = pytester.runpytest("--zeno-plugin=plugins/hello")
    assert result.ret == FAILED
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["*'hello, I am text'*", "*: not conformant (1 broken, *"])


def test_a_missing_module_is_one_finding(pytester, hello):
    """A manifest whose binary is not there fails one rule."""
    (hello / "hello.wasm").unlink()
    result = pytester.runpytest("--zeno-plugin=plugins/hello")
    assert result.ret == FAILED
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["*hello.wasm*"])


def test_a_breach_still_shows_when_its_own_rule_does_not_run(pytester, hello):
    """With the owning rule deselected, what needs the broken stage fails: never silently green."""
    (hello / "hello.wasm").write_text("hello, I am text\n")
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "-k", "met00")
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["*'hello, I am text'*"])


def test_a_run_that_selects_nothing_is_not_green(pytester):
    """-k that matches no rule ends with pytest's own exit code for that."""
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "-k", "no_such_rule")
    assert result.ret == NOTHING


def test_part_of_the_rules_is_no_verdict(pytester):
    """A run of some rules passes, and says that it is no verdict."""
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "-k", "test_mod")
    assert result.ret == OK
    result.stdout.fnmatch_lines(["*: no verdict (*"])


def test_two_plugins_are_kept_apart(pytester):
    """A broken plugin has its own verdict beside a good one."""
    broken = pytester.path / "plugins" / "broken"
    broken.mkdir()
    (broken / "manifest.yaml").write_text("name: broken\nversion: 1.0.0\nbinary: p.wasm\n")
    (broken / "p.wasm").write_bytes(b"")
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "--zeno-plugin=plugins/broken")
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(
        ["hello-c (*: conformant (*", "broken (*: not conformant (1 broken, *"]
    )


def test_the_ini_file_names_plugins(pytester):
    """`zeno_plugin` in the ini file judges a plugin beside the user's own tests."""
    pytester.makeini("[pytest]\nzeno_plugin = plugins/hello\n")
    pytester.makepyfile(test_mine="def test_mine(plugin): assert plugin.name == 'hello-c'")
    result = pytester.runpytest()
    assert result.ret == OK
    result.stdout.fnmatch_lines(["*: conformant (*"])
    assert "test_mine.py" in result.stdout.str()


def test_a_plugin_that_pytest_walks_past_is_an_error(pytester, hello):
    """A plugin of the ini file in a folder that pytest does not enter is never passed over."""
    hello.rename(pytester.mkdir("build") / "hello")
    pytester.makeini("[pytest]\nzeno_plugin = build/hello\n")
    result = pytester.runpytest()
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(["*hello.wasm lies in a folder that pytest does not enter*"])


def test_a_module_below_a_folder_of_the_command_line_is_judged(pytester):
    """`pytest . plugins/hello/hello.wasm` runs the user's tests and the suite."""
    pytester.makepyfile(test_mine="def test_mine(): pass")
    result = pytester.runpytest(".", "plugins/hello/hello.wasm")
    assert result.ret == OK
    result.stdout.fnmatch_lines(["*: conformant (*"])
    assert result.parseoutcomes()["passed"] > 50


def test_both_call_paths_come_to_the_same_verdict(pytester, monkeypatch):
    """ZENO_RUNTIME=plain judges as the fast path does."""

    def verdict() -> str:
        lines = pytester.runpytest("--zeno-plugin=plugins/hello").stdout.lines
        return next(line for line in lines if "conformant (" in line)

    fast = verdict()
    monkeypatch.setenv("ZENO_RUNTIME", "plain")
    assert verdict() == fast


def test_a_broken_rule_is_told_with_sentence_observation_and_fix(pytester, broken):
    """The failure names rule, sentence, what was seen, why it matters and the fix."""
    broken("mod011-cleanup-result")
    result = pytester.runpytest("--zeno-plugin=plugins/mod011-cleanup-result")
    assert result.ret == FAILED
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(
        [
            "MOD-011 (MUST, ABI.md section 2): *",
            "*broken *plugin_cleanup*",
            "*why *",
            "*fix C *",
            "*fix Go *",
            "*fix Rust *",
            "*again * pytest --zeno-plugin=plugins/mod011-cleanup-result -k test_mod011_*",
        ]
    )
    assert "() -> i32" in result.stdout.str()


def test_a_should_that_is_not_kept_is_a_warning(pytester, broken):
    """The run passes, counts the warning apart, and shows the finding."""
    broken("rsp006-error-none")
    result = pytester.runpytest("--zeno-plugin=plugins/rsp006-error-none")
    assert result.ret == OK
    result.stdout.fnmatch_lines(["RSP-006 *", "*: conformant with warnings (1 warned, *"])
    result.stdout.re_match_lines([r".* \d+ passed, .*1 warned in .*"])
