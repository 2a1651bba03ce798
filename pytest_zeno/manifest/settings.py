"""The `config` of a manifest (ABI.md section 7)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from pytest_zeno.manifest.grants import parse_grant
from pytest_zeno.manifest.model import ConfigParameter
from pytest_zeno.manifest.nodes import Mapping, Node, Refused, Scalar, Sequence, value_of
from pytest_zeno.protocol.describe import nearest
from pytest_zeno.protocol.names import INPUT_TYPES
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_zeno.manifest.form import Form

MEMBERS: Final = ("type", "required", "env", "default", "description")

_INTEGER: Final = (re.compile(r"[+-]?[0-9]+", re.ASCII), "a whole number")
_NUMBER: Final = (
    re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII),
    "a number",
)
_BOOLEAN: Final = (re.compile("true|false"), "true or false")
_SPELLINGS: Final = {
    "int": _INTEGER,
    "integer": _INTEGER,
    "float": _NUMBER,
    "number": _NUMBER,
    "decimal": _NUMBER,
    "bool": _BOOLEAN,
    "boolean": _BOOLEAN,
}
_NESTED: Final[dict[type[Node], tuple[str, ...]]] = {
    Sequence: ("list", "array", "any"),
    Mapping: ("map", "object", "any"),
}


def read_config(form: Form, granted: Collection[str]) -> dict[str, ConfigParameter]:
    """Return the parameters by name; `granted` are the names that `permissions.env` lists."""
    return {
        key.text: _read_parameter(key, form.as_form(path, node), granted)
        for key, path, node in form.members()
    }


def _read_parameter(key: Scalar, form: Form, granted: Collection[str]) -> ConfigParameter:
    form.check_keys(MEMBERS)
    if not key.text:
        form.report.add(
            "config_name", "a `config` parameter has an empty name", key, field="config"
        )
    kind = _read_type(form)
    return ConfigParameter(
        name=key.text,
        type=kind,
        required=form.boolean("required"),
        env=_read_env(key, form, granted),
        default=_read_default(form, kind),
        description=form.text("description"),
    )


def _read_type(form: Form) -> str:
    kind, node = form.text("type"), form.node.get("type")
    if isinstance(node, Scalar) and kind not in INPUT_TYPES:
        form.report.add(
            "config_type",
            f"the type {quoted(kind, 60)} is none of {', '.join(sorted(INPUT_TYPES))}",
            node,
            field=form.within("type"),
            hint=nearest(kind, INPUT_TYPES),
        )
    return kind or "string"


def _read_env(key: Scalar, form: Form, granted: Collection[str]) -> str:
    env, node = form.text("env"), form.node.get("env")
    if node is None:
        form.report.add(
            "config_env_missing",
            f"`{form.path}` has no `env`: nothing brings its value to the plugin",
            key,
            field=form.path,
            hint="write the variable that host_env_get reads",
            warning=True,
        )
    elif isinstance(node, Scalar):
        _check_env(env, node, form, granted)
    return env


def _check_env(env: str, node: Scalar, form: Form, granted: Collection[str]) -> None:
    path = form.within("env")
    try:
        parse_grant("env", env)
    except ValueError as error:
        form.report.add("config_env", f"`{path}` is {quoted(env, 60)}: {error}", node, field=path)
        return
    if env not in granted:
        form.report.add(
            "config_env_ungranted",
            f"`{path}` reads {quoted(env, 60)}, which `permissions.env` does not list",
            node,
            field=path,
            hint=nearest(env, granted) or f"add {env} to permissions.env",
        )


def _read_default(form: Form, kind: str) -> str | None:
    node, path = form.node.get("default"), form.within("default")
    if node is None or isinstance(node, Refused):
        return None
    if isinstance(node, Scalar):
        pattern, expected = _SPELLINGS.get(kind, (None, ""))
        if pattern is not None and not pattern.fullmatch(node.text):
            form.wrong(path, node, expected)
        return form.as_text(path, node)
    if kind not in _NESTED[type(node)]:
        form.wrong(path, node, f"a text for the type {quoted(kind, 60)}")
        return None
    return json.dumps(value_of(node), ensure_ascii=False, separators=(",", ":"))
