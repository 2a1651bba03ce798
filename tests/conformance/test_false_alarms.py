"""Reasonable plugins that look odd: no rule accuses them."""

from __future__ import annotations

import pytest
from bad.base import base
from bad.mutant import ECHO, INIT, PING, PONG, TEXTLESS, adding, another_slot, both, code, slots

from pytest_zeno.evidence import exchanges
from pytest_zeno.profiles import PROFILES
from tests.conformance.conftest import not_kept

SERVE = '(if (call $equal (local.get $name) (local.get $name_size) @"base.ping")'
COUNT = "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))"
NOTHING = r'(call $put @"{\22success\22:true,\22data\22:null}")'
PINGED = r'(call $put @"{\22success\22:true,\22data\22:{\22text\22:\22pinged\22}}")'
WAIT = "(loop $on (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))"


def _fail(reason):
    return f'(then (return (call $fail @"{reason}")))'


def _counting(*swaps):
    """Add a count of calls, and use it."""
    return adding("(global $calls (mut i32) (i32.const 0))", *swaps)


def _growing_until(calls):
    """Take a page every hundred calls, until there were so many."""
    page = "(drop (memory.grow (i32.eqz (i32.rem_u (global.get $calls) (i32.const 100)))))"
    early = f"(i32.lt_u (global.get $calls) (i32.const {calls}))"
    return _counting((PONG, f"{COUNT} (if {early} (then {page})) {PONG}"))


ONCE = _counting((PONG, f"(if (global.get $calls) {_fail('done already')}) {COUNT} {PONG}"))
SLOW = code(
    (
        f"(result i32)\n    {INIT}",
        f"(result i32) (local $left i32) (local.set $left (i32.const 100000000)) {WAIT} {INIT}",
    )
)
CHANGES = {
    "first call succeeds, others say that it is done": ONCE,
    "the same, and it takes long to begin": both(ONCE, SLOW),
    "one slot answers what another has set": _counting(
        (PONG, f"{COUNT} {PINGED}"), (ECHO, f"(if (global.get $calls) {PING})\n    {ECHO}")
    ),
    "every other call is refused": _counting(
        (
            PONG,
            f"{COUNT} (if (i32.eqz (i32.and (global.get $calls) (i32.const 1))) {_fail('off')})"
            + PONG,
        )
    ),
    "all slots refuse alike after three calls": _counting(
        (
            SERVE,
            f"(if (i32.ge_u (global.get $calls) (i32.const 3)) {_fail('too many calls')})"
            + COUNT
            + SERVE,
        )
    ),
    "a slot that has nothing left answers as another always does": _counting(
        (PONG, f"(if (global.get $calls) (then {NOTHING} (return (call $close)))) {COUNT} {PONG}"),
        (ECHO, f"(call $open) {NOTHING} (return (call $close)) {ECHO}"),
    ),
    "no slot works without a key, and all say so alike": code(
        (SERVE, f"(if (i32.const 1) {_fail('the key for this slot is missing')}) {SERVE}")
    ),
    "memory grows for a thousand calls": _growing_until(1_000),
    "memory grows for twenty thousand calls": _growing_until(20_000),
    "a default takes the place of what is required": both(
        slots('"required": true,', '"required": true, "default": "Hi",'),
        code((TEXTLESS, f"(call $open) {PINGED} (return (call $close))")),
    ),
    "inputs have names of any text": slots(
        '"loud": {"type": "boolean",',
        '"日本.é": {"type": "any"}, "a \\"b\\"": {"type": "any"}, "loud": {"type": "boolean",',
    ),
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("what", CHANGES)
def test_no_rule_is_broken(tmp_path, what, profile):
    """A plugin that has its reasons keeps every rule, warnings included."""
    CHANGES[what](base()).write(tmp_path)
    assert not_kept(tmp_path, profile)[0] == {}


def test_every_slot_of_many_is_called(tmp_path):
    """Of a plugin with more slots than are asked everything, the others are called, too."""
    last = ",".join(f'{{"name": "base.more{at}"}}' for at in range(exchanges.MOST_SLOTS))
    served = SERVE.replace("base.ping", f"base.more{exchanges.MOST_SLOTS - 1}")
    most = code((SERVE, f'{served} (then (call $fail @"unknown slot") return)) {SERVE}'))
    both(another_slot(last), most)(base()).write(tmp_path)
    assert not_kept(tmp_path)[0]["CAL-001"].status == "broken"
