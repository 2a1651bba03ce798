"""`--zeno-cost-baseline` fails a run in which a call costs more than it did."""

from __future__ import annotations

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from bad.base import base

OK, FAILED, HARNESS, USAGE = 0, 1, 3, 4
OPTION = "--zeno-cost-baseline=costs.yaml"
UPDATE = "--zeno-cost-update"
RUNS = int(os.environ.get("ZENO_TEST_COST_RUNS", "2"))
"""Runs of an unchanged plugin, side by side, of which none may be red."""

PING = "(func $ping (result i32)"
WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])


LONGER = 4
"""Pairs of instructions that are one percent of what a ping takes."""


@pytest.fixture
def plugin(pytester):
    """Write the plugin, its ping longer by so many pairs of instructions, to plugins/base."""

    def write(pairs=0):
        more = PING + " (drop (i32.const 1))" * pairs
        base().swapped("wat", PING, more).write(pytester.path / "plugins" / "base")

    return write


@pytest.fixture(scope="module")
def written():
    """What the plugin costs, by the file's bytes, once a test had it written."""
    return []


@pytest.fixture
def costs(pytester, plugin, written):
    """The file of what the plugin costs."""
    plugin()
    file = pytester.path / "costs.yaml"
    if not written:
        assert judge(pytester, UPDATE).ret == OK
        written.append(file.read_bytes())
    file.write_bytes(written[0])
    return file


def judge(pytester, *arguments):
    """Judge one rule of the plugin against the file."""
    run = pytester.runpytest_subprocess if "-n" in arguments else pytester.runpytest
    return run("--zeno-plugin=plugins/base", "-k", "MOD-001", OPTION, *arguments)


def edited(costs, pattern, new):
    """Put something else in the file where the pattern first stands."""
    text, times = re.subn(pattern, new, costs.read_text("utf-8"), count=1)
    assert times == 1
    costs.write_text(text, "utf-8")


def test_the_file_is_written_and_kept_to(pytester, costs):
    """Byte for byte the same when nothing has changed, and green."""
    before = costs.read_bytes()
    result = judge(pytester)
    assert result.ret == OK
    result.stdout.no_fnmatch_line("*costs.yaml*")
    result = judge(pytester, UPDATE)
    result.stdout.fnmatch_lines(["costs.yaml: nothing to update, 1 listed"])
    assert costs.read_bytes() == before


@WORKERS
@pytest.mark.usefixtures("costs")
def test_one_percent_more_fuel_fails_the_run(pytester, plugin, workers):
    """The line names slot, metric, both numbers, ratio, inputs, and how to measure again."""
    plugin(LONGER)
    result = judge(pytester, *workers)
    assert result.ret == FAILED
    line = next(line for line in result.outlines if "base.ping: fuel rose" in line)
    for told in (
        " (+1.",
        'asked {"slot_name":"base.ping","parameters":{}}, at most +0.5 % is allowed: make it',
        "or accept it with --zeno-cost-update; again: pytest --zeno-plugin=",
        " --zeno-cost-baseline=costs.yaml -k MOD-001",
    ):
        assert told in line


@pytest.mark.usefixtures("costs")
def test_a_threshold_allows_more(pytester, plugin):
    """In the ini file; the command line goes before it."""
    plugin(LONGER)
    pytester.makeini("[pytest]\nzeno_cost_threshold = fuel=20%\nzeno_cost_baseline = costs.yaml\n")
    arguments = ("--zeno-plugin=plugins/base", "-k", "MOD-001")
    assert pytester.runpytest(*arguments).ret == OK
    assert pytester.runpytest(*arguments, "--zeno-cost-threshold=fuel=0").ret == FAILED


def test_what_became_cheaper_is_told(pytester, plugin, costs):
    """And does not fail the run."""
    edited(costs, r"fuel: (\d+)", r"fuel: 9\1")
    plugin(LONGER)
    result = judge(pytester, "--zeno-cost-threshold=fuel=50%")
    assert result.ret == OK
    result.stdout.fnmatch_lines(
        ["base (*): base.echo: fuel fell from * (-* %), asked *", "base (*): keep what was won: *"]
    )


def test_another_engine_is_no_regression(pytester, costs):
    """Nothing is compared, the run is green, and it says to write the file anew."""
    edited(costs, r"wasmtime: \d+", "wasmtime: 1")
    edited(costs, r"fuel: \d+", "fuel: 1")
    result = judge(pytester)
    assert result.ret == OK
    result.stdout.fnmatch_lines(["base (*): the engine changed, not the plugin: * wasmtime 1,*"])


def test_other_numbers_of_the_same_module_are_the_harness_s(pytester, costs):
    """No plugin is blamed for them."""
    edited(costs, r"fuel: (\d+)", r"fuel: 9\1")
    result = judge(pytester)
    assert result.ret == HARNESS
    result.stdout.fnmatch_lines(["base (*): base.echo: fuel fell from *its files are the same*"])


def test_a_slot_that_is_not_listed_fails_the_run(pytester, costs):
    """It is not compared to anything."""
    edited(costs, r"base\.ping:", "base.pong:")
    result = judge(pytester)
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["*out of date: base.ping is not listed*", "*base.pong is listed*"])


def test_a_slot_whose_call_fails_is_told_with_the_reason(pytester, costs):
    """Also where no rule that says so is run; an update keeps what it cost."""
    base().swapped("wat", PING, PING + " unreachable").write(pytester.path / "plugins" / "base")
    result = judge(pytester)
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["*out of date: base.ping could not be measured: the guest trap*"])
    judge(pytester, UPDATE)
    assert "base.ping:" in costs.read_text("utf-8")


def test_a_broken_plugin_is_not_measured(pytester, costs):
    """The reason is told, and what is listed stays."""
    (pytester.path / "plugins" / "base" / "plugin.wasm").write_text("I am text")
    before = costs.read_bytes()
    result = judge(pytester)
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["base (*): costs could not be measured: the file is *"])
    judge(pytester, UPDATE)
    assert costs.read_bytes() == before


@pytest.mark.usefixtures("hello")
def test_an_update_keeps_other_plugins(pytester, costs):
    """And adds what is new."""
    arguments = ("--zeno-plugin=plugins/hello", "-k", "MOD-001", OPTION)
    result = pytester.runpytest(*arguments)
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(["*costs.yaml does not list the plugin 'hello-c'; *update adds*"])
    pytester.runpytest(*arguments, UPDATE)
    assert re.findall(r"^[\w-]+(?=:$)", costs.read_text("utf-8"), re.MULTILINE) == [
        "base",
        "hello-c",
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((OPTION,), "costs.yaml: there is no such file; --zeno-cost-update writes it"),
        ((UPDATE,), "name the file by --zeno-cost-baseline"),
        ((OPTION, UPDATE, "--zeno-cost-threshold=fule=1%"), "did you mean 'fuel'?"),
        (("--zeno-cost-baseline=bad.yaml",), "bad.yaml:1:1: *expected a mapping"),
    ],
)
def test_wrong_usage_ends_the_run_before_it_begins(pytester, plugin, arguments, told):
    """With what to do."""
    plugin()
    (pytester.path / "bad.yaml").write_text("- base\n", "utf-8")
    result = pytester.runpytest("--zeno-plugin=plugins/base", *arguments)
    assert result.ret == USAGE
    result.stderr.fnmatch_lines([f"*{told}*"])


def test_no_run_of_an_unchanged_plugin_is_red(pytester, costs, tmp_path):
    """Processes of their own, all cores busy, other hash seeds, with and without the cache."""
    assert costs.is_file()

    def run(number):
        settings = {"PYTHONHASHSEED": str(number)}
        if number % 2:
            settings["ZENO_CACHE_DIR"] = str(tmp_path / str(number))
        command = [*pytester._getpytestargs(), "-q", "--zeno-plugin=plugins/base"]
        command += ["-k", "MOD-001", OPTION, "-p", "no:cacheprovider"]
        done = subprocess.run(  # noqa: S603 (our own run)
            command, cwd=pytester.path, env=os.environ | settings, capture_output=True, check=False
        )
        return done.returncode, done.stdout

    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        made = list(pool.map(run, range(RUNS)))
    assert [(code, text) for code, text in made if code != OK] == []
