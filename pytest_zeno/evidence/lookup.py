"""From a path to the plugins under judgement that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.evidence.subject import Subject
from pytest_zeno.host.source import MANIFEST, find_plugins
from pytest_zeno.limits import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_zeno.profiles import Profile

_DEFAULTS: Final = Limits()

_DEEPEST: Final = 8
"""How many folders up the manifest of a module is looked for."""


def find_subjects(
    path: Path,
    profile: Profile = "contract",
    limits: Limits = _DEFAULTS,
    isolate: bool = False,
) -> list[Subject]:
    """Return the plugins that `path` means: one, or those of a plugin directory in name order.

    They are to be judged for the host of `profile`, within `limits`, and in processes of their own
    if `isolate`.

    Raises LoadError (``load.no_such_path``, ``load.no_manifest``) with one line.
    """
    how: dict[str, Any] = {"limits": limits, "profile": profile, "isolate": isolate}
    return [Subject(source.file, **how) for source in find_plugins(path)]


def find_subject_of(
    file: Path,
    profile: Profile = "contract",
    limits: Limits = _DEFAULTS,
    isolate: bool = False,
) -> Subject | None:
    """Return the plugin that a collected file stands for (`Subject.file`); None when it is none.

    A module that a manifest beside or above it names stands for that plugin, any other for itself.
    """
    how: dict[str, Any] = {"limits": limits, "profile": profile, "isolate": isolate}
    for folder in file.parents[:_DEEPEST]:
        if (folder / MANIFEST).is_file():
            subject = Subject(folder / MANIFEST, **how)
            if file in (subject.file, folder / MANIFEST):
                return subject
    if file.suffix == ".wasm" and file.is_file():
        return Subject(file, **how)
    return None
