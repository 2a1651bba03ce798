"""Rules for every file of the repository."""

from __future__ import annotations

import re

import pytest

import pytest_zeno
from tests.repo.conftest import ROOT

CODE = {".c", ".go", ".h", ".ini", ".py", ".rs", ".toml", ".ts", ".wat", ".yaml", ".yml", ".zig"}
MACHINE = re.compile(rb"(?<![\w.$}-])/(?:(?:work|root)/|(?:home|Users)/\w+/\w)[\w./-]*")


def test_no_file_of_code_is_long(tracked):
    """Above 500 lines a file holds more than one idea."""
    code = [path for path in tracked if path.suffix in CODE and "data" not in path.parts]
    assert code
    lengths = {str(path): (ROOT / path).read_bytes().count(b"\n") for path in code}
    assert {path: length for path, length in lengths.items() if length >= 500} == {}


def test_no_file_mentions_a_machine(tracked):
    """Where somebody kept the checkout or a compiler is nobody's business, in binaries too."""
    found = {str(path): MACHINE.findall((ROOT / path).read_bytes()) for path in tracked}
    assert {path: set(hits) for path, hits in found.items() if hits} == {}


@pytest.mark.parametrize(
    ("text", "folder", "found"),
    [
        ("see /{}/x.c", "root", True),
        ("see /{}/me/x.c", "home", True),
        ("https://example.org/{}/x", "root", False),
        ("$HOME/{}/x", "root", False),
    ],
)
def test_the_pattern_knows_a_machine(text, folder, found):
    """It finds paths of a developer's machine and leaves addresses alone."""
    assert bool(MACHINE.search(text.format(folder).encode())) is found


def test_the_changelog_tells_of_this_version(project):
    """A version without an entry is not ready."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    version = re.escape(project["version"])
    assert re.search(rf"^## \[?{version}\b", changelog, re.MULTILINE), "no '## VERSION' heading"


def test_the_package_tells_the_same_version(project):
    """The version stands in two places, once for installers and once for users."""
    assert pytest_zeno.__version__ == project["version"]
