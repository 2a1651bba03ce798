"""The contract ships with the package, and each rule's section is in it."""

from __future__ import annotations

import pytest

from pytest_zeno.contract import section
from pytest_zeno.verdict.rule import catalogue


def test_a_section_by_its_number():
    """A number is one of ABI.md; the text ends where the next section starts."""
    heading, text = section("3")
    assert heading == "ABI.md, 3. Strings and memory"
    assert text.startswith("- All text is UTF-8.")
    assert "## " not in text


def test_a_section_by_its_page_and_heading():
    """The first words of the heading are enough."""
    heading, text = section("PERMISSIONS.md, Limits")
    assert heading == "PERMISSIONS.md, Limits, unless set otherwise"
    assert text.startswith("module 32 MiB")


@pytest.mark.parametrize("cited", ["99", "PERMISSIONS.md, Colours"])
def test_a_section_that_is_not_there(cited):
    """Is an error of ours, not an empty text."""
    with pytest.raises(KeyError):
        section(cited)


@pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.id)
def test_the_source_of_every_rule_is_there(rule):
    """`zeno explain` shows it."""
    assert section(rule.section)[1]
