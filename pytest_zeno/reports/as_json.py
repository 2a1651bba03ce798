"""The whole record as JSON, and the schema that it keeps to: docs/report.schema.json."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pytest_zeno.reports.record import FORMAT, Run

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
IDENTITY: Final = f"urn:pytest-zeno:report:{FORMAT}"


def to_json(run: Run) -> str:
    """Return the record as JSON, indented, with every member."""
    return msgspec.json.format(msgspec.json.encode(run), indent=2).decode() + "\n"


def from_json(text: str) -> Run:
    """Return the record that a JSON report holds. Raises msgspec.ValidationError."""
    return msgspec.json.decode(text, type=Run)


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the JSON report."""
    schema = msgspec.json.schema(Run)
    return {"$schema": DRAFT, "$id": IDENTITY, "title": "pytest-zeno report", **schema}
