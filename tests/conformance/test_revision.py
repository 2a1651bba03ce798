"""What a revision has released stays; what is new waits for the next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_zeno.contract import title
from pytest_zeno.verdict import revision
from pytest_zeno.verdict.revision import COMMAND, breaches, listing, listings, parse, write
from pytest_zeno.verdict.rule import catalogue
from pytest_zeno.verdict.verdict import REVISION

FIRST, SECOND = catalogue()[:2]
RELEASED = listing(1, "0.1.0", [FIRST])


def _broken(*rules):
    return list(breaches(RELEASED, rules))


@pytest.mark.parametrize("released", listings(), ids=lambda one: f"revision-{one.revision}")
def test_released_rules_stay_as_they_are(released):
    """Every list is kept by the rules that there are."""
    todo = f"before the release of {released.version}, {COMMAND} writes the list anew"
    assert list(breaches(released, catalogue())) == [], todo


def test_the_present_revision_has_a_list():
    """Whoever raises REVISION writes it; the contract's title says the same number."""
    assert [one.revision for one in listings()] == list(range(1, REVISION + 1)), f"run {COMMAND}"
    assert title().endswith(f"revision {REVISION}")


def test_no_rule_is_of_a_revision_to_come():
    """`since` is at most the present revision."""
    assert [rule.id for rule in catalogue() if rule.since > REVISION] == []


def test_a_list_is_read_as_it_is_written():
    """The text is for people, diffs and the tests here."""
    assert parse(str(RELEASED)) == RELEASED
    assert f"\n{FIRST.id} {FIRST.level} *\n" in str(RELEASED)


def test_a_rule_that_is_gone():
    """Its id would come to mean something else, or nothing."""
    assert _broken() == [f"{FIRST.id} is gone: a rule that was released stays"]


@pytest.mark.parametrize("change", [{"level": "SHOULD"}, {"profile": "zenoengine"}])
def test_a_rule_that_has_changed(change):
    """A plugin that conforms would not any more, or the other way round."""
    (said,) = _broken(replace(FIRST, **change))
    assert said.startswith(f"{FIRST.id} was '{FIRST.level} *' and is ")


def test_a_rule_that_claims_to_be_later():
    """A list is not left by raising `since`."""
    assert _broken(replace(FIRST, since=2)) == [f"{FIRST.id} says since=2, and revision 1 has it"]


def test_a_new_rule_is_of_the_next_revision():
    """With that number as `since` it is an addition, and no breach."""
    assert _broken(FIRST, SECOND) == [f"{SECOND.id} is new: write since=2"]
    assert _broken(FIRST, replace(SECOND, since=2)) == []


def test_the_list_is_written_until_its_version_is_out(tmp_path):
    """And never after: the next version asks for the next revision."""
    file = write(tmp_path, "0.1.0")
    text = file.read_text("utf-8")
    file.write_text(text.replace(FIRST.id, "OLD-001"), "utf-8")
    assert write(tmp_path, "0.1.0").read_text("utf-8") == text
    with pytest.raises(ValueError, match=r"released with 0\.1\.0 and is frozen: raise REVISION"):
        write(tmp_path, "0.2.0")


def test_the_next_revision_keeps_the_rules_of_the_one_before(tmp_path, monkeypatch):
    """Its list has both."""
    rules = [FIRST, replace(SECOND, since=2)]
    monkeypatch.setattr(revision, "catalogue", lambda: rules)
    monkeypatch.setattr(revision, "REVISION", 2)
    found = parse(write(tmp_path, "0.2.0").read_text("utf-8"))
    assert found.rules.keys() == {FIRST.id, SECOND.id}
    assert listing(1, "0.1.0", rules) == RELEASED
