"""Grants written down as a block of YAML."""

from __future__ import annotations

import pytest

from pytest_zeno.manifest.grants import KINDS, make_grants
from pytest_zeno.manifest.written import permissions_block
from tests.manifest.helpers import accepted

GRANTED = {
    "network": ["https://api.example.com/*", "https://*.example.org:8443/a"],
    "filesystem": ["/data", "/srv/déjà vu", "/srv/a, b"],
    "env": ["API_KEY", "null", "Yes", "no"],
    "database": ["main", "1", "a.b-c"],
    "scope": ["read", "write"],
}


def test_a_block_reads_as_what_was_written():
    """What YAML would take for something else than a text is quoted."""
    assert accepted(permissions_block(GRANTED) + "\n").permissions == make_grants(GRANTED)


@pytest.mark.parametrize("kind", KINDS)
def test_long_lists_have_a_line_each(kind):
    """A line is no longer than a screen is wide, and reads all the same."""
    texts = {"network": "https://api.example.com/{}", "filesystem": "/srv/{}"}.get(kind, "A{}")
    granted = {kind: [texts.format(at) for at in range(40)]}
    if kind == "scope":
        granted = {kind: ["read", "write"]}
    block = permissions_block(granted)
    assert max(map(len, block.splitlines())) <= 80
    assert accepted(block + "\n").permissions == make_grants(granted)


def test_nothing_is_a_block_of_its_own():
    """A plugin that needs nothing asks for nothing."""
    assert permissions_block({}) == "permissions: {}"
    assert accepted("permissions: {}\n").permissions == make_grants({})
