"""Memory over many calls: what is a leak, how large, and whose; and what only looks like one."""

from __future__ import annotations

import pytest
from bad.base import base
from bad.mutant import ECHO, PONG, adding, both, code
from bad.mutants import MUTANTS
from bad.on_memory import RESET, losing

from pytest_zeno.errors import TrapError
from pytest_zeno.evidence import watch
from pytest_zeno.evidence.leak import trace
from pytest_zeno.evidence.subject import Subject
from pytest_zeno.limits import Limits
from tests.conformance.conftest import FIXTURES

BAD = {mutant.name: mutant for mutant in MUTANTS}
COUNT = "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))"
REWIND = "(global.set $top (i32.const 32768))"


@pytest.fixture
def made(tmp_path):
    """Return a plugin that is the good one, changed."""
    found = []

    def make(change, **limits):
        change(base()).write(tmp_path)
        found.append(Subject(tmp_path, limits=Limits(**limits)))
        return found[-1]

    yield make
    for subject in found:
        subject.close()


def _rewinding_at(address):
    """Use an arena that starts anew when it has come to an address."""
    full = f"(i32.gt_u (global.get $top) (i32.const {address}))"
    return code((RESET, f"(if {full} (then {REWIND}))\n    (local.get $response)"))


def _counting(*swaps):
    return adding("(global $calls (mut i32) (i32.const 0))", *swaps)


def _keeping_until(calls):
    """Keep 64 bytes of every ping, of so many and no more."""
    early = f"(i32.lt_u (global.get $calls) (i32.const {calls}))"
    keep = "(global.set $kept (i32.add (global.get $kept) (i32.const 64)))"
    return both(
        losing("(i32.const 0)", ECHO),
        _counting((PONG, f"{COUNT} (if {early} (then {keep})) {PONG}")),
    )


# -- leaks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [16, 24, 64, 1000, 4096])
def test_leak_is_measured_to_a_tenth(made, size):
    """What a call of one slot loses is found within 2,000 calls of all, and told exactly."""
    subject = made(losing(f"(i32.const {size})", PONG))
    found = subject.steadiness
    assert not found.steady
    assert found.calls <= 2_100
    (loss,) = trace(subject, found)
    assert (loss.call.slot, loss.buffers) == ("base.ping", ())
    assert loss.bytes == pytest.approx(size, rel=0.1)


def test_slots_are_told_apart(made):
    """Of two slots that lose memory the worse comes first, each with what it loses."""
    subject = made(BAD["str009-leak"].change)
    losses = trace(subject, subject.steadiness)
    assert [loss.call.slot for loss in losses] == ["base.ping", "base.echo"]
    assert losses[0].bytes > losses[1].bytes > 150


def test_buffers_are_told_apart(made):
    """Which of the host's blocks are never released: the request, and each function's reply."""
    subject = made(BAD["str009-leak"].change)
    ping, echo = trace(subject, subject.steadiness)
    assert ping.buffers == (
        "the request (41 bytes)",
        "the reply of host_env_get (6 bytes)",
        "the reply of host_scope_get (57 bytes)",
    )
    assert echo.buffers == ("the request (67 bytes)",)


def test_reply_that_is_kept_is_named(made):
    """Where replies of one function alone are kept, no other buffer is named."""
    subject = made(BAD["str009-replies"].change)
    (loss,) = trace(subject, subject.steadiness)
    assert loss.buffers == ("the reply of host_scope_get (57 bytes)",)


def test_free_that_is_never_called_does_not_help(made):
    """A plugin that gives memory back in free alone loses it: the reference host calls no free."""
    assert not made(BAD["str009-leak-with-free"].change).steadiness.steady


def test_memory_that_is_used_up_is_a_leak(made):
    """A plugin whose memory ends before the calls do is told what a call took."""
    found = made(BAD["str009-all-lost"].change, memory="4MiB").steadiness
    assert not found.steady
    assert found.failure is not None
    assert found.lost > 10_000


def test_failing_calls_are_watched_by_themselves(made):
    """A plugin that loses memory when it fails is steady while it does not."""
    subject = made(BAD["mem004-unknown-leaks"].change)
    assert subject.steadiness.steady
    assert not subject.failing_steadiness.steady


# -- no leaks ----------------------------------------------------------------------------------

PLATEAUS = {
    "an arena that starts anew at each call": code(),
    "an arena that starts anew after 1 MiB": _rewinding_at(2**20),
    "an arena that starts anew after 40 MiB": _rewinding_at(40 * 2**20),
    "a memory that doubles when it is full": both(
        _rewinding_at(8 * 2**20),
        code(("(memory.grow (i32.const 1))", "(memory.grow (memory.size))")),
    ),
    "a history of 1,000 entries": _keeping_until(1_000),
    "a history of 10,000 entries": _keeping_until(10_000),
}


@pytest.mark.parametrize("what", PLATEAUS)
def test_plateau_is_steady(made, what):
    """Memory that is taken at first, in steps or for long, and then no more, is no leak."""
    assert made(PLATEAUS[what]).steadiness.steady


@pytest.mark.parametrize("name", ["hello-c", "hello-zig", "hello-go", "hello-as", "hello-rust"])
def test_real_allocators_are_steady(name):
    """Collectors, size classes and free lists come to rest, after successes and failures."""
    if not (FIXTURES / name / "hello.wasm").is_file():
        pytest.skip(f"not built; run: python fixtures/build.py {name}")
    subject = Subject(FIXTURES / name)
    assert subject.steadiness.steady
    assert subject.failing_steadiness.steady


def test_too_few_calls_say_nothing(made, monkeypatch):
    """A plugin whose calls burn too much fuel to be made often is not accused."""
    monkeypatch.setattr(watch, "FUEL", 0)
    found = made(BAD["str009-leak"].change).steadiness
    assert found.rounds == 1
    assert found.steady


def test_calls_are_counted_by_fuel(made):
    """How many calls are made is the same in every run, whatever the machine does meanwhile."""
    first, second = (made(code()).steadiness for _ in range(2))
    assert (first.calls, first.fuels) == (second.calls, second.fuels)


def test_plugin_without_slots_is_steady(made):
    """Where nothing can be called, nothing leaks."""
    assert made(BAD["slt002-empty"].change).steadiness.steady


def test_trap_is_no_leak(made):
    """What ends the calls before memory is used up is raised."""
    subject = made(code((PONG, f"unreachable {PONG}")))
    with pytest.raises(TrapError):
        _ = subject.steadiness
