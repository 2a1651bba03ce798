"""`permissions`: lists of well-formed grants of known kinds (PERMISSIONS.md, General)."""

from __future__ import annotations

import pytest

from tests.manifest.helpers import accepted, only, read

KINDS = ("network", "filesystem", "env", "database", "scope")


def test_grants_of_each_kind_are_read():
    """What is listed is granted, kind by kind."""
    grants = accepted(
        "permissions:\n  network: [https://api.example.com/*]\n  filesystem: [/data]\n"
        "  env: [A, B]\n  database: [default]\n  scope: [read, write]\n"
    ).permissions
    assert [len(getattr(grants, kind)) for kind in KINDS] == [1, 1, 2, 1, 2]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nothing", ["[]", "", "null"])
def test_a_null_list_is_an_empty_one(kind, nothing):
    """Null and [] ask for nothing."""
    assert accepted(f"permissions: {{{kind}: {nothing}}}\n") == accepted()


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("netwrok", "did you mean 'network'?"),
        ("Env", "did you mean 'env'?"),
        ("file_system", "did you mean 'filesystem'?"),
        ("camera", "the kinds are "),
    ],
)
def test_an_unknown_kind_is_an_error(kind, hint):
    """A kind that the host does not know must not be ignored; the nearest is named."""
    problem = only(read(f"permissions:\n  {kind}: []\n"))
    assert (problem.code, problem.line, problem.column) == ("manifest.permission_kind", 5, 3)
    assert problem.field == f"permissions.{kind}"
    assert not problem.warning
    assert problem.hint.startswith(hint)


@pytest.mark.parametrize("value", ["true", "https://a.example/", "{a: b}", "1"])
def test_a_kind_takes_a_list(value):
    """A boolean, a text or a mapping is an error; the hint shows the list."""
    problem = only(read(f"permissions:\n  network: {value}\n"))
    assert (problem.code, problem.line, problem.column) == ("manifest.type", 5, 12)
    assert "`network: [https://api.example.com/*]`, or []" in problem.hint


@pytest.mark.parametrize("item", ["{url: x}", "[A]", "~"])
def test_a_grant_is_a_text(item):
    """A list, a mapping or null inside the list is an error at the item."""
    problem = only(read(f"permissions:\n  env: [A, {item}]\n"))
    assert (problem.code, problem.line, problem.column) == ("manifest.type", 5, 12)
    assert problem.field == "permissions.env[1]"


@pytest.mark.parametrize(
    ("kind", "grant"),
    [
        ("network", "'*'"),
        ("network", "api.example.com"),
        ("filesystem", "/"),
        ("filesystem", "data"),
        ("env", "'*'"),
        ("env", "2.50"),
        ("database", "'*'"),
        ("scope", "admin"),
    ],
)
def test_a_malformed_grant_is_an_error_at_its_place(kind, grant):
    """One malformed entry makes the manifest invalid; the problem shows it and a good one."""
    problem = only(read(f"permissions:\n  {kind}:\n    - {grant}\n"))
    assert (problem.code, problem.line, problem.column) == ("manifest.grant", 6, 7)
    assert problem.field == f"permissions.{kind}[0]"
    assert grant.strip("'") in problem.message
    assert problem.hint.startswith("a valid one is ")


def test_a_grant_that_is_listed_twice_is_a_warning():
    """Repetition grants nothing more and is probably a slip."""
    problem = only(read("permissions: {env: [A, B, A]}\n"))
    assert (problem.code, problem.field) == ("manifest.grant_twice", "permissions.env[2]")
    assert problem.warning
