"""The soak finds what grows and what is left behind, and nothing else."""

from __future__ import annotations

import pytest

from benchmarks import soak
from benchmarks.resident import MIB, growth, held, temporary


def _measured(*, grown: int = 0, left: dict[str, int] | None = None) -> soak.Stretch:
    return soak.Stretch("calls", 40, 50 * MIB, 51 * MIB, grown, MIB, left or {})


def test_a_step_that_keeps_memory_grows(monkeypatch):
    """A hundred kB a step are seen in eighty steps, of which the last 48 are judged."""
    kept = []
    monkeypatch.setattr(soak, "resident", lambda: 100_000 * len(kept))
    found = soak.soak("keeps", 80, lambda: kept.append(None))
    assert found.grown == 46 * 100_000
    assert not found.flat


def test_what_stays_open_is_left_behind(monkeypatch):
    """However little memory it takes; a few mappings are the allocator's."""
    opened = []
    monkeypatch.setattr(soak, "resident", lambda: 1)
    monkeypatch.setattr(soak, "held", lambda: {"threads": len(opened), "mappings": 10})
    found = soak.soak("opens", 40, lambda: opened.append(None))
    assert found.left == {"threads": 40}
    assert not found.flat


def test_a_new_file_is_counted(tmp_path):
    """Among the temporary ones."""
    with temporary(str(tmp_path)):
        before = held()["temporary files"]
        (tmp_path / "file").touch()
        assert held()["temporary files"] == before + 1


@pytest.mark.parametrize(
    ("samples", "climbed"),
    [
        ([5, 5, 5, 5, 5], 0),
        ([1, 2, 3, 4, 5], 4),
        ([1, 1, 1, 900, 1, 1, 1], 0),
        ([9, 7, 5], -4),
    ],
)
def test_growth_is_what_the_line_climbs(samples, climbed):
    """One sample that is far off does not bend it."""
    assert growth(samples) == climbed


def test_the_table_says_what_is_wrong():
    """What is flat, what grows, and what was left."""
    stretches = [
        _measured(),
        _measured(grown=soak.BOUND + 1),
        _measured(left={"threads": 2}),
    ]
    flat, grows, left = soak.table(stretches).splitlines()[2:]
    assert flat.endswith("| nothing | flat |")
    assert grows.endswith("| nothing | GROWS |")
    assert left.endswith("| 2 threads | GROWS |")
