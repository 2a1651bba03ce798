"""`requires`: ranges for the engine and for other plugins."""

from __future__ import annotations

import pytest

from pytest_zeno.manifest import check_requires
from tests.manifest.helpers import accepted, only, read


def test_a_range_keeps_its_spelling():
    """A number in YAML is still the range that was written."""
    assert str(accepted("requires: {zeno: 1.10}\n").requires["zeno"]) == "1.10"


@pytest.mark.parametrize("wanted", ["'>=a'", "latest", "1.2.3.4", "'~=1.2'"])
def test_a_malformed_range_is_an_error(wanted):
    """What npm's grammar does not know is an error at the range."""
    problem = only(read(f"requires:\n  zeno: {wanted}\n"))
    assert (problem.code, problem.line, problem.column) == ("manifest.requires_range", 5, 9)
    assert problem.field == "requires.zeno"


@pytest.mark.parametrize("wanted", ["", "[]", "{a: b}"])
def test_a_range_is_a_text(wanted):
    """Null, a list or a mapping is the wrong type; the hint says how to take any version."""
    problem = only(read(f"requires:\n  zeno: {wanted}\n"))
    assert problem.code == "manifest.type"
    assert '"*"' in problem.hint


def test_a_required_name_is_a_name():
    """Only what can be a plugin's name can be required."""
    problem = only(read("requires: {'No Good': '*'}\n"))
    assert (problem.code, problem.line) == ("manifest.requires_name", 4)


def test_met_requirements_are_no_problem():
    """The engine and a plugin within their ranges."""
    manifest = accepted("requires: {zeno: '>=0.3', other: ^1.2}\n")
    assert check_requires(manifest, {"zeno": "0.4.0", "other": "1.9.0", "more": "1.0.0"}) == ()


def test_each_unmet_requirement_is_told():
    """A missing plugin and a version outside the range, each with its place."""
    manifest = accepted("requires:\n  zeno: '>=0.3'\n  hello-rust: ^1.2\n")
    unmet, missing = check_requires(manifest, {"zeno": "0.2.9", "hello-rusty": "1.2.0"})
    assert (unmet.code, unmet.line) == ("manifest.requires_unmet", 5)
    assert "'0.2.9'" in unmet.message
    assert "'>=0.3'" in unmet.message
    assert (missing.code, missing.line) == ("manifest.requires_missing", 6)
    assert missing.hint == "did you mean 'hello-rusty'?"


@pytest.mark.parametrize("version", ["0.3.0-rc.1", "unknown"])
def test_a_prerelease_or_no_version_does_not_meet_a_range(version):
    """As npm has it, a pre-release meets only a range that names one."""
    manifest = accepted("requires: {zeno: '>=0.2'}\n")
    assert len(check_requires(manifest, {"zeno": version})) == 1
