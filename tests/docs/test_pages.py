"""The pages that are written by a command are current, and what they link to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_zeno.verdict.page import rules_page

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES += sorted((ROOT / "pytest_zeno" / "contract").glob("*.md"))


def test_the_rules_page_is_current():
    """docs/rules.md is what `python -m pytest_zeno.verdict` prints."""
    assert (ROOT / "docs" / "rules.md").read_text("utf-8") == rules_page()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """A relative link names a file or folder of the repository."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
