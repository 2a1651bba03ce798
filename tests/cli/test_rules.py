"""`zeno rules`: the list, whole and in part."""

from __future__ import annotations

import json
import os

import pytest

from pytest_zeno.cli import rules
from pytest_zeno.verdict.rule import applicable, catalogue, everywhere, rule


@rule("CAL-999", level="MAY", section="4", why="w", example="e", fix=everywhere("f"), since=2)
def test_cal999_later():
    """A rule of revision 2 may come."""


@pytest.fixture
def later(monkeypatch):
    """Let revision 2 of the contract have brought a rule."""
    monkeypatch.setattr(rules, "by_family", lambda: [*catalogue(), test_cal999_later.zeno_rule])


def _ids(done):
    assert done.exit_code == 0, done.output
    return [found["id"] for found in json.loads(done.output)]


def test_every_rule_is_listed_under_its_family(run):
    """Each with level and sentence, on one line where no terminal is."""
    lines = run("rules").output.splitlines()
    at = lines.index("Strings")
    assert lines[at + 1] == "  STR-001  MUST    No function answers with a null pointer."
    assert sum(line.startswith("  ") for line in lines) == len(catalogue())
    assert lines[-1].startswith(f"{len(catalogue())} rules: ")


@pytest.mark.parametrize("name", ["host calls", "host-calls", "Host_Calls"])
def test_one_family(run, name):
    """However its name is written."""
    assert _ids(run("rules", "--json", "--family", name)) == [
        one.id for one in catalogue() if one.family == "host calls"
    ]


def test_a_family_that_is_none(run):
    """The families that there are come with the refusal."""
    done = run("rules", "--family", "string")
    assert done.exit_code == 2
    assert "'string' is no family; there are calls, " in done.output


def test_one_level(run):
    """In any case of letters."""
    expected = {one.id for one in catalogue() if one.level == "SHOULD"}
    assert set(_ids(run("rules", "--json", "--level", "should"))) == expected


def test_one_profile(run):
    """The rules of all profiles, and those of this one."""
    for profile in ("contract", "zenoengine"):
        expected = {one.zeno_rule.id for one in applicable(profile)}
        assert set(_ids(run("rules", "--json", "--profile", profile))) == expected


def test_a_rule_of_one_profile_says_so(run):
    """Who is judged without the profile does not look for it."""
    marked = run("rules", "--profile", "zenoengine").output.count("(profile zenoengine alone)")
    assert marked == sum(one.profile == "zenoengine" for one in catalogue())


@pytest.mark.usefixtures("later")
def test_what_a_revision_brought(run):
    """And what came after it."""
    assert _ids(run("rules", "--json", "--since", "2")) == ["CAL-999"]
    assert len(_ids(run("rules", "--json", "--since", "1"))) == len(catalogue()) + 1
    assert run("rules", "--since", "3").output == "0 rules\n"


def test_json_has_every_field(run):
    """For whoever builds on it."""
    (found,) = (one for one in json.loads(run("rules", "--json").output) if one["id"] == "STR-003")
    assert found["level"] == "MUST"
    assert (found["family"], found["subject"]) == ("strings", "texts and memory")
    assert (found["source"], found["since"], found["profile"]) == ("ABI.md section 3", 1, None)
    assert found["codes"] == ["protocol.terminator"]
    assert found["fix"].keys() >= {"c", "go", "rust"}
    assert found["sentence"]
    assert found["why"]
    assert found["example"]
    assert found["test"] == "test_str003_every_text_ends_with_nul"


def test_a_terminal_gets_lines_that_fit(run, monkeypatch):
    """The sentence goes on below its own start."""
    monkeypatch.setattr(rules.shutil, "get_terminal_size", lambda: os.terminal_size((60, 24)))
    monkeypatch.setattr(rules, "_is_terminal", lambda: True)
    lines = run("rules", "--family", "strings").output.splitlines()
    assert max(map(len, lines)) <= 60
    at = lines.index("  STR-003  MUST    Every text that a function answers with")
    assert lines[at + 1] == "                   ends with a NUL byte inside the memory."
