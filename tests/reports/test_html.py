"""The page: what it shows, and what it can never do."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from msgspec.structs import replace

from pytest_zeno.reports.html import rows, size, to_html
from pytest_zeno.reports.record import Excerpt
from tests.reports import samples
from tests.reports.page import read


def page(run):
    """Return the report, read."""
    return read(to_html(run))


def test_it_shows_plugin_verdict_and_counts():
    """At the top."""
    found = page(samples.typical())
    assert found.texts("h1") == ["hello 1.2.3"]
    assert "not conformant" in found.texts("p")
    assert found.texts("title") == ["hello: not conformant"]
    assert "1 broken" in found.texts("li")


def test_each_breach_carries_reason_fix_and_command():
    """And its backtrace and output."""
    found = page(samples.typical())
    text = found.text
    assert len(found.texts("article")) == 4
    for part in ("Hosts read on.", "Append 0.", "serve at 0x10", "panicked\nat lib.rs:3"):
        assert part in text
    assert any(block.startswith("pytest --zeno-plugin=") for block in found.texts("pre"))


def test_a_memory_view_marks_the_byte():
    """In digits and as a character."""
    found = page(samples.typical())
    assert "The linear memory around 0x00000024" in found.texts("figcaption")
    assert found.texts("mark") == [":", ":"]
    assert ("td", "class", "hit") in found.attributes


def test_rows_of_a_memory_view_begin_at_multiples_of_sixteen():
    """Cells without a byte are None."""
    excerpt = Excerpt(of="memory", start=30, at=31, hex="4142430a")
    found = list(rows(excerpt))
    assert [address for address, _ in found] == [16, 32]
    assert found[0][1] == [None] * 14 + [("41", "A", False), ("42", "B", True)]
    assert found[1][1] == [("43", "C", False), ("0a", "·", False)] + [None] * 14


def test_a_pointer_behind_the_memory_has_no_mark():
    """The end of the memory is shown."""
    excerpt = Excerpt(of="memory", start=16, at=4096, hex="41")
    assert [cell for _, cells in rows(excerpt) for cell in cells if cell and cell.hit] == []


def test_rules_stand_by_family():
    """Open where one is not kept."""
    found = page(samples.typical())
    assert len(found.texts("details")) == 2
    assert "not testable: STR-003" in found.text


def test_host_calls_are_told_with_decision_and_reason():
    """And how often they came."""
    row = page(samples.hostile("x")).texts("tr")[-1]
    assert "host_log" in row
    assert "not_found" in row
    assert "scope.absent" in row


def test_several_plugins_have_an_overview():
    """With a link to each."""
    found = page(samples.run(samples.plugin(name="a"), samples.plugin(name="b")))
    assert found.texts("h1") == ["2 plugins", "a 1.2.3", "b 1.2.3"]
    assert ("a", "href", "#p2") in found.attributes
    assert ("section", "id", "p2") in found.attributes


def test_nothing_judged_is_said():
    """A page, not an empty one."""
    assert page(samples.nothing()).texts("h1") == ["No rule was tested"]


def test_the_page_asks_for_nothing():
    """No address but those of its own parts, no script, no style but the one of its policy."""
    found = page(samples.typical())
    assert {"script", "link", "img", "iframe", "form", "object"}.isdisjoint(found.tags)
    links = [value for _, name, value in found.attributes if name in ("href", "src", "style")]
    assert all(value.startswith("#p") for value in links)
    assert not re.search(r"url\(|@import", "".join(found.texts("style")))


def test_the_policy_allows_the_style_sheet_alone():
    """By its hash."""
    found = page(samples.typical())
    policy = next(value for _, name, value in found.attributes if "default-src" in value)
    (style,) = found.texts("style")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_a_text_makes_no_element_and_no_attribute(text):
    """The page has the same elements, whatever a plugin calls itself."""
    assert page(samples.hostile(text)).elements == page(samples.hostile("harmless")).elements


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 bytes"), (9_999, "9,999 bytes"), (16_493, "16 KiB"), (4_400_000, "4,297 KiB")],
)
def test_sizes_are_for_people(count, shown):
    """Bytes, then KiB and MiB."""
    assert size(count) == shown
    assert size(64 * 2**20) == "64.0 MiB"


def test_the_same_record_is_the_same_page():
    """To the byte."""
    assert to_html(samples.typical()) == to_html(samples.typical())


def test_costs_are_told_slot_by_slot():
    """Each number, what it was measured with, and why a slot has none."""
    text = page(samples.typical()).text
    for told in ("hello.greet", '"name":"value"', "12,345", "12.5 ms to load"):
        assert told in text
    assert "hello.late was not measured: the time limit has passed" in text


def test_a_plugin_that_was_not_measured_says_why():
    """In place of a table."""
    judged = samples.plugin(verdict="not conformant")
    broken = replace(judged, costs=samples.costs(slots=(), unmeasured=(), reason="it is text"))
    assert "Nothing was measured: it is text" in page(samples.run(broken)).text
