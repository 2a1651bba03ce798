"""The fast and the plain call path come to the same: one table of guests, run on both."""

from __future__ import annotations

import pytest

from pytest_zeno.runtime.fast import FastInstance
from pytest_zeno.runtime.plain import PlainInstance
from tests.runtime.cases import KINDS, Case, play
from tests.runtime.host_calls import HOST_CALLS
from tests.runtime.scenarios import CASES
from tests.runtime.wasi_calls import WASI_CALLS


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


def test_no_two_cases_are_about_the_same() -> None:
    """Each case has a name of its own, which is its test's id."""
    names = [case.about for case in (*CASES, *HOST_CALLS, *WASI_CALLS)]
    assert len(set(names)) == len(names)
