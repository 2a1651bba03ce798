"""Which format a report has: by the end of its name, or by what stands before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_zeno.reports.formats import Target, target, writer
from tests.reports import samples


@pytest.mark.parametrize(
    ("given", "format_", "path"),
    [
        ("out/a.json", "json", "out/a.json"),
        ("a.md", "md", "a.md"),
        ("a.sarif", "sarif", "a.sarif"),
        ("a.sarif.json", "sarif", "a.sarif.json"),
        ("A.HTML", "html", "A.HTML"),
        ("a.htm", "html", "a.htm"),
        ("zeno.badge.json", "badge", "zeno.badge.json"),
        ("md:out/summary_1", "md", "out/summary_1"),
        ("html:a.json", "html", "a.json"),
        ("C:/out/a.md", "md", "C:/out/a.md"),
    ],
)
def test_a_report_is_named(given, format_, path):
    """The name's end decides, or a format and a colon."""
    assert target(given) == Target(format_, Path(path))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("report", r"names no format; end it with .*\.json.*md:PATH"),
        ("", "names no format"),
        ("pdf:a.txt", "names no format"),
        ("md:", "names no file; write md:PATH"),
        ("out/a.xml", "--junitxml='out/a.xml'"),
    ],
)
def test_what_names_no_report_is_told(given, expected):
    """With what there is."""
    with pytest.raises(ValueError, match=expected):
        target(given)


@pytest.mark.parametrize("format_", ["json", "md", "sarif", "html", "badge"])
def test_every_format_ends_with_one_line_break(format_):
    """As text files do, and what is added behind it begins a line."""
    text = writer(format_)(samples.typical())
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_a_report_is_written_in_utf_8(tmp_path):
    """With the line breaks of every system; it may be added to what is there."""
    found = Target("md", tmp_path / "a")
    found.write(samples.nothing())
    once = found.path.read_bytes()
    found.write(samples.nothing(), append=True)
    assert found.path.read_bytes() == once * 2
    assert b"\r" not in once
    found.write(samples.nothing())
    assert found.path.read_bytes() == once
