"""`--zeno-benchmark`: one benchmark for each slot, and never a silent nothing."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("pytest_benchmark")

QUICK = ("--benchmark-max-time=0.001", "--benchmark-min-rounds=1")
ALONE = ("--zeno-plugin=plugins/hello", "--zeno-benchmark", "--benchmark-only", *QUICK)
SLOTS = ["hello.greet", "hello.echo", "hello.count"]


@pytest.fixture(autouse=True)
def _unspread(monkeypatch):
    """The run under test is none of xdist's workers, whatever runs this one."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)


def measured(path):
    """Return what a file of pytest-benchmark says of each benchmark."""
    return json.loads(path.read_text("utf-8"))["benchmarks"]


@pytest.mark.usefixtures("hello")
def test_each_slot_is_a_benchmark(pytester):
    """Groups and extra_info say what was measured, and the rules are left out."""
    # In a process of its own: older pytest-benchmarks leave the file open.
    result = pytester.runpytest_subprocess(*ALONE, "--benchmark-json=out.json")
    assert result.ret == pytest.ExitCode.OK
    found = measured(pytester.path / "out.json")
    assert [one["name"] for one in found] == [f"benchmark[{slot}]" for slot in SLOTS]
    assert {one["group"] for one in found} == {"hello-c"}
    first = found[0]["extra_info"]
    assert first.pop("fuel") > 100
    assert first == {"plugin": "hello-c", "slot": "hello.greet", "inputs": first["inputs"]}
    assert set(first["inputs"]) == {"name", "greeting"}


@pytest.mark.usefixtures("hello")
def test_it_stands_beside_the_rules(pytester):
    """Without --benchmark-only the plugin is judged in the same run."""
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "--zeno-benchmark", *QUICK)
    assert result.ret == pytest.ExitCode.OK
    for line in ("*benchmark?hello.echo?*", "hello-c (plugins?hello): conformant*"):
        result.stdout.fnmatch_lines([line])  # in the order in which the plugins were found


@pytest.mark.usefixtures("hello")
def test_an_id_can_be_pasted(pytester):
    """One slot alone is measured, and nothing else is missed."""
    result = pytester.runpytest(
        "plugins/hello/hello.wasm::benchmark[hello.echo]", "--zeno-benchmark", *QUICK
    )
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.usefixtures("hello")
def test_runs_are_compared(pytester):
    """A saved run is found again under the same names."""
    pytester.runpytest(*ALONE, "-k", "echo", "--benchmark-save=first")
    result = pytester.runpytest(*ALONE, "-k", "echo", "--benchmark-compare=0001")
    assert result.parseoutcomes()["passed"] == 1
    for run in ("0001_first", "NOW"):  # the quicker one comes first
        result.stdout.fnmatch_lines([f"*benchmark?hello.echo? ({run})*"])


@pytest.mark.usefixtures("hello")
def test_it_is_off_by_default(pytester):
    """Nobody who judges waits for benchmarks."""
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "--collect-only", "-q")
    result.stdout.no_fnmatch_line("*::benchmark*")


@pytest.mark.usefixtures("hello")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-p", "no:benchmark"), "pip install 'pytest-zeno?benchmark?'"),
        (("-n", "2"), "add -n 0"),
        (("--benchmark-disable",), "add --benchmark-enable"),
        (("--benchmark-skip",), "add --benchmark-only"),
    ],
)
def test_what_keeps_it_from_measuring_is_a_usage_error(pytester, arguments, said):
    """pytest-benchmark would pass over it in silence."""
    result = pytester.runpytest("--zeno-plugin=plugins/hello", "--zeno-benchmark", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --zeno-benchmark: *{said}*"])


def test_it_needs_a_plugin(pytester):
    """Without one nothing would be measured."""
    result = pytester.runpytest("--zeno-benchmark")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --zeno-benchmark: no plugin is judged: *"])


@pytest.mark.parametrize(
    ("bad", "outcomes", "said"),
    [
        ("lif005-free-traps", {"failed": 2}, "cannot be called: *"),
        ("lif004-register-traps", {"failed": 1}, "the slots of * are not known: *"),
        ("cal001-not-served", {"skipped": 1}, "answers a failure to *"),
    ],
)
def test_a_slot_that_cannot_be_measured_says_why(pytester, broken, bad, outcomes, said):
    """A trap fails the benchmark; a slot that declines its example is left out, with the answer."""
    broken(bad)
    result = pytester.runpytest(
        f"--zeno-plugin=plugins/{bad}", "--zeno-benchmark", "--benchmark-only", "-rs", *QUICK
    )
    found = {name: result.parseoutcomes().get(name, 0) for name in outcomes}
    assert found == outcomes
    result.stdout.fnmatch_lines([f"*{said}"])
