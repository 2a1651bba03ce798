"""Each bad plugin breaks its rule alone; each rule is broken by a bad plugin."""

from __future__ import annotations

import pytest
from bad.mutants import MUTANTS

from pytest_zeno.evidence import exchanges
from pytest_zeno.evidence.subject import Subject
from pytest_zeno.limits import Limits
from pytest_zeno.verdict.judge import judge
from pytest_zeno.verdict.rule import catalogue


def test_every_rule_has_a_bad_plugin():
    """No rule is in the catalogue that nothing was seen to break."""
    assert {mutant.rule for mutant in MUTANTS} == {rule.id for rule in catalogue()}


def test_names_tell_the_rule():
    """A bad plugin's name starts with its rule's id, and is its own."""
    names = [mutant.name for mutant in MUTANTS]
    assert len(names) == len(set(names))
    for mutant in MUTANTS:
        assert mutant.name.startswith(mutant.rule.lower().replace("-", ""))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_bad_plugin_breaks_its_rule_alone(built, mutant, monkeypatch):
    """The named rule is the one finding; what it makes untestable names it as the cause."""
    monkeypatch.setattr(exchanges, "MOST_SECONDS", 3.0)
    subject = Subject(built / mutant.name, limits=Limits(**mutant.limits))
    try:
        outcomes = judge(subject)
    finally:
        subject.close()
    level = outcomes[mutant.rule].rule.level
    found = {id_: one.status for id_, one in outcomes.items() if one.status in ("broken", "warned")}
    assert found == {mutant.rule: "broken" if level == "MUST" else "warned"}
    assert {one.because for one in outcomes.values() if one.because} <= {mutant.rule}
