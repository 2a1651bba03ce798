"""Markdown for the summary of a job, read as GitHub reads it."""

from __future__ import annotations

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

from pytest_zeno.reports.markdown import code, fenced, prose, to_markdown
from tests.reports import samples
from tests.reports.page import read


def page(run):
    """Return the report as GitHub's renderer has it."""
    text = to_markdown(run)
    options = Options.CMARK_OPT_UNSAFE  # no filter helps
    return read(cmarkgfm.github_flavored_markdown_to_html(text, options=options))


def test_the_verdicts_come_first():
    """A table with one row for each plugin."""
    found = page(samples.typical())
    assert found.texts("h2") == ["❌ ZenoEngine plugins: not conformant"]
    row = ["hello 1.2.3", "❌ not conformant", "1", "1", "1", "1", "1 of 6"]
    assert found.texts("td")[:7] == row


def test_a_breach_says_what_was_seen_why_and_how_to_repeat_it():
    """Each has a heading, its text, the reason, the fixes, and the command in a block."""
    found = page(samples.typical())
    assert "❌ STR-003: Every text ends with a NUL byte." in found.texts("h4")
    text = found.text
    assert "no NUL byte follows the text" in text
    assert "Why: Hosts read on." in text
    assert "Fix in Go: Append 0." in text
    assert any(
        block.startswith("pytest --zeno-plugin=plugins/hello -k") for block in found.texts("pre")
    )


def test_all_rules_are_there_folded_away():
    """Also those that are kept."""
    found = page(samples.typical())
    assert "details" in found.tags
    for id_ in ("MAN-001", "STR-005"):
        assert id_ in found.texts("td")


def test_nothing_judged_is_said():
    """A page, not an empty file."""
    assert "No rule was tested in this run." in page(samples.nothing()).text


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_a_text_makes_no_markup(text):
    """The page has the same elements, whatever a plugin calls itself."""
    harmless, found = page(samples.hostile("harmless")), page(samples.hostile(text))
    assert found.tags == harmless.tags
    assert {"a", "img", "script"}.isdisjoint(found.tags)


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_a_text_is_a_mention_nowhere(text):
    """What a plugin chose stands in code alone, where no host looks for names and numbers."""
    prose = page(samples.hostile(text)).outside("code", "pre")
    assert prose == page(samples.hostile("harmless")).outside("code", "pre")


def test_a_span_is_longer_than_the_ticks_in_it():
    """And parted from them."""
    assert code("a") == "`a`"
    assert code("`a``b") == "``` `a``b ```"
    assert code("a | b") == "`a ¦ b`"
    assert code("") == ""


def test_a_fence_is_longer_than_those_in_it():
    """At least three."""
    assert fenced("a\n````\nb") == ["`````text", "a", "````", "b", "`````"]


def test_a_sentence_of_ours_keeps_its_code():
    """Its other marks are text."""
    assert prose("`a_b` is *not* <b>") == "`a_b` is &#42;not&#42; &#60;b&#62;"


def test_costs_are_told_slot_by_slot():
    """Each number, what it was measured with, and why a slot has none."""
    found = page(samples.typical())
    assert found.texts("summary")[0] == "Costs of a call"
    assert {"hello.greet", "12,345"} <= set(found.texts("td"))
    assert "hello.late was not measured: the time limit has passed" in found.text
