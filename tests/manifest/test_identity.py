"""`name`, `version` and `binary`."""

from __future__ import annotations

import pytest

from tests.manifest.helpers import accepted, only, read


def manifest(**changes: str) -> str:
    """Return the three fields, some of them otherwise."""
    fields = {"name": "demo", "version": "1.0.0", "binary": "demo.wasm"} | changes
    return "".join(f"{key}: {value}\n" for key, value in fields.items())


@pytest.mark.parametrize("field", ["name", "version", "binary"])
def test_a_missing_field_is_named_with_an_example(field):
    """Each of the three is required; the hint shows how it looks."""
    text = "".join(line for line in manifest().splitlines(True) if not line.startswith(field))
    problem = only(read(base=text))
    assert problem.code == f"manifest.{field}_missing"
    assert problem.field == field
    assert f"write `{field}: " in problem.hint


@pytest.mark.parametrize(("value", "column"), [("", 1), (" ~", 1), (" ''", 7)])
def test_an_empty_name_is_missing(value, column):
    """Null and the empty text are no name; the problem stands where the name should."""
    problem = only(read(base=f"name:{value}\nversion: 1.0.0\nbinary: demo.wasm\n"))
    assert (problem.code, problem.line, problem.column) == ("manifest.name_missing", 1, column)


def test_a_missing_field_is_found_under_a_near_name():
    """A slip in a required key is a warning at the key and a hint at what is missing."""
    problems = read(base="name: demo\nversion: 1.0.0\nBinary: demo.wasm\n").problems
    assert [problem.code for problem in problems] == [
        "manifest.binary_missing",
        "manifest.unknown_key",
    ]
    assert problems[0].hint == "is it 'Binary'?"


@pytest.mark.parametrize("name", ["demo", "hello-rust", "a", "123", "a.b_c-d", "Demo", "n" * 64])
def test_good_names(name):
    """Letters, digits, dots, dashes and underscores make a name."""
    assert accepted(base=manifest(name=name)).name == name


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Demo Plugin", "write Demo-Plugin"),
        ("../../etc", ""),
        ("a/b", ""),
        ("-a", "write a"),
        ("a.", "write a"),
        ("n" * 65, ""),
        ("con", ""),
        ("nul.x", ""),
        ('"a\\nb"', ""),
        ("d\u0435mo", "'\u0435' is U+0435, not ASCII"),
    ],
)
def test_bad_names(name, hint):
    """A name that cannot be a directory everywhere is an error with a way out."""
    problem = only(read(base=manifest(name=name)))
    assert (problem.code, problem.field, problem.hint) == ("manifest.name", "name", hint)


@pytest.mark.parametrize(
    "version", ["1.0.0", "0.0.0", "1.2.3-rc.1+build.5", "1.0.0-0A.is.legal", "10.20.30"]
)
def test_good_versions(version):
    """A version is SemVer 2.0 and keeps its spelling."""
    assert accepted(base=manifest(version=version)).version == version


@pytest.mark.parametrize(
    ("version", "hint"),
    [
        ("1.10", "write 1.10.0"),
        ("1", "write 1.0.0"),
        ("v1.2.3", "write 1.2.3"),
        ("2024-01-01", "write three numbers, such as 1.0.0"),
        ("1.02.3", "write three numbers, such as 1.0.0"),
        ("1.2.3-01", "write three numbers, such as 1.0.0"),
        ("no", "write three numbers, such as 1.0.0"),
        ("1" * 300 + ".0.0", "write three numbers, such as 1.0.0"),
    ],
)
def test_bad_versions(version, hint):
    """What is no SemVer 2.0 is an error, the likely version in the hint."""
    problem = only(read(base=manifest(version=version)))
    assert (problem.code, problem.line, problem.column) == ("manifest.version", 2, 10)
    assert problem.hint == hint


@pytest.mark.parametrize(
    "binary", ["plugin.wasm", "P-1_x.y.wasm", "_a.wasm", "build/release.wasm", "./a.wasm"]
)
def test_good_binaries(binary):
    """The binary is a path inside the folder that ends in .wasm."""
    assert accepted(base=manifest(binary=binary)).binary == binary


@pytest.mark.parametrize(
    ("binary", "hint"),
    [
        ("../x.wasm", "into the plugin's folder"),
        ("/x.wasm", "into the plugin's folder"),
        ("a/../../x.wasm", "into the plugin's folder"),
        ("a//x.wasm", "use letters"),
        ("././x.wasm", "use letters"),
        ("'a\\x.wasm'", "slashes"),
        ("aux/x.wasm", ""),
        ("plugin", "end in .wasm"),
        ("plugin.so", "end in .wasm"),
        ("-x.wasm", "first"),
        (".wasm", "first"),
        ("c:x.wasm", "use letters"),
        ("x y.wasm", "use letters"),
        ("NUL.wasm", ""),
        ("d\u0435mo.wasm", "U+0435"),
        ("a" * 200 + ".wasm", ""),
    ],
)
def test_bad_binaries(binary, hint):
    """A way out of the folder, another ending, or a name read otherwise somewhere is an error."""
    problem = only(read(base=manifest(binary=binary)))
    assert (problem.code, problem.line, problem.column) == ("manifest.binary", 3, 9)
    assert hint in problem.hint
