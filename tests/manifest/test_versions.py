"""Versions and ranges, against what npm's own parser answered (data/npm_ranges.mjs)."""

from __future__ import annotations

import pytest

from pytest_zeno.manifest import Range, Version, satisfies
from tests.manifest.helpers import load_json

ORACLE = load_json("npm_ranges.json")


@pytest.mark.parametrize(("text", "inside"), ORACLE["ranges"], ids=lambda value: repr(value)[:24])
def test_ranges_hold_what_npm_says(text, inside):
    """A range holds the versions that npm finds in it, and is refused where npm refuses it."""
    if inside is None:
        with pytest.raises(ValueError, match=r"is no version|behind an x|beside the hyphen"):
            Range.parse(text)
    else:
        found = [version for version in ORACLE["versions"] if satisfies(version, text)]
        assert found == inside


def test_versions_are_ordered_as_semver_says():
    """Releases by number, pre-releases before them, word by word."""
    order = [Version.parse(text) for text in ORACLE["order"]]
    backwards = list(reversed(order))
    assert sorted(backwards) == order


def test_build_metadata_says_nothing():
    """Two builds of a version are the same version."""
    assert Version.parse("1.0.0+a") == Version.parse("1.0.0+b")
    assert hash(Version.parse("1.0.0+a")) == hash(Version.parse("1.0.0"))
    assert str(Version.parse("1.0.0-rc.1+a")) == "1.0.0-rc.1"


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "1.0.0 ", "\u0661.0.0"],
)
def test_what_is_no_version(text):
    """Anything but SemVer 2.0 is a ValueError that shows it."""
    with pytest.raises(ValueError, match=r"no SemVer 2\.0"):
        Version.parse(text)


@pytest.mark.parametrize("text", ["~=1.2", "==1.2", "^=1"])
def test_doubled_signs_are_refused(text):
    """What npm reads of other tools' doubled signs is by accident; here they are errors."""
    with pytest.raises(ValueError, match="is no version"):
        Range.parse(text)


def test_a_long_range_is_refused():
    """A range has at most 256 characters."""
    with pytest.raises(ValueError, match="too long"):
        Range.parse("1 || " * 60)


def test_the_refused_part_is_named():
    """The message shows the part that cannot be read, and the range around it."""
    with pytest.raises(ValueError, match=r"'latest' in '>=1 latest'"):
        Range.parse(">=1 latest")
