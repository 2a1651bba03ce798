"""The soak finds what grows and what is left behind, and nothing else."""

from __future__ import annotations

import sys

import pytest

from benchmarks import soak
from benchmarks.resident import MIB, growth, temporary

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="memory is not measured there")


@pytest.fixture(autouse=True)
def _temporary(tmp_path):
    """Only this process has its temporary files there."""
    with temporary(str(tmp_path)):
        yield


def _measured(*, grown: int = 0, left: dict[str, int] | None = None) -> soak.Stretch:
    return soak.Stretch("calls", 40, 50 * MIB, 51 * MIB, grown, MIB, left or {})


def test_a_step_that_keeps_memory_grows():
    """A hundred KiB a step are seen in eighty steps."""
    kept = []
    found = soak.soak("keeps", 80, lambda: kept.append(b"x" * 100_000))
    assert found.grown > 3 * MIB
    assert not found.flat


@pytest.mark.skipif(sys.platform == "darwin", reason="handles of other threads come and go there")
def test_a_handle_that_stays_open_is_left_behind(tmp_path):
    """However little memory it takes."""
    (tmp_path / "file").touch()
    opened = []
    found = soak.soak("opens", 40, lambda: opened.append((tmp_path / "file").open()))
    for file in opened:
        file.close()
    assert found.left["file handles"] == 40
    assert not found.flat


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
