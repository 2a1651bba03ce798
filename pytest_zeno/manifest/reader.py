"""From the bytes of a manifest to its model, with every problem at once (ABI.md section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.manifest.form import Form, items_of
from pytest_zeno.manifest.grants import KINDS, Grants, make_grants, parse_grant
from pytest_zeno.manifest.identity import read_binary, read_name, read_version, valid_name
from pytest_zeno.manifest.model import KEYS, Manifest, Reading
from pytest_zeno.manifest.nodes import (
    Mapping,
    Node,
    Refused,
    Scalar,
    Sequence,
    described,
    is_null,
    value_of,
)
from pytest_zeno.manifest.report import Report
from pytest_zeno.manifest.settings import read_config
from pytest_zeno.manifest.source import decode
from pytest_zeno.manifest.versions import Range
from pytest_zeno.protocol.describe import nearest
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from typing import Any

    from pytest_zeno.manifest.grants import Grant

EXAMPLES: Final = {
    "network": "https://api.example.com/*",
    "filesystem": "/data",
    "env": "API_KEY",
    "database": "default",
    "scope": "read",
}
"""A grant of each kind, for hints."""


def read_manifest(data: bytes, file: str = "manifest.yaml") -> Reading:
    """Read a manifest from its bytes; `file` is the name that the problems carry.

    No exception is raised for anything the bytes hold: errors and warnings are
    `Reading.problems`, and `Reading.manifest` is None exactly when one is an error.
    """
    from pytest_zeno.manifest.syntax import compose

    report = Report(file)
    text = decode(data, report)
    top = compose(text, report) if text is not None else None
    if top is None:
        if not report.failed:
            report.add("empty", "the manifest is empty", hint="write name, version and binary")
        return Reading(None, report.problems())
    if not isinstance(top, Mapping):
        report.add(
            "type",
            f"the manifest is {described(top)}, expected a mapping",
            top,
            hint="write `name: my-plugin` and so on, one key a line",
        )
        return Reading(None, report.problems())
    marks: dict[str, tuple[int, int]] = {}
    fields = _read_fields(Form(top, report, marks))
    problems = report.problems()
    if report.failed:
        return Reading(None, problems)
    return Reading(Manifest(**fields, warnings=problems, file=file, marks=marks), problems)


def _read_fields(form: Form) -> dict[str, Any]:
    form.check_keys(KEYS)
    grants = _read_permissions(form.form("permissions"))
    return {
        "name": read_name(form),
        "version": read_version(form),
        "binary": read_binary(form),
        "author": form.text("author"),
        "description": form.text("description"),
        "license": form.text("license"),
        "homepage": form.text("homepage"),
        "requires": _read_requires(form.form("requires")),
        "permissions": grants,
        "config": read_config(form.form("config"), _env_names(form)),
        "slots": _read_slots(form),
    }


def _read_permissions(form: Form) -> Grants:
    granted: dict[str, tuple[Grant, ...]] = {}
    for key, path, node in form.members():
        if key.text in KINDS:
            granted[key.text] = tuple(_read_grants(form, key.text, path, node))
        else:
            form.report.add(
                "permission_kind",
                f"the permission {quoted(key.text, 60)} is unknown",
                key,
                field=path,
                hint=nearest(key.text, KINDS) or f"the kinds are {', '.join(KINDS)}",
            )
    return make_grants(granted)


def _read_grants(form: Form, kind: str, path: str, node: Node) -> list[Grant]:
    example = f"`{kind}: [{EXAMPLES[kind]}]`, or [] for nothing"
    items = items_of(node)
    if items is None:
        form.wrong(path, node, "a list of texts", f"write {example}")
    grants = []
    seen: set[str] = set()
    for at, item in enumerate(items or ()):
        where = f"{path}[{at}]"
        form.mark(where, item)
        if isinstance(item, Scalar) and not is_null(item):
            grants += _read_grant(form, kind, where, item)
            _warn_twice(form, where, item, seen)
        else:
            form.wrong(where, item, "a text", f"write {example}")
    return grants


def _read_grant(form: Form, kind: str, where: str, item: Scalar) -> list[Grant]:
    try:
        return [parse_grant(kind, item.text)]
    except ValueError as error:
        form.report.add(
            "grant",
            f"`{where}` is {quoted(item.text, 80)}: {error}",
            item,
            field=where,
            hint=f"a valid one is {EXAMPLES[kind]}",
        )
        return []


def _warn_twice(form: Form, where: str, item: Scalar, seen: set[str]) -> None:
    if item.text in seen:
        form.report.add(
            "grant_twice", f"`{where}` is in the list already", item, field=where, warning=True
        )
    seen.add(item.text)


def _env_names(form: Form) -> list[str]:
    """What `permissions.env` lists, well-formed or not: one slip is one problem."""
    permissions = form.node.get("permissions")
    listed = permissions.get("env") if isinstance(permissions, Mapping) else None
    return [item.text for item in items_of(listed) or () if isinstance(item, Scalar)]


def _read_requires(form: Form) -> dict[str, Range]:
    ranges: dict[str, Range] = {}
    for key, path, node in form.members():
        if not valid_name(key.text):
            form.report.add(
                "requires_name",
                f"{quoted(key.text, 60)} in `requires` is no plugin's name, and not zeno",
                key,
                field=path,
            )
        if isinstance(node, Scalar) and not is_null(node):
            ranges |= _read_range(form, key.text, path, node)
        else:
            form.wrong(path, node, "a version range", 'write "*" for any version')
    return ranges


def _read_range(form: Form, name: str, path: str, node: Scalar) -> dict[str, Range]:
    try:
        return {name: Range.parse(node.text)}
    except ValueError as error:
        form.report.add(
            "requires_range",
            f"`{path}`: {error}",
            node,
            field=path,
            hint='write a range as npm does, such as ">=0.3.0" or "^1.2"',
        )
        return {}


def _read_slots(form: Form) -> Any:
    node = form.node.get("slots")
    if node is not None and not isinstance(node, Sequence | Mapping | Refused):
        form.wrong("slots", node, "a list or mapping that documents the slots")
    return None if node is None else value_of(node)
