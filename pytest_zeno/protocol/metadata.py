"""What `plugin_init` answers (ABI.md section 4, Metadata)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import semver

from pytest_zeno.errors import Problem
from pytest_zeno.protocol.describe import missing, wrong
from pytest_zeno.text import quoted, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPTIONAL_TEXTS: Final = ("author", "description", "license", "homepage")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What `plugin_init` answers."""

    name: str
    version: str
    author: str = ""
    description: str = ""
    license: str = ""
    homepage: str = ""
    config: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Metadata {self.name} {self.version}>"


def check_metadata(value: Any) -> list[Problem]:
    """Return what is wrong with metadata; what the manifest says is compared elsewhere."""
    if not isinstance(value, dict):
        return [wrong("metadata.type", "", "the metadata", "an object", value)]
    problems = []
    for name in ("name", "version"):
        if name not in value:
            problems.append(missing(f"metadata.{name}_missing", name, value))
        elif not isinstance(value[name], str) or not value[name]:
            problems.append(
                wrong(f"metadata.{name}_type", name, f"`{name}`", "a non-empty string", value[name])
            )
    version = value.get("version")
    if isinstance(version, str) and version and not semver.Version.is_valid(version):
        problems.append(
            Problem(
                "metadata.version_semver",
                f"`version` is {quoted(version)}, which is no SemVer 2.0 version",
                field="version",
                hint="write three numbers, such as 1.0.0",
            )
        )
    problems += [
        wrong("metadata.text_type", name, f"`{name}`", "a string", value[name])
        for name in _OPTIONAL_TEXTS
        if not isinstance(value.get(name), str | None)
    ]
    return problems + _check_config(value.get("config"))


def _check_config(config: Any) -> list[Problem]:
    if config is None:
        return []
    if not isinstance(config, dict):
        return [wrong("metadata.config_type", "config", "`config`", "an object", config)]
    return [
        wrong("metadata.config_type", f"config.{name}", f"`config.{visible(name)}`", "a string", v)
        for name, v in config.items()
        if not isinstance(v, str)
    ]


def read_metadata(value: dict[str, Any]) -> Metadata:
    """Return the metadata that `check_metadata` has nothing against."""
    texts = {name: value.get(name) or "" for name in _OPTIONAL_TEXTS}
    return Metadata(value["name"], value["version"], **texts, config=value.get("config") or {})
