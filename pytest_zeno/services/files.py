"""The files that plugins may be granted to read and write (PERMISSIONS.md, filesystem).

A guest's absolute path is looked up like a mount: in the real directory that is bound to the
longest beginning of it, else under the service's own root, by default a private temporary
directory that goes when the service is closed.
"""

from __future__ import annotations

import errno
import os
import stat
import weakref
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import ClosedError
from pytest_zeno.limits import MIB
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.directory import LinkError, is_link, open_directory
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_zeno.permissions.filesystem import FileTarget, FileWrite, Segments
    from pytest_zeno.services.directory import Directory

MOST_BYTES: Final = 8 * MIB
"""How large one file may be that is read or written."""

MOST_KEPT: Final = 64 * MIB
"""How many bytes of files a plugin may have written that are still its own."""

_FULL: Final = frozenset((errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG))
_ABSENT: Final = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG))
_DENIED: Final = frozenset((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENXIO))


class FileService:
    """The files behind `host_file_read` and `host_file_write`.

    Args:
        root: the directory that stands for the guest's ``/``; by default a temporary one that
            is made at the first use and removed by `close`.
    """

    def __init__(self, root: str | os.PathLike[str] | None = None) -> None:
        self._root = None if root is None else Path(root)
        self._bound: dict[Segments, Path] = {}
        self._owned: dict[Segments, tuple[str, int]] = {}
        self._lock = RLock()
        self._remove: Callable[[], object] | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"<FileService {'closed' if self._closed else self._root or 'temporary'}>"

    # -- for tests ----------------------------------------------------------------------------

    @property
    def root(self) -> Path:
        """The real directory that stands for the guest's ``/``. Raises ClosedError."""
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

    def path(self, guest: str) -> Path:
        """Return the real path behind a guest's path, whether something is there or not."""
        anchor, rest = self._place(_segments(guest))
        return anchor.joinpath(*rest)

    def put(self, guest: str, content: str | bytes) -> Path:
        """Write a file for a guest to find, parents included, and return where it is."""
        real = self.path(guest)
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_bytes(content if isinstance(content, bytes) else content.encode())
        return real

    def text(self, guest: str) -> str:
        """Return what is in a file, as UTF-8 with its own line ends. Raises OSError."""
        return self.path(guest).read_bytes().decode()

    # -- for the gate -------------------------------------------------------------------------

    def read(self, plugin: str, request: FileTarget) -> str:
        """Return the content of a regular file.

        Raises Refused: ``not_found``, ``permission_denied`` for links and for what is no regular
        file, ``limit_exceeded`` above 8 MiB, ``encoding`` for what is not UTF-8.
        """
        with self._opened(request) as (directory, name):
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
        with self._lock, self._opened(request) as (directory, name):
            self._check_quota(plugin, request.path, len(data))
            _check_target(directory, name)
            _put(directory, name, data)
            self._owned[request.path] = (plugin, len(data))

    def close(self) -> None:
        """Remove the temporary directory; files in directories of others stay."""
        with self._lock:
            self._closed = True
            self._owned.clear()
            if self._remove is not None:
                self._remove()

    # -- from a guest's path to an open directory -----------------------------------------------

    def _place(self, path: Segments) -> tuple[Path, Segments]:
        """Return the real directory a walk begins at, and the names it takes from there."""
        self._check_open()
        for size in range(len(path), -1, -1):
            real = self._bound.get(path[:size])
            if real is not None:
                if size == len(path) and not real.is_dir():
                    return real.parent, (real.name,)
                return real, path[size:]
        return self.root, path

    @contextmanager
    def _opened(self, request: FileTarget | FileWrite) -> Iterator[tuple[Directory, str]]:
        """Give the directory a file is in, and its name there."""
        grant, path = request.grant, request.path
        if path[: len(grant)] != grant:
            raise _denied("filesystem.outside", f"{quoted('/'.join(path))} is not below the grant")
        with self._lock:
            anchor, names = self._place(path)
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

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("the files are closed", code="closed.files", hint="make a new host")

    def _check_quota(self, plugin: str, path: Segments, size: int) -> None:
        others = sum(
            kept for at, (owner, kept) in self._owned.items() if owner == plugin and at != path
        )
        if others + size > MOST_KEPT:
            detail = f"{plugin} would have {others + size} bytes of files, the limit is {MOST_KEPT}"
            raise Refused("limit_exceeded", "filesystem.quota", detail)

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
