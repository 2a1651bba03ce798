"""However a plugin is named, it is found, judged once, and called what the user calls it."""

from __future__ import annotations

import os
import shutil

import pytest

pytestmark = pytest.mark.usefixtures("hello")

OK, FAILED, USAGE = 0, 1, 4
RULE = "test_mod001_binary_is_a_core_module"


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_path_may_go_up(pytester, monkeypatch, workers):
    """`--zeno-plugin=../plugins/hello` is the path that most people type."""
    monkeypatch.chdir(pytester.mkdir("work"))
    result = pytester.runpytest_subprocess("--zeno-plugin=../plugins/hello", *workers)
    assert result.ret == OK
    result.stdout.fnmatch_lines(["hello-c (*hello): conformant (*"])


def test_an_id_may_go_up(pytester):
    """`folder/../plugins/hello/hello.wasm::…` is that plugin's rule."""
    pytester.mkdir("work")
    pytester.runpytest(f"work/../plugins/hello/hello.wasm::{RULE}").assert_outcomes(passed=1)


def test_the_ini_files_path_may_go_up(pytester):
    """`zeno_plugin = ../hello` counts from the ini file."""
    shutil.move(pytester.path / "plugins" / "hello", pytester.path / "hello")
    (pytester.path / "plugins" / "pytest.ini").write_text("[pytest]\nzeno_plugin = ../hello\n")
    result = pytester.runpytest("-c", "plugins/pytest.ini")
    assert result.ret == OK
    result.stdout.fnmatch_lines(["hello-c (hello): conformant (*"])


def test_a_link_is_called_by_its_name(pytester, hello):
    """A plugin behind a symbolic link is found, and called what the user called it."""
    try:
        (pytester.path / "link").symlink_to(hello, target_is_directory=True)
    except OSError:  # Windows, without the right to make links
        pytest.skip("no symbolic links here")
    result = pytester.runpytest("--zeno-plugin=link")
    result.stdout.fnmatch_lines(["hello-c (link): conformant (*"])


def test_a_manifest_may_stand_among_the_arguments(pytester):
    """`pytest plugins/hello/manifest.yaml` judges the plugin."""
    result = pytester.runpytest("plugins/hello/manifest.yaml")
    assert result.ret == OK
    result.stdout.fnmatch_lines(["hello-c (*: conformant (*"])


def test_a_plugin_named_twice_is_judged_once(pytester):
    """A folder, its directory and an id of it are one plugin with one verdict."""
    once = pytester.runpytest("--zeno-plugin=plugins/hello").parseoutcomes()["passed"]
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "--zeno-plugin=plugins")
    result.assert_outcomes(passed=once)
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "plugins/hello/hello.wasm")
    result.assert_outcomes(passed=once)


@pytest.mark.parametrize("order", [1, -1])
def test_a_bare_module_does_not_hide_its_plugin(pytester, order):
    """Who names the folder and the module has the manifest's rules judged, too."""
    named = ["--zeno-plugin=plugins/hello", "--zeno-plugin=plugins/hello/hello.wasm"][::order]
    result = pytester.runpytest(*named)
    result.stdout.fnmatch_lines(["hello-c (plugins/hello): conformant (*"])
    result.stdout.no_fnmatch_line("*bare module*")


def test_plugins_of_one_name_are_told_apart(pytester, hello):
    """Two versions of a plugin have a verdict each, and a user's test runs with both."""
    shutil.copytree(hello, pytester.path / "plugins" / "newer")
    result = pytester.runpytest("--zeno-plugin=plugins")
    result.stdout.fnmatch_lines(["hello-c (*hello): conform*", "hello-c (*newer): conform*"])
    pytester.makepyfile("def test_mine(plugin): assert plugin.name == 'hello-c'")
    result = pytester.runpytest(
        "--zeno-plugin=plugins", "test_plugins_of_one_name_are_told_apart.py"
    )
    result.assert_outcomes(passed=2)


def test_xdist_knows_the_plugins_among_the_arguments(pytester, hello):
    """The process that collects nothing knows how many rules there are, and what is bare."""
    (hello / "manifest.yaml").unlink()
    whole = pytester.runpytest_subprocess("plugins/hello/hello.wasm", "-n", "2")
    whole.stdout.re_match_lines([r"hello \(.*: conformant \((\d+) kept of \1 rules.*bare module.*"])
    part = pytester.runpytest_subprocess(f"plugins/hello/hello.wasm::{RULE}", "-n", "2")
    part.stdout.fnmatch_lines(["hello (*: no verdict (1 kept of *"])


def test_xdist_tells_of_a_plugin_that_is_not_met(pytester, hello):
    """A plugin in a folder that pytest does not enter is an error of the collection."""
    hello.rename(pytester.mkdir("build") / "hello")
    pytester.makeini("[pytest]\nzeno_plugin = build/hello\n")
    pytester.makepyfile(test_mine="def test_mine(): pass")
    result = pytester.runpytest_subprocess("-n", "2")
    assert result.ret not in (OK, 5)
    result.stdout.fnmatch_lines(["*hello.wasm lies in a folder that pytest does not enter*"])


@pytest.mark.skipif(os.name != "posix", reason="no other system has such names")
@pytest.mark.parametrize(
    "name", ["a\x1b[31mb", "a\nb", "a\udce9b"], ids=["escape", "line", "latin"]
)
def test_a_name_that_cannot_be_shown_is_told(pytester, hello, name):
    """Pytest would write it to the terminal and into XML as it stands."""
    hello.rename(hello.with_name(name))
    result = pytester.runpytest("--zeno-plugin=plugins")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(["ERROR: --zeno-plugin: * has control characters or *; rename it"])
    assert "\x1b" not in result.stderr.str()
