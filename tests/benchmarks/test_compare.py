"""`python -m benchmarks.compare`: two revisions side by side, and the series that comes of it."""

from __future__ import annotations

import json
import shutil

import pytest

from benchmarks import compare, series
from tests.repo.conftest import ROOT


def test_a_revision_is_compared_with_itself(tmp_path, capsys):
    """Processes of both run, the bound decides, and a line is noted."""
    noted = tmp_path / "series.jsonl"
    arguments = [str(ROOT), "--only", "load", "--rounds", "1", "--series", str(noted)]
    assert compare.main([*arguments, "--most", "50"]) == 0
    assert "load / the same at BASE" in capsys.readouterr().out
    record = json.loads(noted.read_text("utf-8"))
    assert record["head"] == str(ROOT)
    assert 0.02 < record["ratios"]["load"] < 50


def test_what_costs_more_fails(monkeypatch, capsys):
    """The exit code is 1, and what costs more is named."""
    costs = {"base": 1.0, "head": 1.2}
    monkeypatch.setattr(compare, "stage", lambda *_: None)
    monkeypatch.setattr(compare, "seconds", lambda _command, side, _env: costs[side.name])
    assert compare.main(["main", "--only", "load"]) == 1
    assert capsys.readouterr().err == "load costs 1.200 of what it did\n"
    assert compare.main(["main", "--only", "load", "--most", "1.3"]) == 0


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_what_is_no_revision_is_said(tmp_path):
    """The message names it, and what git says."""
    with pytest.raises(SystemExit, match="'no-such-thing' is neither a checkout's folder nor"):
        compare.stage("no-such-thing", tmp_path)


def test_a_staged_package_is_whole(tmp_path):
    """It lies as an installed one does, with the suite and the entry point."""
    compare.stage(str(ROOT), tmp_path / "side")
    assert (tmp_path / "side" / "pytest_zeno" / "conformance" / "__init__.py").exists()
    assert list((tmp_path / "side").glob("*.dist-info/entry_points.txt"))


def test_a_series_is_a_product():
    """Each comparison is with the one before, whatever the machine."""
    lines = ['{"ratios": {"load": 1.1}}', "", '{"ratios": {"load": 0.5, "calls": 2.0}}']
    found = series.levels(lines)
    assert found["load"] == pytest.approx([1.0, 1.1, 0.55])
    assert found["calls"] == [1.0, 2.0]


def test_a_series_is_drawn(tmp_path):
    """A line for each workload, with its name and level; names are escaped."""
    source, target = tmp_path / "s.jsonl", tmp_path / "s.svg"
    source.write_text('{"ratios": {"load": 1.1, "a<b": 0.9}}\n', "utf-8")
    assert series.main([str(source), str(target)]) == 0
    drawn = target.read_text("utf-8")
    assert drawn.count("<polyline") == 3
    assert ">a&lt;b 0.90<" in drawn


def test_a_series_needs_two_files(capsys):
    """Anything else is told how it is used."""
    assert series.main([]) == 2
    assert "FILE.jsonl FILE.svg" in capsys.readouterr().err
