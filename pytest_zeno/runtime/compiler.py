"""Compiling in a child process that can be killed.

33 KB of wasm can take 20 s and 1 GB to compile, cannot be interrupted, and ends in abort() when
memory runs out. So a module that is not in the cache is compiled by a short-lived child with its
own limits of time and memory; the parent only maps the result.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest_zeno
from pytest_zeno.errors import LoadError, ZenoError
from pytest_zeno.limits import MIB, exceeded
from pytest_zeno.runtime.engine import EngineOptions
from pytest_zeno.text import visible

if TYPE_CHECKING:
    from pytest_zeno.limits import Limits

_BOOT = (
    "import sys; sys.path[:0] = sys.argv[1:3];"
    "from pytest_zeno.runtime.compiler import child; child()"
)
_ADVICE: Final = "make functions smaller"
_REFUSED: Final = 3
"""The child's exit code when the compiler refuses the module; its reason is on stdout."""
_NO_MEMORY: Final = 4
_LAST_OWN: Final = 255
"""Exit codes above (Windows) or below 0 (elsewhere) are crashes, abort() among them."""
_THREADS: Final = 4
"""Each thread of the compiler reserves address space, which counts against the memory limit."""


def compile_to(wasm: bytes, target: Path, options: EngineOptions, limits: Limits) -> None:
    """Compile `wasm` in a child process and leave the result at `target`.

    Raises LimitError (``limit.compile_time``, ``limit.compile_memory``) or LoadError
    (``load.compile``). PERMISSIONS.md, Limits.
    """
    job = json.dumps({"target": str(target), "memory": limits.compile_memory} | options._asdict())
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-I", "-c", _BOOT, *_import_paths(), job],
            input=wasm,
            capture_output=True,
            timeout=limits.compile_timeout,
            env=os.environ | _child_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise exceeded(
            "compile_timeout",
            f"compiling took longer than {limits.compile_timeout:g} s",
            _ADVICE,
            allowed=limits.compile_timeout,
            code="limit.compile_time",
            phase="load",
        ) from None
    if done.returncode != 0:
        raise _failure(done.returncode, done.stdout, done.stderr, limits)


def _child_environment() -> dict[str, str]:
    threads = str(min(_THREADS, os.cpu_count() or 1))
    return {"RAYON_NUM_THREADS": threads, "MALLOC_ARENA_MAX": threads}


def _failure(code: int, stdout: bytes, stderr: bytes, limits: Limits) -> ZenoError:
    """Return what a child that did not compile is to be reported as."""
    if code == _REFUSED:
        return LoadError(
            f"the compiler refuses the module: {visible(stdout.decode('utf-8', 'replace'))}",
            code="load.compile",
            phase="load",
        )
    if code == _NO_MEMORY or not 0 <= code <= _LAST_OWN:
        size = limits.compile_memory
        text = f"the compiler died (exit code {code}) within {size // MIB} MiB of memory"
        return exceeded("compile_memory", text, _ADVICE, allowed=size, phase="load")
    lines = stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
    return LoadError(
        f"the compiling process failed (exit code {code}): {visible(lines[-1])}",
        code="load.compile",
        phase="load",
        hint="this is no fault of the module; look for a full disk or a broken installation",
    )


def _import_paths() -> tuple[str, str]:
    """Where the child finds this package and wasmtime: it starts isolated from the environment."""
    from wasmtime import __file__ as wasmtime_init

    return (
        str(Path(pytest_zeno.__file__).parent.parent),
        str(Path(wasmtime_init).parent.parent),
    )


def child() -> None:
    """Compile stdin as the job in the last argument says; runs in the child."""
    job = json.loads(sys.argv[3])
    target, memory = Path(job.pop("target")), job.pop("memory")
    try:
        _limit_memory(memory)
        _compile(target, EngineOptions(**job))
    except MemoryError:
        sys.exit(_NO_MEMORY)


def _compile(target: Path, options: EngineOptions) -> None:
    from wasmtime import Module, WasmtimeError

    from pytest_zeno.runtime.engine import running_engine

    try:
        module = Module(running_engine(options), sys.stdin.buffer.read())
    except WasmtimeError as error:
        sys.stdout.buffer.write(str(error).encode("utf-8", "replace"))
        sys.exit(_REFUSED)
    target.write_bytes(module.serialize())


def _limit_memory(size: int) -> None:
    """Bound the address space where the system can; elsewhere the time limit has to do."""
    if sys.platform != "win32" and sys.platform != "darwin":
        # On macOS RLIMIT_AS counts shared caches and is not enforced.
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))
