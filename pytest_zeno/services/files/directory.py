"""Directories that are walked without following links (PERMISSIONS.md, filesystem).

    open_directory(path)     where a walk begins; `path` itself may lie behind a link
      HandleDirectory        POSIX: names are resolved from an open handle, so nobody can swap
                             a directory for a link between the check and the use
      PathDirectory          elsewhere: names are looked at before opening, and what was opened is
                             compared with what was looked at

Every method takes one name, never a path, and raises OSError as the system does; a link, junction
or other reparse point on the way is a `LinkError`.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from pathlib import Path

_REPARSE_POINT: Final = 0x400
_BINARY: Final = getattr(os, "O_BINARY", 0)
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
PRIVATE: Final = 0o600
_PRIVATE_DIRECTORY: Final = 0o700


class LinkError(OSError):
    """A symbolic link, junction or other reparse point stands where none may be followed."""


class Directory(Protocol):
    """A directory that is open."""

    def look(self, name: str) -> os.stat_result:
        """Return what `name` is, without following it."""

    def enter(self, name: str) -> Directory:
        """Return the directory `name` of this one."""

    def make(self, name: str) -> None:
        """Make the directory `name`; one that is there already is fine."""

    def read(self, name: str) -> int:
        """Return a descriptor that reads the file `name`; opening never blocks."""

    def create(self, name: str) -> int:
        """Return a descriptor that writes the new file `name`, which nobody else may open."""

    def replace(self, old: str, new: str) -> None:
        """Give the file `old` the name `new`; what had that name is gone."""

    def remove(self, name: str) -> None:
        """Remove the file `name`."""

    def close(self) -> None:
        """Let go of the directory."""


def is_link(status: os.stat_result) -> bool:
    """Return whether it is a symbolic link, a junction or another reparse point."""
    return bool(
        stat.S_ISLNK(status.st_mode) or getattr(status, "st_file_attributes", 0) & _REPARSE_POINT
    )


class PathDirectory:
    """A directory by its path, for systems that cannot resolve names from a handle.

    Args:
        path: where it is.
        way: each directory that was entered on the way here, and what it was then.
    """

    def __init__(self, path: Path, way: tuple[tuple[Path, os.stat_result], ...] = ()) -> None:
        self._path = path
        self._way = way

    def look(self, name: str) -> os.stat_result:
        """See `Directory.look`."""
        return (self._path / name).lstat()

    def enter(self, name: str) -> PathDirectory:
        """See `Directory.enter`."""
        status = self.look(name)
        _refuse_link(status, name)
        if not stat.S_ISDIR(status.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        path = self._path / name
        return PathDirectory(path, (*self._way, (path, status)))

    def make(self, name: str) -> None:
        """See `Directory.make`."""
        _make(str(self._path / name), None)

    def read(self, name: str) -> int:
        """See `Directory.read`."""
        before = self.look(name)
        _refuse_link(before, name)
        descriptor = os.open(self._path / name, os.O_RDONLY | _BINARY)
        if not os.path.samestat(before, os.fstat(descriptor)) or not self._unchanged():
            os.close(descriptor)
            raise LinkError(f"{name} was swapped while it was opened")
        return descriptor

    def create(self, name: str) -> int:
        """See `Directory.create`."""
        descriptor = os.open(self._path / name, _NEW, PRIVATE)
        if not self._unchanged():
            os.close(descriptor)
            self.remove(name)
            raise LinkError(f"the directory of {name} was swapped while it was opened")
        return descriptor

    def replace(self, old: str, new: str) -> None:
        """See `Directory.replace`."""
        (self._path / old).replace(self._path / new)

    def remove(self, name: str) -> None:
        """See `Directory.remove`."""
        (self._path / name).unlink()

    def close(self) -> None:
        """See `Directory.close`; nothing is held."""

    def _unchanged(self) -> bool:
        """Return whether each directory on the way is still the one that was entered."""
        return all(os.path.samestat(entered, path.lstat()) for path, entered in self._way)


if sys.platform != "win32":
    _NO_LINK: Final = os.O_NOFOLLOW | os.O_CLOEXEC
    _ENTER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

    class HandleDirectory:
        """A directory by an open handle."""

        def __init__(self, descriptor: int) -> None:
            self._descriptor = descriptor

        def look(self, name: str) -> os.stat_result:
            """See `Directory.look`."""
            return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)

        def enter(self, name: str) -> HandleDirectory:
            """See `Directory.enter`."""
            # The system says "not a directory" for a link: look, to say which it is.
            _refuse_link(self.look(name), name)
            return HandleDirectory(os.open(name, _ENTER | os.O_NOFOLLOW, dir_fd=self._descriptor))

        def make(self, name: str) -> None:
            """See `Directory.make`."""
            _make(name, self._descriptor)

        def read(self, name: str) -> int:
            """See `Directory.read`."""
            _refuse_link(self.look(name), name)
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | _NO_LINK
            return os.open(name, flags, dir_fd=self._descriptor)

        def create(self, name: str) -> int:
            """See `Directory.create`."""
            return os.open(name, _NEW | _NO_LINK, PRIVATE, dir_fd=self._descriptor)

        def replace(self, old: str, new: str) -> None:
            """See `Directory.replace`."""
            here = self._descriptor
            os.replace(old, new, src_dir_fd=here, dst_dir_fd=here)

        def remove(self, name: str) -> None:
            """See `Directory.remove`."""
            os.unlink(name, dir_fd=self._descriptor)

        def close(self) -> None:
            """See `Directory.close`."""
            descriptor, self._descriptor = self._descriptor, -1
            if descriptor >= 0:
                os.close(descriptor)


def open_directory(path: Path) -> Directory:
    """Return the directory at `path`, which the host chose and which may be a link."""
    if sys.platform == "win32":
        return PathDirectory(path.resolve(strict=True))
    else:  # noqa: RET505 (mypy knows only this form for a platform)
        return HandleDirectory(os.open(path, _ENTER))


def _refuse_link(status: os.stat_result, name: str) -> None:
    if is_link(status):
        raise LinkError(f"{name} is a link")


def _make(name: str, directory: int | None) -> None:
    try:
        os.mkdir(name, _PRIVATE_DIRECTORY, dir_fd=directory)
    except FileExistsError:
        return
