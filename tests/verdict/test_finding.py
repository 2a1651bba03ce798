"""A finding says what was seen, why it matters and what to do, on one screen."""

from __future__ import annotations

import pytest

from pytest_zeno.errors import ExitError, ProtocolError, TrapError
from pytest_zeno.runtime import faults
from pytest_zeno.verdict.broken import Broken
from pytest_zeno.verdict.finding import Finding, find, render
from pytest_zeno.verdict.rule import LANGUAGE_NAMES, Rule, catalogue, everywhere

FIXES = {"c": "Write in C.", "go": "Write in Go.", "rust": "Write in Rust."}
HOSTILE = "first\n::error file=a::pwned\n##[error]x\r\x1b[31mred\u202etxet\u2028::warning::y"


def _rule(fix=FIXES):
    return Rule("STR-001", "MUST", "3", "A text ends.", "Hosts read on " * 12, fix)


def _lines(**parts):
    options = {key: parts.pop(key) for key in ("language", "again") if key in parts}
    message = parts.pop("message", "it does not")
    return render(Finding(_rule(parts.pop("fix", FIXES)), message, **parts), **options).split("\n")


def test_the_first_line_is_the_rule():
    """Id, level, section and sentence; then what was broken."""
    lines = _lines()
    assert lines[0] == "STR-001 (MUST, ABI.md section 3): A text ends."
    assert lines[2] == "  broken     it does not"


def test_labels_stand_in_one_column():
    """What has nothing to say is left out."""
    lines = _lines(observed="two", expected="one", hint="count", again="pytest -k x", language="c")
    labels = [line[2:13].strip() for line in lines[2:] if line[2:13].strip()]
    assert labels == ["broken", "observed", "expected", "why", "hint", "fix", "more", "again"]
    assert all(line[12] == " " and line[13] != " " for line in lines[2:])
    assert "expected" not in "\n".join(_lines())


def test_a_long_text_is_wrapped():
    """No line of it is wider than 96 characters."""
    lines = _lines(message="word " * 100, observed="x" * 300)
    assert max(map(len, lines)) <= 96


def test_a_screen_is_enough():
    """Of a text with many lines the first are shown, and how many follow."""
    lines = _lines(message="\n".join(map(str, range(100))), stderr="\n" * 500 + "end")
    assert len(lines) < 50
    assert lines[14].endswith("… (88 more lines)")


@pytest.mark.parametrize("field", ["message", "observed", "expected", "hint", "stderr", "again"])
def test_guest_text_starts_no_line(field):
    """Neither a CI system's command nor a terminal's gets through, behind blanks or not."""
    lines = _lines(**{field: HOSTILE})
    assert not [line for line in lines if line.lstrip().startswith(("::", "##"))]
    assert not {"\x1b", "\r", "\u202e", "\u2028"} & set("".join(lines))


def test_wrapping_makes_no_command_of_a_word():
    """What comes to stand at the start of a line has a mark before it."""
    lines = _lines(message="a " * 40 + "::error::x " * 20)
    assert not [line for line in lines if line.lstrip().startswith("::")]
    assert any(line.lstrip().startswith("| ") for line in lines)


@pytest.mark.parametrize("language", ["c", "go", "rust"])
def test_the_fix_is_in_the_authors_language(language):
    """And in that alone."""
    text = "\n".join(_lines(language=language))
    assert [fix for fix in FIXES.values() if fix in text] == [FIXES[language]]
    assert f"  fix        {FIXES[language]}" in text


def test_without_a_language_every_fix_is_shown():
    """Each under its language's name."""
    lines = _lines()
    assert lines[-4:] == [
        "  fix C      Write in C.",
        "  fix Go     Write in Go.",
        "  fix Rust   Write in Rust.",
        "  more       zeno explain STR-001",
    ]


def test_one_fix_for_all_languages_is_shown_once():
    """Also for an author whose language has none of its own."""
    for language in ("", "zig", "c"):
        lines = _lines(fix=everywhere("Write."), language=language)
        assert [line for line in lines if "fix" in line] == ["  fix        Write."]


def test_a_long_label_is_parted_from_its_text():
    """A language with a long name."""
    assert "  fix AssemblyScript Write so." in _lines(fix={**FIXES, "assemblyscript": "Write so."})


def test_the_command_that_repeats_it_is_one_line():
    """So that it can be pasted, however long."""
    again = "pytest --zeno-plugin=plugins/" + "x" * 200 + " -k test_str001_texts_end"
    assert _lines(again=again)[-1] == f"  again      {again}"


def test_backtrace_and_output_of_a_trap():
    """Each frame has its line."""
    error = TrapError("the guest trapped", code="trap.unreachable", phase="execute", slot="a.b")
    error.backtrace = ("serve at 0x10", "plugin_execute at 0x20")
    error.stderr = "panicked\nat lib.rs:3"
    lines = render(find(_rule(), error)).split("\n")
    assert "  broken     execute a.b: the guest trapped" in lines
    assert "  observed   trap.unreachable" in lines
    assert "  at         serve at 0x10" in lines
    assert "  at         plugin_execute at 0x20" in lines
    assert "  stderr     panicked" in lines
    assert "             | at lib.rs:3" in lines


def test_what_an_error_saw_is_told():
    """The bytes of a refused answer, the hint of the error, the output of an exit."""
    error = ProtocolError("no JSON", code="protocol.json", phase="init", hint="escape")
    error.observed = "{a}"
    finding = find(_rule(), error)
    assert (finding.message, finding.observed, finding.hint) == ("init: no JSON", "{a}", "escape")
    ended = ExitError("left", code="exit.proc_exit")
    ended.stderr = "bye"
    assert find(_rule(), ended).stderr == "bye"


def test_a_rules_own_words():
    """`Broken` brings what was observed and expected, a bare assertion its text or its name."""
    finding = find(_rule(), Broken("two", observed="2", expected="1"))
    assert (finding.message, finding.observed, finding.expected) == ("two", "2", "1")
    assert find(_rule(), AssertionError()).message == "AssertionError"


@pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.id)
def test_every_rule_fits_on_a_screen(rule):
    """24 lines of 96 characters, whatever the language."""
    for language in ("", *LANGUAGE_NAMES):
        lines = render(Finding(rule, "broken", "seen"), language=language, again="x").split("\n")
        assert len(lines) <= 24
        assert max(map(len, lines[1:])) <= 96


def test_a_plugin_is_not_told_to_raise_the_hosts_limits():
    """A finding keeps the half of a limit's hint that its author can follow."""
    error = faults.too_large(20, 10)
    assert "Limits(" in error.hint
    assert find(_rule(), error).hint == "answer with less"


def test_a_manifest_can_be_pasted():
    """YAML of ours stands without marks, indented as it has to be."""
    block = "permissions:\n  env: [A]\n  scope: [read]"
    text = render(find(catalogue()[0], Broken("wrong", manifest=block)))
    label, *rest = text.split("  manifest   ")[1].split("\n")[:3]
    assert (label, [line.removeprefix(" " * 13) for line in rest]) == (
        "permissions:",
        ["  env: [A]", "  scope: [read]"],
    )
