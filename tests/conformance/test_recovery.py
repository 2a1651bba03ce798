"""What is tried while host functions fail, and whom nobody accuses of anything."""

from __future__ import annotations

import pytest
from bad.base import base
from bad.mutant import SCOPE_READ, VARIABLE, code
from bad.mutants import MUTANTS

from pytest_zeno.evidence.subject import Subject
from pytest_zeno.verdict.judge import judge
from tests.conformance.conftest import FIXTURES, not_kept

_READ = '(call $host_scope_get @"base.pinged")'
_FAILED = f"(i32.eq (i32.load8_u offset=11 {_READ}) (i32.const 102))"
"""Whether a reply is {"success":false…."""


@pytest.fixture
def subject(tmp_path):
    """The good plugin under judgement."""
    base().write(tmp_path)
    subject = Subject(tmp_path)
    yield subject
    subject.close()


def test_each_function_that_a_slot_calls_is_tried(subject):
    """Text answers fail, stall and are garbage twice; a number and a variable have no garbage."""
    tried = sorted((one.function, one.effect) for one in subject.faulted if one.slot == "base.ping")
    assert tried == [
        ("host_env_get", "error"),
        ("host_env_get", "stall"),
        ("host_scope_get", "error"),
        ("host_scope_get", "garbage"),
        ("host_scope_get", "garbage"),
        ("host_scope_get", "stall"),
        ("host_scope_set", "error"),
        ("host_scope_set", "stall"),
    ]
    assert {one.slot for one in subject.faulted} == {"base.ping"}


def test_trials_are_faults_of_the_host(subject):
    """The ledger of each trial names the fault, and everything is in order afterwards."""
    for one in subject.faulted:
        kind = {"error": "fail"}.get(one.effect, one.effect)
        assert f"fault.{kind}" in [call.rule for call in one.exchange.host_calls]
        assert one.afterwards.success
        assert not any(call.rule.startswith("fault.") for call in one.afterwards.host_calls)


def test_a_bare_module_has_nothing_to_fail():
    """Without grants no call comes so far."""
    subject = Subject(FIXTURES / "hello-c" / "hello.wasm")
    assert subject.faulted == ()
    subject.close()


def _pinged_unless(condition):
    return code((SCOPE_READ, f'(if {condition} (then (return (call $fail @"no scope"))))'))


def test_a_failure_is_an_orderly_answer(tmp_path):
    """A slot that says what failed, and succeeds afterwards, keeps every rule."""
    internal = f"(i32.eq (i32.load8_u offset=26 {_READ}) (i32.const 105))"
    _pinged_unless(internal)(base()).write(tmp_path)
    assert not_kept(tmp_path)[0] == {}


def test_a_slot_that_fails_anyway_is_not_accused_afterwards(tmp_path):
    """What never succeeded need not succeed after a fault."""
    _pinged_unless(_FAILED)(base()).write(tmp_path)
    assert not_kept(tmp_path)[0] == {}


def test_what_traps_without_permissions_is_not_told_twice(tmp_path):
    """The slot that a refusal traps is left out; the rules on recovery name the cause."""
    trap = '(if (i32.eqz (i32.load8_u (call $host_env_get @"BASE_GREETING"))) (then (unreachable)))'
    code((VARIABLE, trap))(base()).write(tmp_path)
    outcomes = not_kept(tmp_path)[0]
    assert {id_: (one.status, one.because) for id_, one in outcomes.items()} == {
        "PRM-006": ("broken", ""),
        "REC-001": ("untested", "PRM-006"),
    }


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("rec001-internal-traps", "while host_scope_get failed: the guest trapped"),
        ("rec002-empty-traps", "while host_scope_get answered garbage: the guest trapped"),
        ("rec003-broken-for-good", "base.ping: after host_scope_get failed once"),
        ("rec004-lock-stays", "base.ping: after host_env_get stalled beyond the limit once"),
    ],
)
def test_a_finding_names_function_and_fault(tmp_path, name, said):
    """Who reads it knows what to try."""
    (mutant,) = (one for one in MUTANTS if one.name == name)
    mutant.parts().write(tmp_path)
    subject = Subject(tmp_path)
    outcome = judge(subject)[mutant.rule]
    subject.close()
    assert said in str(outcome.error)
