"""Whatever a plugin chooses as its texts, no report is defaced."""

from __future__ import annotations

import json

import cmarkgfm
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_zeno.reports.as_json import from_json, to_json
from pytest_zeno.reports.html import to_html
from pytest_zeno.reports.markdown import to_markdown
from pytest_zeno.reports.sarif import to_sarif
from tests.reports import samples
from tests.reports.page import read

PIECES = st.one_of(
    st.sampled_from(samples.HOSTILE),
    st.text(alphabet="<>&\"'`|\\[]()!*_#~@:/-=+.{}% \n\ta1", max_size=12),
    st.text(max_size=6),
    st.text(
        alphabet="\x00\x1b\x9b\u202e\u2066\u200b\ud800\udfff\U000e0001\r\x85\u2028", max_size=3
    ),
)
TEXTS = st.lists(PIECES, min_size=1, max_size=6).map("".join).filter(str.strip)

HARMLESS = samples.hostile("harmless")


def _github(run):
    text = to_markdown(run)
    return read(cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE))


MARKDOWN = _github(HARMLESS)
HTML = read(to_html(HARMLESS))


@settings(deadline=None)
@given(TEXTS)
def test_markdown_keeps_its_form(text):
    """The same elements in the same order, and nothing of the text outside of code."""
    page = _github(samples.hostile(text))
    assert page.tags == MARKDOWN.tags
    assert page.outside("code", "pre") == MARKDOWN.outside("code", "pre")


@settings(deadline=None)
@given(TEXTS)
def test_html_keeps_its_form(text):
    """The same elements with the same attributes."""
    assert read(to_html(samples.hostile(text))).elements == HTML.elements


@settings(deadline=None)
@given(TEXTS)
def test_json_and_sarif_can_be_read(text):
    """Both are UTF-8 without what a terminal or a viewer would act on."""
    run = samples.hostile(text)
    assert from_json(to_json(run)) == run
    for report in (to_json(run), to_sarif(run)):
        json.loads(report.encode())
        assert not {"\x1b", "\x9b", "\u202e", "\u2028", "\x00"} & set(report)
