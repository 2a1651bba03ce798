"""A manifest on disk, with the module that it names (ABI.md sections 1 and 7)."""

from __future__ import annotations

import stat
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_zeno.errors import ManifestError, Problem
from pytest_zeno.manifest.reader import read_manifest
from pytest_zeno.manifest.source import MOST_BYTES
from pytest_zeno.protocol.describe import nearest
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_zeno.manifest.model import Manifest


def load_manifest(path: Path) -> Manifest:
    """Return the manifest at `path`, its `binary` checked to be a file in the folder.

    Raises ManifestError with every problem, warnings included, when one is an error.
    """
    manifest = _manifest(_read(path), str(path))
    problem = _binary_problem(path, manifest)
    if problem is not None:
        problems = sorted(
            (problem, *manifest.warnings), key=lambda found: (found.line, found.column)
        )
        raise ManifestError(tuple(problems), plugin=manifest.name)
    # Its own, for whoever gets it.
    return replace(
        manifest,
        requires=dict(manifest.requires),
        config=dict(manifest.config),
        slots=deepcopy(manifest.slots),
        marks=dict(manifest.marks),
    )


@lru_cache(64)
def _manifest(data: bytes, file: str) -> Manifest:
    """Read a manifest once: tests load the same plugin over and over. Raises ManifestError."""
    reading = read_manifest(data, file)
    if reading.manifest is None:
        raise ManifestError(reading.problems)
    return reading.manifest


def _read(path: Path) -> bytes:
    """Return the file's bytes, one more than is allowed at most; a pipe is never opened."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            kind = "a directory" if path.is_dir() else "no regular file"
            raise _file_error(path, "not_a_file", f"the manifest is {kind}")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise _file_error(path, "not_found", "there is no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _file_error(path, "unreadable", f"the file cannot be read: {reason}") from None


def _file_error(path: Path, code: str, message: str) -> ManifestError:
    return ManifestError((Problem(f"manifest.{code}", message, str(path)),))


def _binary_problem(path: Path, manifest: Manifest) -> Problem | None:
    """Return what is wrong with the file that `binary` names, links followed to their end."""
    folder = path.parent
    try:
        module = (folder / manifest.binary).resolve(strict=True)
        inside = module.is_relative_to(folder.resolve(strict=True))
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
        return _problem(manifest, "binary_missing", "is not there", _near_binary(path, manifest))
    if not inside:
        return _problem(manifest, "binary_outside", "is a link that leaves the plugin's folder")
    return None if module.is_file() else _problem(manifest, "binary_missing", "is no file")


def _problem(manifest: Manifest, code: str, what: str, hint: str = "") -> Problem:
    line, column = manifest.marks["binary"]
    message = f"`binary` names {quoted(manifest.binary, 60)}, which {what}"
    return Problem(f"manifest.{code}", message, manifest.file, line, column, "binary", hint)


def _near_binary(path: Path, manifest: Manifest) -> str:
    try:
        present = [file.name for file in path.parent.iterdir() if file.suffix == ".wasm"]
    except OSError:
        return ""
    near = nearest(manifest.binary, present)
    return near or "build the plugin first, or correct the name"
