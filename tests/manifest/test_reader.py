"""Fields: spelling, types, near misses, and every problem at once."""

from __future__ import annotations

import pytest

from pytest_zeno.manifest import Grants, Manifest, read_manifest
from tests.manifest.helpers import accepted, codes, only, read


def test_the_smallest_manifest():
    """Name, version and binary are enough; everything else is empty."""
    manifest = accepted()
    assert manifest == Manifest("demo", "1.0.0", "demo.wasm", Grants())
    assert repr(manifest) == "<Manifest demo 1.0.0>"


def test_every_field_is_read():
    """Each field of the contract arrives in the model."""
    manifest = accepted(
        "author: A\ndescription: D\nlicense: MIT\nhomepage: https://e.example/\n"
        "requires: {zeno: '>=0.3'}\npermissions: {env: [KEY]}\n"
        "config: {key: {type: int, required: true, env: KEY, default: 7, description: d}}\n"
        "slots: [{name: demo.run, inputs: {n: {type: int, default: 1}}}]\n"
    )
    texts = (manifest.author, manifest.description, manifest.license, manifest.homepage)
    assert texts == ("A", "D", "MIT", "https://e.example/")
    assert {name: str(wanted) for name, wanted in manifest.requires.items()} == {"zeno": ">=0.3"}
    assert len(manifest.permissions.env) == 1
    assert manifest.config["key"].default == "7"
    assert manifest.slots == [{"name": "demo.run", "inputs": {"n": {"type": "int", "default": 1}}}]


@pytest.mark.parametrize("text", ["1.10", "no", "0x1F", "2024-01-01", "1_000", "1e3", "12:30:45"])
def test_texts_keep_their_spelling(text):
    """A scalar in a text field stays as it is written, whatever YAML takes it for."""
    assert accepted(f"author: {text}\n").author == text


@pytest.mark.parametrize("null", ["", " ~", " null"])
@pytest.mark.parametrize("field", ["author", "requires", "permissions", "config", "slots"])
def test_null_is_absent(field, null):
    """An optional field that is null is one that is not there."""
    assert accepted(f"{field}:{null}\n") == accepted()


@pytest.mark.parametrize(
    ("extra", "place", "message"),
    [
        ("author: [me]\n", (4, 9), "`author` is a list, expected a text"),
        ("homepage: {a: b}\n", (4, 11), "`homepage` is a mapping, expected a text"),
        ("requires: '>=0.3'\n", (4, 11), "`requires` is the text '>=0.3', expected a mapping"),
        ("permissions: [env]\n", (4, 14), "`permissions` is a list, expected a mapping"),
        ("config: true\n", (4, 9), "`config` is the boolean 'true', expected a mapping"),
        ("slots: none\n", (4, 8), "`slots` is the text 'none', expected a list or mapping"),
    ],
)
def test_wrong_types(extra, place, message):
    """A value of another type is an error that says what is there and what belongs there."""
    problem = only(read(extra))
    assert (problem.code, problem.line, problem.column) == ("manifest.type", *place)
    assert message in problem.message
    assert problem.field == extra.split(":")[0]


def test_texts_are_bounded():
    """A description has at most 2,000 characters."""
    assert accepted(f"description: {'d' * 2000}\n").description == "d" * 2000
    assert codes(read(f"description: {'d' * 2001}\n")) == ["text_too_long"]


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("permisions", "did you mean 'permissions'?"),
        ("Author", "did you mean 'author'?"),
        ("licence", "did you mean 'license'?"),
        ("zzz", ""),
    ],
)
def test_an_unknown_key_is_a_warning_with_the_nearest(key, hint):
    """A top-level key that nothing reads is a warning; a near miss is named."""
    reading = read(f"{key}: x\n")
    problem = only(reading)
    assert (problem.code, problem.line, problem.column) == ("manifest.unknown_key", 4, 1)
    assert problem.warning
    assert problem.hint == hint
    assert reading.manifest is not None
    assert reading.manifest.warnings == reading.problems


def test_every_problem_is_told_at_once_in_file_order():
    """Errors and warnings of all fields come together, sorted by line and column."""
    reading = read_manifest(
        b"author: []\n"
        b"name: No Good\n"
        b"permissions:\n"
        b"  netwrok: []\n"
        b"  env: [1, OK, 2]\n"
        b"licence: MIT\n"
        b"version: 1.0\n"
        b"config: {a: {type: strin, env: NOT}}\n"
        b"requires: {zeno: '>=a'}\n"
    )
    assert reading.manifest is None
    assert codes(reading) == [
        "binary_missing",
        "type",
        "name",
        "permission_kind",
        "grant",
        "grant",
        "unknown_key",
        "version",
        "config_type",
        "config_env_ungranted",
        "requires_range",
    ]
    places = [(problem.line, problem.column) for problem in reading.problems]
    assert places == sorted(places)
    assert all(problem.file == "manifest.yaml" for problem in reading.problems)


def test_problems_are_counted_after_a_hundred():
    """A file full of errors is not a page full of errors."""
    problems = read("permissions: {env: [" + "1," * 500 + "]}\n").problems
    assert len(problems) == 101
    assert "more problems" in problems[-1].message
    assert not problems[-1].warning


def test_a_hundred_warnings_and_more_are_no_error():
    """Cutting the list changes no warning into an error."""
    reading = read("".join(f"x{n}: 1\n" for n in range(150)))
    assert reading.manifest is not None
    assert len(reading.problems) == 101


def test_the_file_is_named():
    """The name the caller gives stands before line and column."""
    problem = only(read_manifest(b"[]", "plugins/demo/manifest.yaml"))
    assert str(problem).startswith("plugins/demo/manifest.yaml:1:1: ")


def test_guest_text_in_a_message_is_escaped():
    """A key with an escape sequence does not reach the terminal."""
    problem = only(read('"\\e[31mx": 1\n'))
    assert "\x1b" not in str(problem) + problem.field
    assert "\\u001b" in problem.message


def test_marks_say_where_a_field_stands():
    """Line and column of each field are kept for those who judge it later."""
    marks = accepted("permissions:\n  env:\n    - A\n    - B\nrequires: {zeno: '*'}\n").marks
    assert marks["version"] == (2, 10)
    assert marks["permissions.env[1]"] == (7, 7)
    assert marks["requires.zeno"] == (8, 18)
