"""What grows with work is found and measured; what is filled once is not."""

from __future__ import annotations

import pytest

pytest.importorskip("memray")

from pytest_zeno.leaks.growth import watch
from pytest_zeno.leaks.tracked import AlreadyTrackedError

TIMES = 200


def no_work():
    """Do nothing."""


def test_an_object_that_is_kept_is_found():
    """Its stack names who allocated it, and a block each time is told."""
    kept = []

    def work():
        kept.append(bytearray(1_000))

    found = watch(work, TIMES)
    assert {one.stack[0].function for one in found} == {"work"}
    assert max(one.blocks for one in found) == pytest.approx(2, abs=0.1)  # its head and its bytes
    assert sum(one.bytes for one in found) == pytest.approx(1_000 + 57, rel=0.1)


def test_a_list_that_grows_is_found():
    """Where what is kept was there before, what holds it grows by eight bytes."""
    kept = []
    found = watch(lambda: kept.append(None), 1_000)
    assert [one.blocks for one in found] == [0]
    assert found[0].bytes == pytest.approx(8, rel=0.2)


def test_every_fifth_time_is_found():
    """What stays now and then stays for good, too."""
    kept, count = [], iter(range(10_000))

    def work():
        if next(count) % 5 == 0:
            kept.append(bytearray(100))

    found = watch(work, TIMES)
    assert max(one.blocks for one in found) == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize("most", [1, 50, TIMES])
def test_what_has_a_bound_is_no_leak(most):
    """A ring or a cache that was filled once is full, and exchanges what it holds."""
    ring = []

    def work():
        ring.append(bytearray(100))
        del ring[:-most]

    assert watch(work, TIMES) == ()


def test_a_table_that_is_moved_is_no_leak():
    """Entries that come and go have a dict rebuilt now and then, as large as it was."""
    table, count = dict.fromkeys(range(3_000)), iter(range(10**6))

    def work():
        key = 10_000 + next(count)
        table[key] = None
        del table[key]

    assert watch(work, TIMES) == ()


def test_cycles_are_no_leak():
    """They are gone when the collector has been."""

    def work():
        ring = [bytearray(100)]
        ring.append(ring)

    assert watch(work, TIMES) == ()


def test_what_is_kept_on_purpose_is_let_go_first():
    """A ledger that is cleared before it is looked at keeps nothing."""
    ledger = []
    assert watch(lambda: ledger.append(bytearray(100)), TIMES, ledger.clear) == ()


def test_nothing_stays_of_nothing():
    """The tracker itself leaves nothing."""
    assert watch(no_work, TIMES) == ()


def test_what_fails_is_told():
    """An error of the work is the caller's."""
    with pytest.raises(ZeroDivisionError):
        watch(lambda: 1 // 0, 1)


def test_the_names_of_its_own_frames_are_cut_off():
    """A stack ends where the work begins, whoever started it."""
    kept = []
    (one, *_) = watch(lambda: kept.append(bytearray(100)), TIMES)
    assert [frame.file for frame in one.stack] == [__file__]


def test_a_process_that_is_tracked_already_says_so(tmp_path):
    """There can be but one tracker at a time."""
    from memray import Tracker

    with Tracker(tmp_path / "other.bin"), pytest.raises(AlreadyTrackedError, match="memray run"):
        watch(no_work, 1)
