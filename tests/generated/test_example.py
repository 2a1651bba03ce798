"""Reading the example of a slot: what can be read is used, everything else says nothing."""

from __future__ import annotations

import pytest

from pytest_zeno.evidence.generated.example import example_of
from pytest_zeno.protocol.slots import Input, Slot

INPUTS = {
    "day": Input("day", "string", required=True),
    "count": Input("count", "integer"),
    "exact": Input("exact", "boolean"),
    "tags": Input("tags", "list"),
}


@pytest.mark.parametrize(
    ("example", "read"),
    [
        ({"day": "2024-02-29"}, {"day": "2024-02-29"}),
        ({"slot_name": "a.b", "parameters": {"count": 3}}, {"count": 3}),
        ('{"day": "2024-02-29", "tags": ["x"]}', {"day": "2024-02-29", "tags": ["x"]}),
        ("a.b {\n  day: '2024-02-29'\n  count: 3\n}", {"day": "2024-02-29", "count": 3}),
        ('a.b { day: "it\'s", exact: true }', {"day": "it's", "exact": True}),
        ("a.b: 'main' {\n  count: -1\n}", {"count": -1}),
        ("a.b {\n  day: ''\n}", {"day": ""}),
        ({"count": "3", "exact": 1, "other": 2}, {}),
        ({"count": True}, {}),
        ("a.b {\n  day: $today\n}", {}),
        ("c.d {\n  day: '2024-02-29'\n}", {}),
        ("see day: '2024-02-29'", {}),
        ('{"day": "a", "day": "b"}', {}),
        ("\ud800", {}),
        ("a.b {" + " " * 5000 + "\n  day: 'x'\n}", {}),
        (["day"], {}),
        (None, {}),
    ],
)
def test_example_is_read(example, read):
    """An object, its JSON, or a call as scripts write it; values that do not fit are left out."""
    assert example_of(Slot("a.b", example=example, inputs=INPUTS)) == read
