"""Versions and ranges, against what npm's own parser answered (data/npm_ranges.mjs)."""

from __future__ import annotations

import pytest

from pytest_zeno.manifest import Range, satisfies
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


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "1.0.0 ", "\u0661.0.0"],
)
def test_what_is_no_version(text):
    """Anything but SemVer 2.0 lies in no range."""
    with pytest.raises(ValueError, match="not valid SemVer"):
        satisfies(text, "*")


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
