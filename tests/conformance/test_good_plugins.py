"""Good plugins keep every rule."""

from __future__ import annotations

import pytest
from bad.base import base
from bad.mutant import ECHO, PING, PONG, adding

from pytest_zeno.verdict.judge import judge
from pytest_zeno.verdict.rule import catalogue
from pytest_zeno.verdict.subject import Subject
from tests.conformance.conftest import FIXTURES


def _not_kept(path):
    subject = Subject(path)
    try:
        outcomes = judge(subject)
    finally:
        subject.close()
    return {id_: one for id_, one in outcomes.items() if one.status != "kept"}, len(outcomes)


def test_base_keeps_every_rule(built):
    """What the bad plugins are made from has nothing wrong with it."""
    assert _not_kept(built / "base") == ({}, len(catalogue()))


def test_state_is_no_breach(tmp_path):
    """A slot that succeeds once and then says that it is done already keeps every rule."""
    once = adding(
        "(global $done (mut i32) (i32.const 0))",
        (
            PONG,
            (
                '(if (global.get $done) (then (return (call $fail @"done already"))))\n'
                f"    (global.set $done (i32.const 1))\n    {PONG}"
            ),
        ),
    )
    once(base()).write(tmp_path / "once")
    assert _not_kept(tmp_path / "once")[0] == {}


def test_shared_state_is_no_stale_answer(tmp_path):
    """A slot that answers what another one has just set keeps every rule."""
    pinged = r'(call $put @"{\22success\22:true,\22data\22:{\22text\22:\22pinged\22}}")'
    shared = adding(
        "(global $pinged (mut i32) (i32.const 0))",
        (PONG, f"(global.set $pinged (i32.const 1))\n    {pinged}"),
        (ECHO, f"(if (global.get $pinged) {PING})\n    {ECHO}"),
    )
    shared(base()).write(tmp_path / "shared")
    assert _not_kept(tmp_path / "shared")[0] == {}


@pytest.mark.parametrize("name", ["hello-as", "hello-c", "hello-rust", "hello-zig"])
def test_hello_keeps_every_rule(name):
    """The hello plugins keep every rule, warnings included."""
    assert _not_kept(FIXTURES / name) == ({}, len(catalogue()))


def test_bare_module_is_judged_without_manifest_and_grants():
    """A bare module keeps the rules that need no manifest, with every host call refused."""
    applying = [rule for rule in catalogue() if not rule.needs_manifest]
    assert _not_kept(FIXTURES / "hello-c" / "hello.wasm") == ({}, len(applying))
