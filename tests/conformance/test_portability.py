"""What the profile zenoengine adds: failures of the reference host, and nothing here."""

from __future__ import annotations

import pytest
from bad.base import base
from bad.matrix import GOOD, judged, killers
from bad.on_portability import PORTABILITY

from pytest_zeno.evidence.subject import Subject
from pytest_zeno.verdict.rule import catalogue
from tests.conformance.conftest import FIXTURES

ADDED = {rule.id for rule in catalogue() if rule.profile == "zenoengine"}
WINDOWS = {"POR-003", "POR-004", "POR-005"}
"""Rules whose breach the contract warns of, too (STR-010)."""


def judged_there(change, folder):
    """Judge the good plugin after a change, for the reference host."""
    change(base()).write(folder)
    return judged(folder, profile="zenoengine")


def test_the_rules_of_the_profile_are_one_family():
    """Every rule of the profile is about portability, and all of those are of the profile."""
    assert {id_[:3] for id_ in ADDED} == {"POR"}
    assert {rule.id for rule in catalogue() if rule.id.startswith("POR")} == ADDED


def test_every_rule_of_the_profile_has_an_example():
    """Each names what an author does that works everywhere else."""
    assert [rule.id for rule in catalogue() if rule.id in ADDED and not rule.example] == []


@pytest.mark.parametrize("mutant", PORTABILITY, ids=lambda mutant: mutant.name)
def test_what_fails_there_is_conformant_here(tmp_path, mutant):
    """A plugin that fails on the reference host alone keeps the contract."""
    mutant.parts().write(tmp_path)
    outcomes = judged(tmp_path)
    assert [id_ for id_, one in outcomes.items() if one.status == "broken"] == []
    assert killers(outcomes) == ({"STR-010"} if mutant.rule in WINDOWS else set())


@pytest.mark.parametrize("name", GOOD)
def test_hello_runs_on_the_reference_host(name):
    """docs/zenoengine.md says that the hello plugins of all five languages run there."""
    if not (FIXTURES / name / "hello.wasm").is_file():
        pytest.skip(f"not built; run: python fixtures/build.py {name}")
    outcomes = judged(FIXTURES / name, profile="zenoengine")
    assert {id_: outcomes[id_].status for id_ in ADDED} == dict.fromkeys(ADDED, "kept")


def test_go_without_its_start_does_not_run_there(tmp_path):
    """A Go library as the toolchain leaves it has _initialize alone, and that is the finding."""
    built = FIXTURES / "hello-go" / "hello.wasm"
    if not built.is_file():
        pytest.skip("not built; run: python fixtures/build.py hello-go")
    (tmp_path / "hello.wasm").write_bytes(built.read_bytes().replace(b"\x06_start", b"\x06_other"))
    outcomes = judged(tmp_path / "hello.wasm", profile="zenoengine")
    assert killers(outcomes) == {"POR-001"}
    assert "without _initialize: the guest trapped" in outcomes["POR-001"].error.message


def test_a_finding_shows_request_and_both_answers(tmp_path):
    """Who reads it sees what was asked, what came there, and what comes here."""
    mutant = next(one for one in PORTABILITY if one.name == "por007-strlen")
    error = judged_there(mutant.change, tmp_path)["POR-007"].error
    assert error.message == "base.ping: with replies that have no NUL: another answer"
    assert '"slot_name":"base.ping"' in error.observed
    assert '-> {"success":true,"data":{"greeting":"Hellox' in error.observed
    assert error.expected == '{"success":true,"data":{"greeting":"Hello"}}'


def test_a_reply_is_compared_where_bytes_were_left(tmp_path):
    """A plugin that reads up to a NUL is found although fresh memory is zero."""
    mutant = next(one for one in PORTABILITY if one.name == "por007-strlen")
    outcomes = judged_there(mutant.change, tmp_path)
    assert outcomes["POR-008"].because == "POR-007"


def test_an_exit_bars_what_needs_the_start(tmp_path):
    """One exit is one finding: whether it works without _initialize cannot be told."""
    mutant = next(one for one in PORTABILITY if one.name == "por002-start-exits-0")
    outcomes = judged_there(mutant.change, tmp_path)
    assert outcomes["POR-001"].because == "POR-002"


def test_every_answer_is_watched_up_to_the_large_requests(tmp_path):
    """The heap is made to grow in steps shorter than a window, so that an end shows itself."""
    mutant = next(one for one in PORTABILITY if one.name == "por006-no-room-behind")
    mutant.parts().write(tmp_path)
    subject = Subject(tmp_path, profile="zenoengine")
    texts = [text for _, text in subject.reference.watched.texts]
    subject.close()
    rooms = sorted({text.room for text in texts if text.phase == "execute"})
    assert rooms[0] < 16_384
    assert {text.phase for text in texts} == {"init", "register", "execute"}


def test_a_bare_module_is_judged_for_the_reference_host():
    """Rules that need no manifest apply to a module alone."""
    outcomes = judged(FIXTURES / "hello-c" / "hello.wasm", profile="zenoengine")
    assert killers(outcomes) == set()
    assert "POR-006" in outcomes
    assert "POR-011" not in outcomes
