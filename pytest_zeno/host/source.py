"""From the path a user gave to the plugins it means (ABI.md section 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import LoadError
from pytest_zeno.protocol.describe import nearest

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST: Final = "manifest.yaml"
_MODULE: Final = ".wasm"
_OTHER_NAME: Final = "manifest.yml"
_WHAT: Final = f"give a plugin folder, its {MANIFEST}, a {_MODULE} file or a folder of plugins"


@dataclass(frozen=True, slots=True)
class Source:
    """One plugin on disk: a folder with a manifest, or a bare module.

    ``file`` is the manifest, or the module of a bare one.
    """

    file: Path

    @property
    def bare(self) -> bool:
        """Whether there is no manifest, and so no permission."""
        return self.file.name != MANIFEST

    @property
    def folder(self) -> Path:
        """The plugin's folder."""
        return self.file.parent


def find_plugins(path: Path) -> tuple[Source, ...]:
    """Return the plugins that `path` means: one, or those of a plugin directory in name order.

    Raises LoadError (``load.no_such_path``, ``load.no_manifest``) with one line.
    """
    if not path.is_dir():
        return (find_plugin(path),)
    if (path / MANIFEST).is_file():
        return (Source(path / MANIFEST),)
    found = tuple(Source(folder / MANIFEST) for folder in folders(path))
    if not found:
        raise _no_manifest(path)
    return found


def find_plugin(path: Path) -> Source:
    """Return the one plugin that `path` (a folder, its manifest, or a bare module) means.

    Raises LoadError as `find_plugins` does.
    """
    if path.is_dir():
        if not (path / MANIFEST).is_file():
            raise _no_manifest(path)
        return Source(path / MANIFEST)
    if not path.exists():
        raise LoadError(
            f"{path}: no such file or folder",
            code="load.no_such_path",
            phase="load",
            hint=_near(path) or _WHAT,
        )
    if path.name != MANIFEST and path.suffix != _MODULE:
        raise LoadError(
            f"{path}: neither a {MANIFEST} nor a {_MODULE} file",
            code="load.no_manifest",
            phase="load",
            hint=_WHAT,
        )
    return Source(path)


def folders(path: Path) -> tuple[Path, ...]:
    """Return the plugin folders of a plugin directory in name order; others are passed over.

    Raises LoadError (``load.unreadable``).
    """
    try:
        return tuple(folder for folder in sorted(path.iterdir()) if (folder / MANIFEST).is_file())
    except OSError as error:
        raise LoadError(
            f"{path}: the folder cannot be read: {error.strerror}",
            code="load.unreadable",
            phase="load",
            hint="give yourself the right to read it",
        ) from None


def _no_manifest(path: Path) -> LoadError:
    within = folders(path)
    where = "in this folder" if within else "in this folder nor in any folder of it"
    if within:
        hint = f"it is a folder of plugins: name one, such as {within[0].name}, or load them all"
    elif (path / _OTHER_NAME).is_file():
        hint = f"rename {_OTHER_NAME} to {MANIFEST}"
    else:
        hint = f"a plugin is a folder with {MANIFEST} and the module that its `binary` names"
    return LoadError(
        f"{path}: no {MANIFEST} {where}", code="load.no_manifest", phase="load", hint=hint
    )


def _near(path: Path) -> str:
    """Return the hint at a path that is there under a name like this one."""
    try:
        return nearest(path.name, [other.name for other in path.parent.iterdir()])
    except OSError:
        return ""
