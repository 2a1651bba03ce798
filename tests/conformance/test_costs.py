"""What calls cost, and how that grows: in fuel, which no machine's speed changes."""

from __future__ import annotations

import pytest
from bad.base import base
from bad.mutants import MUTANTS

from pytest_zeno.errors import TrapError
from pytest_zeno.evidence import costs
from pytest_zeno.evidence.growth import STEEP
from pytest_zeno.evidence.subject import Subject
from pytest_zeno.limits import Limits
from tests.conformance.conftest import FIXTURES

BAD = {mutant.name: mutant for mutant in MUTANTS}
HELLO = ["hello-c", "hello-zig", "hello-go", "hello-as", "hello-rust"]


@pytest.fixture
def subject(tmp_path):
    """Return the good plugin, changed to the bad one of this name if there is one."""
    found = []

    def make(name="", path=tmp_path):
        if path == tmp_path:
            (BAD[name].parts() if name else base()).write(path)
        found.append(Subject(path))
        return found[-1]

    yield make
    for one in found:
        one.close()


def test_cost_is_counted(subject):
    """A slot's cost: fuel, host calls, log lines, bytes both ways, pages."""
    ping, echo = subject().costs
    assert (ping.slot, ping.host_calls, ping.logs) == ("base.ping", 3, 1)
    assert (ping.pages, ping.grown) == (2, 0)
    asked = b'{"slot_name":"base.ping","parameters":{}}'
    replies = b'Hello{"success":true,"data":{"value":true}}'
    assert ping.bytes_in == len(asked) + len(replies)
    assert (echo.host_calls, echo.bytes_out) == (
        0,
        len(b'{"success":true,"data":{"text":"value"}}'),
    )
    assert 100 < ping.fuel < echo.fuel < 10_000


@pytest.mark.parametrize("name", HELLO)
def test_fuel_is_the_same_in_every_run(subject, name):
    """Fresh instances burn the same fuel for the same calls, runtimes with clocks included."""
    if not (FIXTURES / name / "hello.wasm").is_file():
        pytest.skip(f"not built; run: python fixtures/build.py {name}")
    first, second = (subject(path=FIXTURES / name).costs for _ in range(2))
    assert first == second


def test_slot_that_fails_has_no_cost(tmp_path):
    """A slot whose call traps is told with its error, and the others are counted."""
    base().swapped("wat", "(func $ping (result i32)", "(func $ping (result i32) unreachable").write(
        tmp_path
    )
    found = Subject(tmp_path).costs
    assert [one.slot for one in found] == ["base.echo"]
    ((slot, error),) = found.unmeasured
    assert (slot, type(error)) == ("base.ping", TrapError)


def test_slots_that_run_out_of_time_are_few(tmp_path, monkeypatch):
    """After some that hang no more are called, and each is told with the reason."""
    monkeypatch.setattr(costs, "MOST_LATE", 1)
    base().swapped(
        "wat", "(func $ping (result i32)", "(func $ping (result i32) (loop (br 0))"
    ).write(tmp_path)
    found = Subject(tmp_path, limits=Limits(timeout=0.2)).costs
    assert [slot for slot, _ in found.unmeasured] == ["base.ping", "base.echo"]
    assert found.measured == ()


@pytest.mark.parametrize("name", HELLO)
def test_work_of_good_plugins_is_in_proportion(subject, name):
    """Twice the request is some twice the work, whatever is longer in it."""
    if not (FIXTURES / name / "hello.wasm").is_file():
        pytest.skip(f"not built; run: python fixtures/build.py {name}")
    found = subject(path=FIXTURES / name).growth
    assert len(found) == 9
    assert max(one.factor for one in found) < STEEP - 0.5


def test_square_is_told_by_its_shape(subject):
    """Where the work is the request's square, the shape says what of it."""
    steep = [one for one in subject("lim001-strlen").growth if one.factor > STEEP]
    assert [(one.slot, "text" in one.shape) for one in steep] == [("base.echo", True)]
