"""`zeno explain`: one rule wholly, for somebody who has nothing but the wheel."""

from __future__ import annotations

import pytest

from pytest_zeno.verdict.rule import catalogue

TEXT = "test_str003_every_text_ends_with_nul"


def test_everything_about_a_rule(run):
    """Its fields, the command that tests it alone, and the text of its section."""
    lines = run("explain", "STR-003").output.splitlines()
    assert lines[0] == "STR-003 (MUST, ABI.md section 3)"
    assert lines[1].startswith("Every text that a function answers with ends with a NUL")
    labels = [line[2:13].strip() for line in lines[3:] if line[2:13].strip()]
    assert labels[:5] == ["family", "about", "applies", "why", "example"]
    assert "  applies    in every profile, since revision 1" in lines
    assert "  fix Rust   Use CString, or push(0) before taking the pointer." in lines
    assert "  errors     protocol.terminator" in lines
    assert f"  test       pytest --zeno-plugin=PATH -k {TEXT}" in lines
    at = lines.index("ABI.md, 3. Strings and memory")
    assert "ends at the first NUL byte" in " ".join(line.strip() for line in lines[at:])


@pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.id)
def test_every_rule_can_be_explained(run, rule):
    """With a section that is there and has a text; no line but a table's is wide."""
    done = run("explain", rule.id)
    assert done.exit_code == 0, done.output
    _, _, text = done.output.partition("\n\n" + rule.source.partition(" section")[0].split(",")[0])
    assert len(text.splitlines()) > 2
    narrow = [line for line in done.output.splitlines() if not line.startswith("  |")]
    assert max(map(len, narrow)) <= 120


@pytest.mark.parametrize(
    "written",
    [
        "str-003",
        "STR003",
        "str_003",
        " STR-003 ",
        TEXT,
        f"plugins/hello/hello.wasm::{TEXT}",
        f"plugins/test_abi001_x/hello.wasm::{TEXT}",
        "protocol.terminator",
    ],
)
def test_a_rule_is_known_by_many_names(run, written):
    """An id in any case, a test as pytest prints it, an error's code."""
    assert run("explain", written).output.startswith("STR-003 (")


def test_a_code_of_many_rules_stands_for_all_of_them(run):
    """Each phase has a rule of its own for a trap."""
    text = run("explain", "trap.unreachable").output
    assert "LIF-002 (" in text
    assert "LIF-005 (" in text


def test_rules_come_in_the_order_of_the_asking(run):
    """Each once."""
    text = run("explain", "STR-003", "MAN-001", "str003").output
    assert text.index("STR-003 (") < text.index("MAN-001 (")
    assert text.count("STR-003 (") == 1


def test_the_fix_of_one_language(run):
    """And of no other; where it has none of its own, all that there are."""
    text = run("explain", "STR-003", "--language", "Rust").output
    assert "  fix        Use CString" in text
    assert "fix Go" not in text
    assert "fix Go" in run("explain", "CAL-001", "--language", "zig").output


def test_a_rule_of_one_profile_is_tested_in_it(run):
    """Without the profile pytest would not collect it."""
    (first, *_) = (one for one in catalogue() if one.profile == "zenoengine")
    text = run("explain", first.id).output
    assert f"pytest --zeno-plugin=PATH --zeno-profile=zenoengine -k {first.test}" in " ".join(
        text.split()
    )


@pytest.mark.parametrize(("written", "near"), [("STR-099", "STR-009"), ("STT-003", "STR-003")])
def test_a_rule_that_is_none(run, written, near):
    """It says so, with the ids that come near, and exits with 2."""
    done = run("explain", written)
    assert done.exit_code == 2
    assert f"There is no rule '{written}'. Near it: " in done.output
    assert near in done.output
    assert "`zeno rules` lists all." in done.output


def test_what_is_no_id_at_all(run):
    """Nothing is near it; what was given is escaped."""
    done = run("explain", "\x1b[31mhello")
    assert done.exit_code == 2
    assert "There is no rule '\\u001b[31mhello'. `zeno rules` lists all." in done.output
