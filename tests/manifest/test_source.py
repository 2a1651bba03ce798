"""Bytes to text: encoding, BOM, size, control characters."""

from __future__ import annotations

import pytest

from pytest_zeno.manifest import read_manifest
from tests.manifest.helpers import BASE, only


def test_one_bom_is_accepted():
    """A BOM before the text is no problem and moves no column."""
    reading = read_manifest(b"\xef\xbb\xbf" + BASE.encode())
    assert reading.problems == ()
    assert reading.manifest is not None
    assert reading.manifest.marks["name"] == (1, 7)


def test_a_second_bom_is_refused():
    """One BOM is accepted, two are a slip of some tool."""
    assert read_manifest(b"\xef\xbb\xbf" * 2 + BASE.encode()).manifest is None


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"name: \xff\n", (1, 7)),
        (b"name: a\nauthor: \xc3\xa9\xc3\n", (2, 10)),
        (b"name: \xed\xa0\x80\n", (1, 7)),
        (b"name: \xc0\x80\n", (1, 7)),
    ],
)
def test_bytes_that_are_not_utf8_are_located(data, place):
    """A byte that is not UTF-8 is an error at its line and column, in characters."""
    problem = only(read_manifest(data))
    assert problem.code == "manifest.encoding"
    assert (problem.line, problem.column) == place


def test_utf16_is_named():
    """A file saved as UTF-16 is told apart from broken UTF-8."""
    assert "UTF-16" in only(read_manifest(BASE.encode("utf-16"))).hint


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x84", "\ufffe"])
def test_control_characters_are_located(character):
    """A character that YAML does not allow is an error where it stands, shown escaped."""
    problem = only(read_manifest(f"name: a\nauthor: b{character}\n".encode()))
    assert (problem.code, problem.line, problem.column) == ("manifest.character", 2, 10)
    assert character not in problem.message


def test_the_size_is_bounded():
    """A mebibyte is read, one byte more is not."""
    padding = b"#" * (1024 * 1024 - len(BASE))
    assert read_manifest(BASE.encode() + padding).manifest is not None
    assert only(read_manifest(BASE.encode() + padding + b"#")).code == "manifest.too_large"
