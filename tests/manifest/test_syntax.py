"""YAML itself: one document, no aliases, no tags, no duplicate keys, bounded."""

from __future__ import annotations

import pytest

from pytest_zeno.manifest import read_manifest
from tests.manifest.helpers import BASE, codes, only, read


@pytest.mark.parametrize(
    ("extra", "place", "hint"),
    [
        ("requires:\n\tzeno: 1\n", (5, 1), "blanks"),
        ("author: [a\n", (5, 1), "bracket"),
        ("author: 'a\n", (5, 1), "quotes"),
        ("author: a: b\n", (4, 10), "quotes"),
        ("requires:\n  zeno: >=1\n", (5, 10), "quotes"),
        ("requires:\n  zeno: *\n", (5, 10), "quotes"),
        ("author: @me\n", (4, 9), "quotes"),
        ("config: {a: }}\n", (4, 14), ""),
        ("permissions:\n  env:\n    - A\n   - B\n", (7, 4), "align"),
    ],
)
def test_broken_yaml_is_located(extra, place, hint):
    """A syntax error is one problem, with line, column and what to do."""
    problem = only(read(extra))
    assert problem.code == "manifest.syntax"
    assert (problem.line, problem.column) == place
    assert hint in problem.hint


@pytest.mark.parametrize("second", ["---\nname: evil\n", "---\n", "...\n---\nx: 1\n"])
def test_a_second_document_is_refused(second):
    """A manifest is one document; another is an error at its first line."""
    problem = only(read(second))
    assert (problem.code, problem.column) == ("manifest.second_document", 1)
    assert problem.line == 4 + second.startswith("...")


def test_an_alias_is_refused_where_it_stands():
    """An alias is an error; the field it stands for is not complained about again."""
    reading = read_manifest(b"name: &a demo\nversion: 1.0.0\nbinary: *a\n")
    problem = only(reading)
    assert (problem.code, problem.line, problem.column) == ("manifest.alias", 3, 9)


def test_an_anchor_alone_is_harmless():
    """An anchor that nothing refers to changes nothing."""
    assert read("author: &a me\n").problems == ()


@pytest.mark.parametrize("value", ["!!str 1", "! 1", "!x 1", "!!seq [a]", "!!map {a: 1}"])
def test_tags_are_refused(value):
    """A tag is an error, whatever it asks for."""
    problem = only(read(f"slots: [{value}]\n"))
    assert (problem.code, problem.line, problem.column) == ("manifest.tag", 4, 9)


@pytest.mark.parametrize(
    ("extra", "place", "first"),
    [
        ("name: other\n", (4, 1), 1),
        ("'name': other\n", (4, 1), 1),
        ("permissions:\n  env: []\n  env: [A]\n", (6, 3), 5),
        ("slots: [{a: 1, a: 2}]\n", (4, 16), 4),
    ],
)
def test_duplicate_keys_are_refused_at_any_depth(extra, place, first):
    """A key given twice is an error at the second, and names the line of the first."""
    problem = only(read(extra))
    assert problem.code == "manifest.duplicate_key"
    assert (problem.line, problem.column) == place
    assert f"first on line {first}" in problem.message


def test_keys_are_texts():
    """A list as a key is an error."""
    assert codes(read("? [a]\n: b\n")) == ["key_type"]


def test_depth_is_bounded():
    """Lists nest 63 deep below the top mapping, and no deeper."""
    assert read("slots: " + "[" * 63 + "]" * 63).problems == ()
    assert codes(read("slots: " + "[" * 64 + "]" * 64)) == ["too_deep"]


def test_the_number_of_values_is_bounded():
    """Ten thousand values are more than a manifest has."""
    assert read("slots: [" + "a," * 9_000 + "]").problems == ()
    assert codes(read("slots: [" + "a," * 10_000 + "]")) == ["too_many"]


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "~\n", "null\n"])
def test_an_empty_manifest_is_one_problem(text):
    """Nothing in the file is one error, not three missing fields."""
    assert codes(read_manifest(text.encode())) == ["empty"]


@pytest.mark.parametrize(
    ("text", "what"), [("[]", "a list"), ("hello", "the text 'hello'"), ("yes", "the boolean")]
)
def test_the_top_is_a_mapping(text, what):
    """Anything but a mapping is one error that says what is there."""
    problem = only(read_manifest(text.encode()))
    assert problem.code == "manifest.type"
    assert what in problem.message


def test_errors_before_a_syntax_error_are_kept():
    """What was found before the text broke is told too, in file order."""
    assert codes(read("name: twice\nx: {a: 1, a: 2}\ny: [\n", base=BASE)) == [
        "duplicate_key",
        "syntax",
    ]
