"""The pages that are written by a command are current, and what they link to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_zeno.verdict.page import rules_page
from pytest_zeno.verdict.rule import catalogue

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_rules_page_is_current():
    """docs/rules.md is what `python -m pytest_zeno.verdict` prints."""
    assert (ROOT / "docs" / "rules.md").read_text("utf-8") == rules_page()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """A relative link names a file or folder of the repository."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.id)
def test_the_source_of_a_rule_is_in_the_docs(rule):
    """`ABI.md section 3` and `PERMISSIONS.md, Limits` name headings of docs/."""
    page, heading = (
        ("ABI.md", f"## {rule.section}. ")
        if rule.section.isdigit()
        else rule.section.replace(", ", "\n## ").split("\n")
    )
    assert f"\n{heading}" in (ROOT / "docs" / page).read_text("utf-8")
