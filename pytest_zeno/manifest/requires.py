"""Whether what a plugin `requires` is there (ABI.md section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semver import Version

from pytest_zeno.errors import Problem
from pytest_zeno.protocol.describe import nearest
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_zeno.manifest.model import Manifest
    from pytest_zeno.manifest.versions import Range


def check_requires(manifest: Manifest, present: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return a problem for each requirement that `present` does not meet.

    `present` gives the version of each plugin by its name, and the engine's under ``zeno``.
    """
    found = (_check(manifest, name, wanted, present) for name, wanted in manifest.requires.items())
    return tuple(problem for problem in found if problem is not None)


def _check(
    manifest: Manifest, name: str, wanted: Range, present: Mapping[str, str]
) -> Problem | None:
    what = "the engine" if name == "zeno" else f"the plugin '{name}'"
    if name not in present:
        hint = nearest(name, present) or f"load {what} first"
        return _problem(manifest, name, "missing", f"{what} is not there", hint)
    version = present[name]
    try:
        met = Version.parse(version) in wanted
    except ValueError:
        met = False
    if met:
        return None
    message = f"{what} is {quoted(version, 60)}, required is {quoted(wanted.text, 60)}"
    return _problem(manifest, name, "unmet", message, "load a version within the range")


def _problem(manifest: Manifest, name: str, code: str, message: str, hint: str) -> Problem:
    field = f"requires.{name}"
    line, column = manifest.marks.get(field, (0, 0))
    return Problem(f"manifest.requires_{code}", message, manifest.file, line, column, field, hint)
