"""The JSON Schema for editors."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_zeno.manifest import manifest_schema
from pytest_zeno.manifest.grants import KINDS, parse_grant
from pytest_zeno.manifest.model import KEYS, ConfigParameter
from pytest_zeno.manifest.reader import EXAMPLES

COMMITTED = Path(__file__).parents[2] / "docs" / "manifest.schema.json"


def test_the_committed_schema_is_current():
    """docs/manifest.schema.json is what `python -m pytest_zeno.manifest` prints."""
    command = [sys.executable, "-m", "pytest_zeno.manifest"]
    printed = subprocess.run(  # noqa: S603  (our own module)
        command, capture_output=True, check=True, text=True
    ).stdout
    assert COMMITTED.read_text("utf-8") == printed
    assert json.loads(printed) == manifest_schema()


def test_the_schema_names_every_field():
    """Each key of the manifest, each permission and each member of a setting is described."""
    properties = manifest_schema()["properties"]
    assert set(properties) == set(KEYS)
    assert set(properties["permissions"]["properties"]) == set(KINDS)
    members = properties["config"]["additionalProperties"]["properties"]
    assert set(members) == set(ConfigParameter.__dataclass_fields__) - {"name"}
    assert all("description" in field for field in properties.values())


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *EXAMPLES.items(),
        ("network", "https://api.example.com/v1/users"),
        ("network", "http://*.example.com:8080/*"),
        ("network", "https://*.example.com:*/"),
        ("network", "http://[2001:db8::1]/*"),
        ("network", "*"),
        ("network", "api.example.com"),
        ("network", "https://a.example/*/b"),
        ("network", "https://a.example/?q"),
        ("filesystem", "/data/"),
        ("filesystem", "/"),
        ("filesystem", "data"),
        ("filesystem", "~/data"),
        ("env", "A-B"),
        ("env", "*"),
        ("database", "main.db"),
        ("database", "-x"),
        ("scope", "write"),
        ("scope", "admin"),
    ],
)
def test_the_schema_and_the_reader_agree_on_grants(kind, text):
    """A grant that the reader takes the editor takes, and these slips it marks."""
    items = manifest_schema()["properties"]["permissions"]["properties"][kind]["items"]
    try:
        parse_grant(kind, text)
        valid = True
    except ValueError:
        valid = False
    assert (re.search(items["pattern"], text) is not None) is valid
