"""Good plugins keep every rule."""

from __future__ import annotations

import pytest

from pytest_zeno.verdict.rule import catalogue
from tests.conformance.conftest import FIXTURES, not_kept


def test_base_keeps_every_rule(built):
    """What the bad plugins are made from has nothing wrong with it."""
    assert not_kept(built / "base") == ({}, len(catalogue()))


@pytest.mark.parametrize("name", ["hello-as", "hello-c", "hello-rust", "hello-zig"])
def test_hello_keeps_every_rule(name):
    """The hello plugins keep every rule, warnings included."""
    assert not_kept(FIXTURES / name) == ({}, len(catalogue()))


def test_bare_module_is_judged_without_manifest_and_grants():
    """A bare module keeps the rules that need no manifest, with every host call refused."""
    applying = [rule for rule in catalogue() if not rule.needs_manifest]
    assert not_kept(FIXTURES / "hello-c" / "hello.wasm") == ({}, len(applying))
