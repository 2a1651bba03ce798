"""The call paths come to the same: one table of guests, run on each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_zeno.runtime.fast import FastInstance
from pytest_zeno.runtime.measured import MeasuredInstance
from pytest_zeno.runtime.plain import PlainInstance
from pytest_zeno.runtime.reference import ReferenceWasi
from tests.runtime.cases import KINDS, Case, play
from tests.runtime.host_calls import HOST_CALLS
from tests.runtime.scenarios import CASES
from tests.runtime.wasi_calls import WASI_CALLS

if TYPE_CHECKING:
    from pytest_zeno.runtime.wasi import Wasi


@pytest.mark.parametrize("case", [*CASES, *HOST_CALLS, *WASI_CALLS], ids=lambda case: case.about)
def test_both_paths_come_to_the_same(case: Case) -> None:
    """The same bytes, errors, host calls, log lines, output and memory on both call paths."""
    fast, plain = play(case, FastInstance), play(case, PlainInstance)
    assert fast == plain
    if isinstance(case.result, str):
        assert fast.error[:2] == (KINDS[case.result.partition(".")[0]], case.result)
    else:
        assert fast.error == ()
        assert fast.answers[-1] == case.result


class _Yardstick(PlainInstance):
    """The plain path with the fuel, the clock and the random bytes of a measured guest."""

    def __init__(self, *parts: Any, **options: Any) -> None:
        super().__init__(*parts, metered=True, **options)

    def _new_wasi(self) -> Wasi:
        return ReferenceWasi()


@pytest.mark.parametrize("case", [*CASES, *HOST_CALLS, *WASI_CALLS], ids=lambda case: case.about)
def test_measured_guests_come_to_the_same(case: Case) -> None:
    """The short way of what is measured is the plain path's, to the last bit of fuel."""
    assert play(case, MeasuredInstance) == play(case, _Yardstick)


def test_no_two_cases_are_about_the_same() -> None:
    """Each case has a name of its own, which is its test's id."""
    names = [case.about for case in (*CASES, *HOST_CALLS, *WASI_CALLS)]
    assert len(set(names)) == len(names)
