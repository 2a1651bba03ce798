"""The contract's Markdown in a terminal."""

from __future__ import annotations

from pytest_zeno.cli.markdown import as_text


def _text(markdown):
    return "\n".join(as_text(markdown))


def test_a_sentence_over_two_lines_is_one_paragraph():
    """What ends with a full stop or a colon ends the paragraph, too."""
    assert _text("One two\nthree.\nFour:\nfive") == "  One two three.\n  Four:\n  five"


def test_an_item_goes_on_below_its_text():
    """And ends where the next begins."""
    long = "word " * 30
    first, second, third = as_text(f"- {long}\n  end\n1. two")
    assert (first[:6], second[:6], third) == ("  - wo", "    wo", "  1. two")
    assert second.endswith(" end")


def test_a_table_stays_as_it_is():
    """However wide."""
    row = "| " + "x " * 80 + "|"
    assert _text(f"Text\n{row}\n{row}\nText") == f"  Text\n  {row}\n  {row}\n  Text"


def test_empty_lines_stay():
    """They part paragraphs."""
    assert _text("a\n\nb") == "  a\n\n  b"
