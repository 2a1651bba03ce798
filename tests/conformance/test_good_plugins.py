"""Good plugins keep every rule."""

from __future__ import annotations

import pytest
from bad.base import base
from bad.matrix import GOOD

from pytest_zeno.profiles import PROFILES
from pytest_zeno.verdict.rule import applicable, catalogue
from tests.conformance.conftest import FIXTURES, not_kept

in_each_profile = pytest.mark.parametrize("profile", PROFILES)


@in_each_profile
def test_base_keeps_every_rule(tmp_path, profile):
    """What the bad plugins are made from has nothing wrong with it."""
    base().write(tmp_path)
    assert not_kept(tmp_path, profile) == ({}, len(applicable(profile)))


@in_each_profile
@pytest.mark.parametrize("name", GOOD)
def test_hello_keeps_every_rule(name, profile):
    """The hello plugins keep every rule, warnings included."""
    if not (FIXTURES / name / "hello.wasm").is_file():
        pytest.skip(f"not built; run: python fixtures/build.py {name}")
    assert not_kept(FIXTURES / name, profile) == ({}, len(applicable(profile)))


def test_bare_module_is_judged_without_manifest_and_grants():
    """A bare module keeps the rules that need no manifest, with every host call refused."""
    applying = [rule for rule in catalogue() if rule.applies("contract", bare=True)]
    assert not_kept(FIXTURES / "hello-c" / "hello.wasm") == ({}, len(applying))
