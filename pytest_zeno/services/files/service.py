"""The files that plugins may be granted to read and write (PERMISSIONS.md, filesystem).

A guest's absolute path is looked up like a mount: in the real directory that is bound to the
longest beginning of it, else in the plugin's own directory, which stands for its ``/`` and no
other plugin's, and goes when the service is closed.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from pytest_zeno.limits import MIB
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.files.directory import LinkError, is_link, open_directory
from pytest_zeno.services.files.places import Places
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_zeno.permissions.filesystem import FileTarget, FileWrite
    from pytest_zeno.services.files.directory import Directory

MOST_BYTES: Final = 8 * MIB
"""How large one file may be that is read or written."""

MOST_KEPT: Final = 64 * MIB
"""How many bytes of files a plugin may have written that are still its own."""

_FULL: Final = frozenset((errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG))
_ABSENT: Final = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG))
_DENIED: Final = frozenset((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENXIO))


class FileService(Places):
    """The files behind `host_file_read` and `host_file_write`."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[Path, tuple[str, int]] = {}
        """Who wrote the files that are there, and how many bytes."""

    def read(self, plugin: str, request: FileTarget) -> str:
        """Return the content of a regular file.

        Raises Refused: ``not_found``, ``permission_denied`` for links and for what is no regular
        file, ``limit_exceeded`` above 8 MiB, ``encoding`` for what is not UTF-8.
        """
        with self._opened(plugin, request) as (directory, name):
            _regular(directory.look(name), name)
            descriptor = directory.read(name)
            with os.fdopen(descriptor, "rb") as file:
                _regular(os.fstat(file.fileno()), name)
                data = file.read(MOST_BYTES + 1)
        _check_size(len(data), name)
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            detail = f"{quoted(name)} is not UTF-8 at byte {error.start}"
            raise Refused("encoding", "filesystem.encoding", detail) from None

    def write(self, plugin: str, request: FileWrite) -> None:
        """Make or replace a regular file at one stroke, with mode 0600.

        Raises Refused: ``not_found`` where a parent is missing, ``permission_denied`` for links,
        hard-linked and write-protected files and what is no regular file, ``limit_exceeded``
        above 8 MiB or 64 MiB a plugin, ``encoding`` for half a surrogate pair.
        """
        try:
            data = request.content.encode()
        except UnicodeEncodeError:
            raise Refused("encoding", "filesystem.encoding", "half a surrogate pair") from None
        _check_size(len(data), request.path[-1])
        with self._lock, self._opened(plugin, request) as (directory, name):
            anchor, names = self._place(plugin, request.path)
            real = anchor.joinpath(*names)
            self._check_quota(plugin, real, len(data))
            _check_target(directory, name)
            _put(directory, name, data)
            self._kept[real] = (plugin, len(data))

    @contextmanager
    def _opened(
        self, plugin: str, request: FileTarget | FileWrite
    ) -> Iterator[tuple[Directory, str]]:
        """Give the directory a file is in, and its name there."""
        grant, path = request.grant, request.path
        if path[: len(grant)] != grant:
            raise _denied("filesystem.outside", f"{quoted('/'.join(path))} is not below the grant")
        with self._lock:
            anchor, names = self._place(plugin, path)
        if not names:
            raise _denied("filesystem.not_regular", "the path is a directory")
        try:
            directory = open_directory(anchor)
            # What the grant itself needs is the host's to make, what lies below it is not.
            made = len(names) - (len(path) - len(grant))
            try:
                for at, name in enumerate(names[:-1]):
                    if at < made:
                        directory.make(name)
                    above, directory = directory, directory.enter(name)
                    above.close()
                yield directory, names[-1]
            finally:
                directory.close()
        except OSError as error:
            raise _refusal(error, "/".join(names)) from None

    def _check_quota(self, plugin: str, real: Path, size: int) -> None:
        others = sum(
            kept for at, (owner, kept) in self._kept.items() if owner == plugin and at != real
        )
        if others + size > MOST_KEPT:
            detail = f"{plugin} would have {others + size} bytes of files, the limit is {MOST_KEPT}"
            raise Refused("limit_exceeded", "filesystem.quota", detail)


# -- what may be opened and how it is written ------------------------------------------------------


def _check_target(directory: Directory, name: str) -> None:
    """Refuse to write over what is there, unless it is a regular file of its own."""
    try:
        status = directory.look(name)
    except FileNotFoundError:
        return
    _regular(status, name)
    if status.st_nlink > 1:
        raise _denied("filesystem.hardlink", f"{quoted(name)} has {status.st_nlink} names")
    if not status.st_mode & stat.S_IWUSR:
        raise _denied("filesystem.mode", f"{quoted(name)} is write-protected")


def _regular(status: os.stat_result, name: str) -> None:
    if is_link(status):
        raise LinkError(f"{name} is a link")
    if not stat.S_ISREG(status.st_mode):
        raise _denied("filesystem.not_regular", f"{quoted(name)} is no regular file")


def _put(directory: Directory, name: str, data: bytes) -> None:
    """Write a new file beside the old one and let it take the name."""
    temporary = f".zeno-{os.urandom(8).hex()}"
    descriptor = directory.create(temporary)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        directory.replace(temporary, name)
    except BaseException:
        with suppress(OSError):
            directory.remove(temporary)
        raise


def _check_size(size: int, name: str) -> None:
    if size > MOST_BYTES:
        detail = f"{quoted(name)} has {size} bytes, the limit is {MOST_BYTES}"
        raise Refused("limit_exceeded", "filesystem.size", detail)


def _denied(rule: str, detail: str) -> Refused:
    return Refused("permission_denied", rule, detail, kind="filesystem")


def _refusal(error: OSError, path: str) -> Refused:
    """Say no for what the system said; its words stand in the ledger alone."""
    detail = f"{quoted(path)}: {error.strerror or error}"
    if isinstance(error, LinkError) or error.errno == errno.ELOOP:
        return _denied("filesystem.link", detail)
    if error.errno in _FULL:
        return Refused("limit_exceeded", "filesystem.space", detail)
    if error.errno in _DENIED or isinstance(error, PermissionError):
        return _denied("filesystem.mode", detail)
    if error.errno in _ABSENT or isinstance(error, FileNotFoundError | NotADirectoryError):
        return Refused("not_found", "filesystem.absent", detail)
    return Refused("internal", "filesystem.system", detail)
