"""The compile cache: one file a module, mapped into memory when it is used.

wasmtime does not notice damaged code, so the folder belongs to this user alone, a file's digest
is checked once in a process, and a file appears only whole (written elsewhere, then renamed).
"""

from __future__ import annotations

import functools
import hashlib
import os
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import LimitError, LoadError
from pytest_zeno.runtime import compiler
from pytest_zeno.runtime.engine import EngineOptions, running_engine, strictness

if TYPE_CHECKING:
    from wasmtime import Module

    from pytest_zeno.limits import Limits

ENVIRONMENT_VARIABLE: Final = "ZENO_CACHE_DIR"
_PLACES: Final = ("XDG_CACHE_HOME", "HOME", "LOCALAPPDATA", "USERPROFILE")
_DIGEST_BYTES: Final = 32

_checked: set[Path] = set()
"""Files whose digest this process has verified."""


def compiled(
    wasm: bytes, options: EngineOptions, limits: Limits, *, sha256: str | None = None
) -> Module:
    """Return `wasm` compiled for `options`, from the cache or through a compiling child.

    `sha256` is the digest of `wasm`, where it is known: a large one takes milliseconds.

    Raises LimitError or LoadError as `compiler.compile_to` does.
    """
    sha256 = sha256 or hashlib.sha256(wasm).hexdigest()
    key = hashlib.sha256(f"{options.fingerprint()}\0{sha256}".encode()).hexdigest()
    path = cache_directory() / f"{key}.cwasm"
    module = _open(path, options)
    if module is None:
        module = _build(wasm, path, options, limits)
    return module


def is_known_valid(sha256: str) -> bool:
    """Whether the module of this digest was found valid before, and then compiled."""
    return _validity(sha256).exists()


def note_valid(sha256: str) -> None:
    """Keep in mind that a module is valid: to look again takes longer than all else of a load."""
    with suppress(OSError):  # next time it is looked at again
        _validity(sha256).touch()


def _validity(sha256: str) -> Path:
    key = hashlib.sha256(f"{strictness()}\0{sha256}".encode()).hexdigest()
    return cache_directory() / f"{key}.valid"


def cache_directory() -> Path:
    """Return the folder of the cache, made if need be.

    ``ZENO_CACHE_DIR`` names it; the default is the user's cache folder. A folder that others
    may write to is not used: a private temporary one takes its place for this process.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    folder = Path(named) if named else _users_directory(*map(os.environ.get, _PLACES))
    return folder if _private(folder) else _temporary_directory()


@functools.cache
def _users_directory(*_places: str | None) -> Path:
    """Return the user's cache folder, which depends on these variables' values."""
    from platformdirs import user_cache_path

    return user_cache_path("pytest-zeno", appauthor=False)


def _private(folder: Path) -> bool:
    """Whether the folder exists now, and this user and nobody else can write to it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            return False
    except OSError:
        return False
    alone = True
    if sys.platform != "win32":  # folders in a user's profile are private there
        shared = stat.S_IWGRP | stat.S_IWOTH
        alone = status.st_uid == os.getuid() and not status.st_mode & shared
    return alone


_temporary: list[tempfile.TemporaryDirectory[str]] = []


def _temporary_directory() -> Path:
    if not _temporary:
        _temporary.append(tempfile.TemporaryDirectory(prefix="pytest-zeno-"))
    return Path(_temporary[0].name)


def _open(path: Path, options: EngineOptions) -> Module | None:
    """Return the module behind a cache file, None when there is none that can be trusted."""
    if path not in _checked:
        if not _intact(path):
            return None
        _checked.add(path)
    from wasmtime import Module, WasmtimeError

    try:
        return Module.deserialize_file(running_engine(options), str(path))
    except WasmtimeError:  # another processor, or gone since it was checked
        _checked.discard(path)
        return None


def _intact(path: Path) -> bool:
    try:
        expected = path.with_suffix(".sha256").read_bytes()
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest() == expected
    except OSError:
        return False


def _build(wasm: bytes, path: Path, options: EngineOptions, limits: Limits) -> Module:
    """Compile once however many processes ask: the first compiles, the others wait for it."""
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_suffix(".lock"), timeout=limits.compile_timeout * 2)
    try:
        with lock:
            module = _open(path, options)
            if module is None:
                _compile(wasm, path, options, limits)
                module = _open(path, options)
    except Timeout:
        raise LimitError(
            "another process has been compiling this module for too long",
            code="limit.compile_time",
            phase="load",
            hint=f"remove {path.with_suffix('.lock')} if no such process runs",
        ) from None
    if module is None:
        raise LoadError(
            "the compiled module could not be opened again",
            code="load.cache",
            phase="load",
            hint=f"check the folder {path.parent}, or set {ENVIRONMENT_VARIABLE} to another one",
        )
    return module


def _compile(wasm: bytes, path: Path, options: EngineOptions, limits: Limits) -> None:
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        compiler.compile_to(wasm, draft, options, limits)
        with draft.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        path.with_suffix(".sha256").write_bytes(digest)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
