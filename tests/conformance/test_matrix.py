"""Each bad plugin breaks its rule alone; each rule is broken by a bad plugin."""

from __future__ import annotations

import pytest
from bad.matrix import GOOD, killers, page, tried
from bad.mutants import MUTANTS

from pytest_zeno.profiles import PROFILES
from pytest_zeno.verdict.rule import applicable, catalogue
from tests.conformance.conftest import FIXTURES

PAGE = FIXTURES.parent / "docs" / "kill-matrix.md"
RULES = {rule.id: rule for rule in catalogue()}


def test_every_rule_has_a_bad_plugin():
    """No rule is in the catalogue that nothing was seen to break."""
    assert {mutant.rule for mutant in MUTANTS} == set(RULES)


def test_bad_plugins_are_judged_where_their_rule_applies():
    """A rule of one profile has its bad plugins in that profile."""
    assert [one.name for one in MUTANTS if RULES[one.rule].profile not in (None, one.profile)] == []


def test_names_tell_the_rule():
    """A bad plugin's name starts with its rule's id, and is its own."""
    names = [mutant.name for mutant in MUTANTS]
    assert len(names) == len(set(names))
    for mutant in MUTANTS:
        assert mutant.name.startswith(mutant.rule.lower().replace("-", ""))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_bad_plugin_breaks_its_rule_alone(tmp_path, mutant):
    """The named rule is the one finding; what it makes untestable names it as the cause."""
    outcomes = tried(mutant, tmp_path)
    assert killers(outcomes) == {mutant.rule}
    level = outcomes[mutant.rule].rule.level
    assert outcomes[mutant.rule].status == ("broken" if level == "MUST" else "warned")
    assert {one.because for one in outcomes.values() if one.because} <= {mutant.rule}


def test_the_page_is_current():
    """docs/kill-matrix.md says of each plugin what the tests here and of the good ones prove."""
    killed_by = {mutant.name: {mutant.rule} for mutant in MUTANTS}
    alarms = {(name, profile): set() for name in GOOD for profile in PROFILES}
    assert PAGE.read_text("utf-8") == page(killed_by, alarms), (
        "out of date: run python fixtures/bad/matrix.py > docs/kill-matrix.md"
    )


def test_the_page_tells_survivors_and_false_alarms():
    """A plugin that no rule finds, one that two rules find, and an accused good one stand out."""
    killed_by = {mutant.name: {mutant.rule} for mutant in MUTANTS}
    killed_by |= {MUTANTS[0].name: set(), MUTANTS[1].name: {MUTANTS[1].rule, "STR-003"}}
    alarms = {(name, profile): set() for name in GOOD for profile in PROFILES}
    written = page(killed_by, alarms | {("hello-c", "contract"): {"PRM-002"}})
    assert "| survived | 1 |" in written
    assert "| found by other rules, too | 1 |" in written
    assert f"{MUTANTS[0].does} | **nothing** |" in written
    assert f"{MUTANTS[1].rule}, STR-003 |" in written
    assert f"| hello-c | C | contract | {len(applicable('contract'))} | PRM-002 |" in written
