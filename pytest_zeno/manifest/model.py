"""What a manifest says, typed (ABI.md section 7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_zeno.errors import Problem
    from pytest_zeno.manifest.grants import Grants
    from pytest_zeno.manifest.versions import Range

KEYS: Final = (
    "name",
    "version",
    "binary",
    "author",
    "description",
    "license",
    "homepage",
    "requires",
    "permissions",
    "config",
    "slots",
)
"""The top-level keys that mean something."""


@dataclass(frozen=True, slots=True)
class ConfigParameter:
    """One setting that the operator gives and the plugin reads with `host_env_get`.

    ``default`` is the text that the plugin gets when ``env`` is unset, None when there is none.
    """

    name: str
    type: str = "string"
    required: bool = False
    env: str = ""
    default: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest without errors; what it leaves out is empty.

    ``slots`` is the author's documentation, as JSON would have it. ``marks`` gives the line and
    column of each field by its dotted path (``permissions.env[0]``).
    """

    name: str
    version: str
    binary: str
    permissions: Grants
    author: str = ""
    description: str = ""
    license: str = ""
    homepage: str = ""
    requires: Mapping[str, Range] = field(default_factory=dict)
    config: Mapping[str, ConfigParameter] = field(default_factory=dict)
    slots: Any = None
    warnings: tuple[Problem, ...] = ()
    file: str = "manifest.yaml"
    marks: Mapping[str, tuple[int, int]] = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        return f"<Manifest {self.name} {self.version}>"


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading: problems in file order, and a manifest unless one is an error."""

    manifest: Manifest | None
    problems: tuple[Problem, ...] = ()
