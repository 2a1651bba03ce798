"""The badge, as shields.io reads it."""

from __future__ import annotations

import json

import pytest

from pytest_zeno.reports.badge import to_badge
from tests.reports import samples

KEPT = samples.plugin(samples.rule("kept"), verdict="conformant")
BROKEN = samples.plugin(samples.rule("broken"), samples.rule("kept", id="STR-004"))


@pytest.mark.parametrize(
    ("run", "message", "color"),
    [
        (samples.run(KEPT, verdict="conformant"), "conformant, 1/1 rules kept", "brightgreen"),
        (samples.run(BROKEN), "not conformant, 1/2 rules kept", "red"),
        (samples.run(KEPT, BROKEN), "1 of 2 conformant", "red"),
        (samples.nothing(), "nothing was judged", "lightgrey"),
    ],
    ids=["kept", "broken", "two", "nothing"],
)
def test_a_badge_tells_verdict_and_counts(run, message, color):
    """Of one plugin its rules, of several how many of them are conformant."""
    badge = json.loads(to_badge(run))
    assert (badge["message"], badge["color"], badge["schemaVersion"]) == (message, color, 1)


def test_a_badge_has_the_members_of_an_endpoint():
    """Shields.io refuses others."""
    assert set(json.loads(to_badge(samples.typical()))) == {
        "schemaVersion",
        "label",
        "message",
        "color",
    }
