"""A short pass of every fuzzer, the same in every run; `python -m tests.fuzz` goes on from there.

``ZENO_TEST_FUZZ`` multiplies the number of cases.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.fuzz import driver
from tests.fuzz.lifecycle import Life
from tests.fuzz.manifests import Manifests
from tests.fuzz.modules import Modules
from tests.fuzz.replies import Replies

TIMES = int(os.environ.get("ZENO_TEST_FUZZ", "1"))
SHORT = {Replies: 3_000, Manifests: 1_000, Modules: 60}
REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*/*"))
TARGETS = {kind.name: kind for kind in SHORT}


@pytest.fixture
def target(request: pytest.FixtureRequest, tmp_path: Path):
    """A fuzzer's target, closed after the test."""
    target = request.param(tmp_path)
    yield target
    target.close()


@pytest.mark.parametrize("target", SHORT, ids=lambda kind: kind.name, indirect=True)
def test_whatever_comes_ends_in_a_result_or_a_typed_error(target):
    """Replies and pointers, manifests, modules: no other exception, nothing unfit to be shown."""
    report = driver.run(target, "short", range(SHORT[type(target)] * TIMES))
    assert report.failures == []
    assert len(report.answers) > 15  # it got to many different places


def test_a_life_in_any_order_is_as_the_model_says():
    """Load, call, fail, reload, close."""
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=15 * TIMES,
            stateful_step_count=25,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("file", REGRESSIONS, ids=lambda file: f"{file.parent.name}-{file.name}")
def test_what_was_found_once_stays_mended(file, tmp_path):
    """Each file is a case that the product did not survive; its folder names the fuzzer."""
    target = TARGETS[file.parent.name](tmp_path)
    driver.answer(target, file.read_bytes())
    target.close()


class _Fragile:
    """A target that fails where it is told to."""

    name = "fragile"

    def case(self, rng):
        return rng.randbytes(1)

    def ask(self, case):
        if case[0] < 64:
            raise OverflowError("too low")
        return "high"


def test_a_failing_case_is_told_so_that_it_can_be_had_again():
    """By number, bytes and reason; the number alone gives the same bytes."""
    report = driver.run(_Fragile(), "seed", range(100))
    first = report.failures[0]
    assert first.case == _Fragile().case(driver.numbered("fragile", "seed", first.number))
    assert first.reason == "OverflowError: too low"
    again = driver.run(_Fragile(), "seed", [first.number])
    assert again.failures == [first]
