"""The manifest as a JSON Schema, for editors that complete and check while one types.

It says what a schema can say; what it cannot (duplicate keys, grants of `config`) is checked by
`read_manifest` alone. Text fields also take numbers and booleans, because YAML reads ``1.10``
as one and a manifest keeps its spelling (ABI.md section 7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.manifest.form import MOST_TEXT
from pytest_zeno.manifest.identity import BINARY, NAME
from pytest_zeno.manifest.reader import EXAMPLES
from pytest_zeno.protocol.names import INPUT_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
IDENTITY: Final = "urn:pytest-zeno:manifest:1"

_ENV: Final = "^[A-Za-z_][A-Za-z0-9_]{0,255}$"
_VERSION: Final = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$"
_GRANTS: Final = {
    "network": r"^https?://[^\s/?#%@*]*(\*\.[^\s/?#%@*]+)?(:\*)?(/[^\s?#%*]*\*?)$",
    "filesystem": r"^/[^~$*\\]+$",
    "env": _ENV,
    "database": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$",
    "scope": "^(read|write)$",
}
_ABOUT: Final = {
    "network": "URLs the plugin may request; * only as *.domain, as :* and as a final /*.",
    "filesystem": "Absolute guest paths, directories or files, that the plugin may use.",
    "env": "Environment variables the plugin may read.",
    "database": "Database connections the plugin may query.",
    "scope": "Whether the plugin may read and write the scope.",
}


def manifest_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `manifest.yaml` (ABI.md section 7)."""
    return {
        "$schema": DRAFT,
        "$id": IDENTITY,
        "title": "ZenoEngine plugin manifest",
        "type": "object",
        "required": ["name", "version", "binary"],
        "properties": {
            "name": _pattern(f"^{NAME}$", "The plugin's name."),
            "version": _pattern(_VERSION, "A SemVer 2.0 version."),
            "binary": _pattern(f"^{BINARY}$", "The module's path inside the folder."),
            "author": _text("Who wrote it."),
            "description": _text("What it does, in one sentence."),
            "license": _text("An SPDX expression."),
            "homepage": _text("Where to read more."),
            "requires": _table(
                {"type": ["string", "number"]},
                "Version ranges as npm writes them; zeno is the engine.",
            ),
            "permissions": _permissions(),
            "config": _table(_parameter(), "Settings the operator gives."),
            "slots": {"description": "Documentation.", "type": ["array", "object", "null"]},
        },
    }


def _permissions() -> dict[str, Any]:
    kinds = {
        kind: {
            "description": about,
            "type": ["array", "null"],
            "items": {"type": "string", "pattern": _GRANTS[kind], "examples": [EXAMPLES[kind]]},
        }
        for kind, about in _ABOUT.items()
    }
    return {
        "description": "What the plugin may do; what is not listed is denied.",
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": kinds,
    }


def _parameter() -> dict[str, Any]:
    return {
        "type": ["object", "null"],
        "properties": {
            "type": {"description": "Its type, string unless given.", "enum": sorted(INPUT_TYPES)},
            "required": {"description": "Whether a value must be there.", "type": "boolean"},
            "env": {**_pattern(_ENV, "The variable to read, also in permissions.env.")},
            "default": {"description": "What the plugin gets when the variable is unset."},
            "description": _text("What it is for."),
        },
    }


def _table(values: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {
        "description": description,
        "type": ["object", "null"],
        "additionalProperties": dict(values),
    }


def _text(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "type": ["string", "number", "boolean", "null"],
        "maxLength": MOST_TEXT,
    }


def _pattern(pattern: str, description: str) -> dict[str, Any]:
    return {"description": description, "type": "string", "pattern": pattern}
