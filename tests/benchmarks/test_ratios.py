"""`python -m benchmarks`: every part runs, and what is over its bound is said."""

from __future__ import annotations

import json

import pytest

from benchmarks import __main__ as command
from benchmarks import page
from benchmarks.ratio import Ratio
from benchmarks.rounds import Timings, interleave
from tests.repo.conftest import ROOT

FAST = [part for part in command.PARTS if part not in ("loading", "runs", "calls")]


@pytest.mark.parametrize("part", FAST)
def test_a_part_runs(part):
    """With two rounds it measures nothing, and gives a ratio for each of its names."""
    found = list(command.measure([part], 2))
    assert all(one.value > 0 and one.most > 0 for one in found)


def test_calls_run_without_extism():
    """What the other SDK is not needed for runs without it."""
    from benchmarks import calls

    assert calls.greeting(2).value > 1
    assert calls.native()().data == {"value": 1}


def test_a_report_is_compared():
    """The part of `runs` that needs no process."""
    from benchmarks import runs

    assert 0 < runs.report(20).value < 10


def test_plugins_are_loaded():
    """The part of `loading` that compiles nothing large; each plugin is another one."""
    from benchmarks import loading

    assert loading.many(2).yardstick == "0.01 s"


@pytest.fixture
def ratios(monkeypatch):
    """Have the command measure nothing and find these ratios."""
    found = [Ratio("a call", "another", 0.5, 1.0, 0.6), Ratio("a load", "another", 2.0, 1.0)]
    monkeypatch.setattr(command, "measure", lambda *_: iter(found))
    return found


@pytest.mark.usefixtures("ratios")
def test_what_does_not_hold_fails_a_check(capsys):
    """Without --check the table alone says so."""
    assert command.main([]) == 0
    assert command.main(["--check"]) == 1
    said = capsys.readouterr()
    assert said.err.splitlines()[-1] == "does not hold: a load / another"
    assert [line.endswith("NO") for line in said.out.splitlines()[-2:]] == [False, True]


def test_what_holds_passes_a_check(ratios):
    """A bound may be reached."""
    ratios[1] = Ratio("a load", "another", 1.0, 1.0)
    assert command.main(["--check"]) == 0


@pytest.mark.usefixtures("ratios")
def test_figures_are_written(tmp_path):
    """As JSON, and as the page, both with the machine."""
    report, written = tmp_path / "out.json", tmp_path / "out.md"
    command.main(["--json", str(report), "--write", str(written)])
    record = json.loads(report.read_text("utf-8"))
    assert record["machine"] == page.machine()
    assert [one["holds"] for one in record["ratios"]] == [True, False]
    text = written.read_text("utf-8")
    assert "| a call | another | 0.500 | 0.600 | 1 | yes |" in text
    assert page.machine() in text


def test_the_page_is_written_by_the_command():
    """It has the rows of every part; its figures are those of some machine."""
    text = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    shape, _, _ = page.page([]).partition("| what |")
    assert text.startswith(shape)


def test_rounds_take_turns():
    """Each variant runs in each round, and ratios are of the least times."""
    ran = []
    timings = interleave({"a": lambda: ran.append("a"), "b": lambda: ran.append("b")}, 3)
    assert {name: len(times) for name, times in timings.rounds.items()} == {"a": 3, "b": 3}
    assert set(ran) == {"a", "b"}
    ratio = Timings({"a": [3.0, 2.0, 8.0], "b": [4.0, 4.0, 8.0]}).ratio("a", "b", 0.5)
    assert (ratio.value, ratio.spread, ratio.holds) == (0.5, 0.75, True)
