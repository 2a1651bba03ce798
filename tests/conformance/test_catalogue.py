"""The catalogue of rules: complete, consistent, and fit to be shown."""

from __future__ import annotations

import re
import sys

import pytest

from pytest_zeno.verdict.judge import STAGES
from pytest_zeno.verdict.rule import LANGUAGES, SUITE, catalogue, functions
from pytest_zeno.verdict.subjects import SUBJECTS

PERMISSIONS = frozenset(
    ("General", "network", "filesystem", "env", "database", "scope", "Limits", "Replies")
)
RULES = {rule.id: rule for rule in catalogue()}

each_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


def test_rules_are_many():
    """The first cut of the suite has at least 45 rules."""
    assert len(catalogue()) >= 45


def test_ids_are_unique_and_in_order():
    """The catalogue lists each id once, in order."""
    ids = [rule.id for rule in catalogue()]
    assert ids == sorted(set(ids))


def test_codes_have_one_owner():
    """No two rules answer for the same code."""
    codes = [code for rule in catalogue() for code in rule.codes]
    assert len(codes) == len(set(codes))


@each_rule
def test_docstring_is_one_sentence(rule):
    """A rule's sentence starts like one, ends like one, and is short enough to be read."""
    assert re.fullmatch(r"[A-Z][^\n]{20,110}\.", rule.sentence)


@each_rule
def test_level_is_the_sentences(rule):
    """A rule whose sentence says should is a SHOULD, and no other is."""
    assert ("should" in rule.sentence) == (rule.level == "SHOULD")


@each_rule
def test_section_exists(rule):
    """A rule cites a numbered section of ABI.md or a headed one of PERMISSIONS.md."""
    page, _, heading = rule.section.partition(", ")
    assert rule.section in set("123456789") or (page == "PERMISSIONS.md" and heading in PERMISSIONS)


@each_rule
def test_why_and_fixes_are_sentences(rule):
    """Reason and fixes are whole sentences, one fix for each language at least."""
    assert set(LANGUAGES) <= set(rule.fix)
    for text in (rule.why, *rule.fix.values()):
        assert text[-1] == "."
        assert "  " not in text


def test_each_subject_has_a_name():
    """The first part of every id says what the rule is about, and none says what no rule is."""
    assert {rule.id[:3] for rule in catalogue()} == set(SUBJECTS)


@each_rule
def test_example_is_concrete(rule):
    """An example is one line of code or a short sentence, and no rule's but its own."""
    assert re.fullmatch(r"\S.{3,88}\S", rule.example)
    assert [one.id for one in RULES.values() if one.example == rule.example] == [rule.id]


def test_a_second_module_joins_a_family():
    """A family is a module that bears its name; FAMILY names one that is there."""
    modules = {function.__module__.rpartition(".")[2] for function in functions()}
    assert {rule.family.replace(" ", "_") for rule in catalogue()} <= modules


@each_rule
def test_family_and_test_are_its_functions(rule):
    """A rule names the module that it stands in, or that module's family, and its test."""
    (function,) = (one for one in functions() if one.zeno_rule is rule)
    module = sys.modules[function.__module__]
    named = getattr(module, "FAMILY", module.__name__.rpartition(".")[2])
    assert rule.family.replace(" ", "_") == named
    assert rule.test == function.__name__


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.__name__)
def test_function_takes_stages_alone(function):
    """A rule's parameters are fixtures of the plugin under judgement."""
    taken = set(function.__code__.co_varnames[: function.__code__.co_argcount])
    assert taken <= set(STAGES)


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.__name__)
def test_name_tells_the_rule(function):
    """A rule's function starts with its id, and lives in the suite."""
    start = f"test_{function.zeno_rule.id.lower().replace('-', '')}_"
    assert function.__name__.startswith(start)
    assert function.__module__.startswith(SUITE)


def test_manifest_rules_need_a_manifest():
    """Rules on the manifest, and those that compare with it, do not apply to a bare module."""
    need = {rule.id for rule in catalogue() if rule.needs_manifest}
    assert {"MAN-001", "MET-007", "MET-008", "PRM-001"} <= need
    assert not {"MOD-001", "STR-003", "RSP-001"} & need
