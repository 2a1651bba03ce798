"""Mechanical repairs of what the contract refuses but a record is not about.

The reference host takes manifests that the contract refuses as a whole. A record of such a guest
is replayed twice: as it stands, which shows the refusal, and with these repairs, which shows what
the record is about. Nothing but these functions changes a record.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.replay.records import Answer, Operation

VERSION: Final = "1.0.0"
"""What the metadata of every recorded guest says."""

URLS: Final = ("http://ok/*", "http://err/*", "http://x/*")
"""What the host functions of the records answer, and one address they do not."""

_READ, _WRITE = 5, 6


def with_version(manifest: str) -> str:
    """Write the metadata's version into a manifest that names none."""
    if re.search(r"^version:", manifest, re.MULTILINE):
        return manifest
    return f"version: {VERSION}\n{manifest}"


def with_grants(manifest: str) -> str:
    """Spell grants as the contract wants: addresses for ``*``, guest paths that are absolute."""
    manifest = manifest.replace('network: ["*"]', f"network: {json.dumps(URLS)}")
    return re.sub(r"(?<=filesystem: \[).*(?=\])", _rooted_list, manifest)


def with_absolute_paths(operation: Operation) -> Operation:
    """Put a slash before the path that the probe asks for, in a file call."""
    parameters = operation.get("params", {})
    if parameters.get("fn") not in (_READ, _WRITE):
        return operation
    root: Callable[[bytes], bytes] = _rooted if parameters["fn"] == _READ else _rooted_member
    asked = root(bytes.fromhex(parameters["hex"]))
    return operation | {"params": parameters | {"hex": asked.hex()}}


def with_absolute_calls(answer: Answer) -> Answer:
    """Put the same slash before the paths that the reference host noted."""
    calls = [
        call | {"args": call["args"] | {"path": _rooted(call["args"]["path"].encode()).decode()}}
        if call.get("fn") in ("file_read", "file_write")
        else call
        for call in answer.get("calls", ())
    ]
    return answer | ({"calls": calls} if calls else {})


def with_version_in_metadata(module: str) -> str:
    """Write the manifest's version into metadata that says ``"version":"1"``."""
    return module.replace(r"\22version\22:\221\22", rf"\22version\22:\22{VERSION}\22")


def _untouched(text: str) -> str:
    return text


class Repair(NamedTuple):
    """One repair: what it does to a manifest and to a module's text."""

    name: str
    manifest: Callable[[str], str] = _untouched
    module: Callable[[str], str] = _untouched


NOTHING: Final = Repair("")
GRANTS: Final = Repair("grants", manifest=with_grants)
REPAIRS: Final = (
    Repair("version", manifest=with_version),
    GRANTS,
    Repair("metadata", module=with_version_in_metadata),
)


def _rooted(path: bytes) -> bytes:
    return path if path.startswith(b"/") else b"/" + path


def _rooted_member(request: bytes) -> bytes:
    value: dict[str, Any] = json.loads(request)
    return json.dumps(value | {"path": _rooted(value["path"].encode()).decode()}).encode()


def _rooted_list(found: re.Match[str]) -> str:
    return ", ".join(_rooted(path.encode()).decode() for path in found[0].split(", "))
