"""Where a plugin's files are: each plugin's own directory, and what a test binds or gives."""

from __future__ import annotations

import errno
import re
import weakref
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import ClosedError
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from pytest_zeno.permissions.filesystem import Segments

_UNSAFE: Final = re.compile("[^A-Za-z0-9_-]")


class Places:
    """The real files behind guests' paths, as tests see them."""

    def __init__(self) -> None:
        self._root: Path | None = None
        self._own: dict[str, Path | None] = {}
        self._given: dict[Segments, bytes] = {}
        self._bound: dict[Segments, Path] = {}
        self._lock = RLock()
        self._remove: Callable[[], object] | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self._closed else self._root or 'empty'}>"

    @property
    def root(self) -> Path:
        """The temporary directory that the plugins' own directories are in. Raises ClosedError."""
        with self._lock:
            self._check_open()
            if self._root is None:
                self._root = self._temporary()
            return self._root

    def bind(self, guest: str, real: str | os.PathLike[str]) -> None:
        """Let the guest's path `guest` stand for the directory or file `real`, which exists.

        Raises ValueError for a path that no guest may name, FileNotFoundError for `real`.
        """
        path = Path(real).absolute()
        if not path.exists():
            raise FileNotFoundError(
                errno.ENOENT, f"{guest} cannot be bound; make this directory first", str(path)
            )
        with self._lock:
            self._bound[_segments(guest)] = path

    def put(self, guest: str, content: str | bytes, *, plugin: str | None = None) -> None:
        """Write a file for a guest to find, parents included: for one plugin, or for each.

        Plugins that are loaded later find it, too, unless it is for one.
        """
        path, data = _segments(guest), content if isinstance(content, bytes) else content.encode()
        with self._lock:
            self._check_open()
            if plugin is None:
                self._given[path] = data
            for name in self._own if plugin is None else (plugin,):
                self._give(name, path, data)

    def path(self, guest: str, *, plugin: str | None = None) -> Path:
        """Return the real path behind a guest's path, whether something is there or not.

        `plugin` may be left out while the host has one. Raises ValueError, ClosedError.
        """
        with self._lock:
            anchor, rest = self._place(self._named(plugin), _segments(guest))
        return anchor.joinpath(*rest)

    def text(self, guest: str, *, plugin: str | None = None) -> str:
        """Return what is in a file, as UTF-8 with its own line ends. Raises OSError."""
        return self.path(guest, plugin=plugin).read_bytes().decode()

    def admit(self, plugin: str) -> None:
        """Take note of a plugin; its directory is made when it is needed."""
        with self._lock:
            self._own.setdefault(plugin, None)

    def close(self) -> None:
        """Remove the temporary directory; files in directories of others stay."""
        with self._lock:
            self._closed = True
            if self._remove is not None:
                self._remove()

    # -- from a guest's path to a real one ---------------------------------------------------------

    def _place(self, plugin: str, path: Segments) -> tuple[Path, Segments]:
        """Return the real directory a walk begins at, and the names it takes from there."""
        self._check_open()
        for size in range(len(path), -1, -1):
            real = self._bound.get(path[:size])
            if real is not None:
                if size == len(path) and not real.is_dir():
                    return real.parent, (real.name,)
                return real, path[size:]
        return self._directory(plugin), path

    def _directory(self, plugin: str) -> Path:
        """Return a plugin's own directory, made at first use with what was given to each."""
        own = self._own.get(plugin)
        if own is None:
            # The number keeps names apart that are one name, or none, on some systems.
            number, name = len(list(self.root.iterdir())) + 1, _UNSAFE.sub("_", plugin)[:40]
            own = self._own[plugin] = self.root / f"{number}-{name}"
            own.mkdir()
            for path, data in self._given.items():
                self._give(plugin, path, data)
        return own

    def _give(self, plugin: str, path: Segments, data: bytes) -> None:
        anchor, rest = self._place(plugin, path)
        real = anchor.joinpath(*rest)
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_bytes(data)

    def _named(self, plugin: str | None) -> str:
        """Return the plugin that a test means."""
        if plugin is not None:
            return plugin
        if len(self._own) != 1:
            known = ", ".join(map(quoted, self._own)) or "none is loaded"
            raise ValueError(f"whose file? name it by plugin=... ({known})")
        return next(iter(self._own))

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("the files are closed", code="closed.files", hint="make a new host")

    def _temporary(self) -> Path:
        import shutil
        import tempfile

        path = Path(tempfile.mkdtemp(prefix="zeno-files-"))
        self._remove = weakref.finalize(self, shutil.rmtree, path, ignore_errors=True)
        return path


def _segments(guest: str) -> Segments:
    """Return the segments of a guest's path given by a test; ValueError says what is wrong."""
    head, *segments = guest.removesuffix("/").split("/")
    if head or not segments or not {"", ".", ".."}.isdisjoint(segments):
        raise ValueError(
            f"a guest's path is absolute and plain, such as '/srv/data/a.txt', not {guest!r}"
        )
    return tuple(segments)
