"""The JSON report is the whole record, and keeps to the schema that is published."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from pytest_zeno.reports.as_json import from_json, report_schema, to_json
from pytest_zeno.reports.record import Word, overall
from tests.reports import samples

COMMITTED = Path(__file__).parents[2] / "docs" / "report.schema.json"


def test_the_committed_schema_is_current():
    """docs/report.schema.json is what `python -m pytest_zeno.reports` prints."""
    command = [sys.executable, "-m", "pytest_zeno.reports"]
    printed = subprocess.run(  # noqa: S603  (our own module)
        command, capture_output=True, check=True, text=True
    ).stdout
    assert _unordered(json.loads(COMMITTED.read_text("utf-8"))) == _unordered(json.loads(printed))


def _unordered(schema):
    """Return a schema without the order of alternatives, in which versions of msgspec differ."""
    if isinstance(schema, dict):
        return {key: _unordered(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return sorted(map(_unordered, schema), key=json.dumps)
    return schema


def test_the_schema_is_one():
    """It is a valid schema of draft 2020-12."""
    Draft202012Validator.check_schema(report_schema())


@pytest.mark.parametrize("run", [samples.typical(), samples.nothing()], ids=["typical", "nothing"])
def test_a_report_keeps_to_the_schema(run):
    """Also one of a run that judged nothing."""
    Draft202012Validator(report_schema()).validate(json.loads(to_json(run)))


@pytest.mark.parametrize(
    ("member", "value"), [("verdict", "fine"), ("format", 2), ("plugins", [{}])]
)
def test_the_schema_refuses_what_is_no_report(member, value):
    """A verdict that there is not, another format, a plugin without its members."""
    changed = json.loads(to_json(samples.typical())) | {member: value}
    assert not Draft202012Validator(report_schema()).is_valid(changed)


def test_a_report_is_read_again_as_it_was():
    """Nothing of the record is lost."""
    assert from_json(to_json(samples.typical())) == samples.typical()


def test_what_is_no_report_is_refused():
    """With an error that names the member."""
    with pytest.raises(msgspec.ValidationError, match="verdict"):
        from_json('{"format": 1}')


def test_the_format_comes_first():
    """Who reads a report of a later format sees so at once."""
    assert next(iter(json.loads(to_json(samples.nothing())))) == "format"


def test_a_failure_carries_its_command_and_its_place():
    """What a tool needs to repeat a rule, and to show where it is broken."""
    (plugin,) = json.loads(to_json(samples.typical()))["plugins"]
    warned = next(rule for rule in plugin["rules"] if rule["status"] == "warned")
    assert warned["finding"]["again"].startswith("pytest --zeno-plugin=")
    assert warned["finding"]["places"][0]["line"] == 3


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "nothing was judged"),
        (["conformant"], "conformant"),
        (["conformant", "conformant with warnings"], "conformant with warnings"),
        (["no verdict", "conformant with warnings"], "no verdict"),
        (["conformant", "not conformant", "no verdict"], "not conformant"),
    ],
)
def test_the_worst_plugin_decides(words: list[Word], expected):
    """A run is as good as its worst plugin."""
    assert overall(words) == expected
