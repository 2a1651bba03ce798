"""The three fields every manifest has: `name`, `version` and `binary` (ABI.md section 7)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from semver import Version

from pytest_zeno.manifest.model import KEYS
from pytest_zeno.manifest.nodes import Scalar
from pytest_zeno.manifest.versions import MOST_CHARACTERS
from pytest_zeno.protocol.describe import nearest
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from pytest_zeno.manifest.form import Form

NAME: Final = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?"
"""A plugin's name as a pattern: it becomes directories and report files on every system."""

BINARY: Final = (
    r"(\./)?([A-Za-z0-9_][A-Za-z0-9._-]{0,126}/){0,8}[A-Za-z0-9_][A-Za-z0-9._-]{0,122}\.wasm"
)
"""The module's path inside the plugin's folder as a pattern; no segment can lead out of it."""

_NAME: Final = re.compile(NAME, re.ASCII)
_BINARY: Final = re.compile(BINARY, re.ASCII)
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.ASCII | re.IGNORECASE)
_EXAMPLES: Final = {"name": "my-plugin", "version": "1.0.0", "binary": "plugin.wasm"}


def valid_name(text: str) -> bool:
    """Return whether a text can be the name of a plugin."""
    return _NAME.fullmatch(text) is not None and _DEVICE.fullmatch(text) is None


def read_name(form: Form) -> str:
    """Return the plugin's name."""
    name, node = _required(form, "name")
    if node is not None and not valid_name(name):
        form.report.add(
            "name",
            f"`name` is {quoted(name, 60)}, expected at most 64 ASCII letters, digits, dots, "
            "dashes and underscores, a letter or digit first and last",
            node,
            field="name",
            hint=_foreign(name) or _slug(name),
        )
    return name


def read_version(form: Form) -> str:
    """Return the plugin's version."""
    version, node = _required(form, "version")
    if node is not None and not _is_version(version):
        form.report.add(
            "version",
            f"`version` is {quoted(version, 60)}, which is no SemVer 2.0 version",
            node,
            field="version",
            hint=_version_hint(version),
        )
    return version


def read_binary(form: Form) -> str:
    """Return the path of the module inside the plugin's folder."""
    binary, node = _required(form, "binary")
    if node is not None and not _is_inside(binary):
        form.report.add(
            "binary",
            f"`binary` is {quoted(binary, 60)}, expected the path of a .wasm file inside "
            "the plugin's folder",
            node,
            field="binary",
            hint=_binary_hint(binary),
        )
    return binary


def _required(form: Form, name: str) -> tuple[str, Scalar | None]:
    """Return a required text and its node; None when there is nothing left to check."""
    text, node = form.text(name), form.node.get(name)
    if node is None or text == "":
        if node is None or isinstance(node, Scalar):
            _report_missing(form, name, node)
        return "", None
    return text, node if isinstance(node, Scalar) else None


def _report_missing(form: Form, name: str, node: Scalar | None) -> None:
    at = next((key for key, _ in form.node.entries if key.text == name), form.node)
    others = [key.text for key, _ in form.node.entries if key.text not in KEYS]
    hint = "" if at is not form.node else nearest(name, others).replace("did you mean", "is it")
    form.report.add(
        f"{name}_missing",
        f"`{name}` is missing" if at is form.node else f"`{name}` is empty",
        node or at,
        field=name,
        hint=hint or f"write `{name}: {_EXAMPLES[name]}`",
    )


def _is_version(text: str) -> bool:
    return len(text) <= MOST_CHARACTERS and Version.is_valid(text)


def _foreign(text: str) -> str:
    """Say which character only looks like ASCII, or nothing."""
    found = next((character for character in text if not character.isascii()), "")
    return f"{quoted(found)} is U+{ord(found):04X}, not ASCII" if found else ""


def _slug(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9 ._-]+", name):
        return ""
    slug = name.replace(" ", "-").strip("._-")
    return f"write {slug}" if valid_name(slug) else ""


def _version_hint(text: str) -> str:
    for attempt in (text.removeprefix("v"), f"{text}.0", f"{text}.0.0"):
        if _is_version(attempt):
            return f"write {attempt}"
    return "write three numbers, such as 1.0.0"


def _is_inside(binary: str) -> bool:
    segments = binary.split("/")
    return bool(_BINARY.fullmatch(binary)) and not any(map(_DEVICE.fullmatch, segments))


def _binary_hint(text: str) -> str:
    if "\\" in text:
        return "write slashes, on Windows too"
    if text.startswith("/") or ".." in text.split("/"):
        return "put the module into the plugin's folder and write its path from there"
    if not text.endswith(".wasm"):
        return "let the name end in .wasm"
    return _foreign(text) or (
        "use letters, digits, dots, dashes and underscores, a letter or digit first"
    )
