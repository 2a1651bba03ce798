"""Compiling in a child: with limits of its own, and nothing left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import wasmtime

from pytest_zeno.errors import LimitError, LoadError
from pytest_zeno.limits import Limits
from pytest_zeno.runtime import cache, compiler
from pytest_zeno.runtime.engine import EngineOptions, running_engine
from tests.runtime.bombs import many_values
from tests.runtime.guests import guest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Compile = Callable[[bytes, Path, EngineOptions, Limits], None]

OPTIONS = EngineOptions(stack=256 * 1024)


@pytest.fixture
def compile_to(original_compiler: Compile) -> Compile:
    """The real compiler."""
    return original_compiler


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where the result is to appear."""
    return tmp_path / "module.cwasm"


@pytest.mark.parametrize("metered", [False, True])
def test_the_child_compiles_for_the_options(
    compile_to: Compile, target: Path, metered: bool
) -> None:
    """The parent's engine takes the result as its own."""
    options = EngineOptions(stack=OPTIONS.stack, metered=metered)
    compile_to(guest(), target, options, Limits())
    assert wasmtime.Module.deserialize_file(running_engine(options), str(target)).exports


def test_what_the_compiler_refuses_is_a_load_error(compile_to: Compile, target: Path) -> None:
    """With the compiler's reason."""
    with pytest.raises(LoadError, match="the compiler refuses the module") as caught:
        compile_to(b"\0asm\x01\0\0\0\x01", target, OPTIONS, Limits())
    assert caught.value.code == "load.compile"
    assert not target.exists()


def test_a_compile_bomb_ends_at_the_time_limit(compile_to: Compile, target: Path) -> None:
    """A child can be killed, the compiler cannot."""
    start = time.monotonic()
    with pytest.raises(LimitError) as caught:
        compile_to(many_values(3000), target, OPTIONS, Limits(compile_timeout=0.5))
    assert caught.value.code == "limit.compile_time"
    assert time.monotonic() - start < 1.5
    assert not target.exists()


@pytest.mark.skipif(
    sys.platform in ("win32", "darwin"), reason="the system bounds no address space"
)
def test_a_compile_bomb_ends_at_the_memory_limit(compile_to: Compile, target: Path) -> None:
    """abort() in the child is an error in the parent."""
    limits = Limits(compile_memory="300MiB", compile_timeout=20)
    with pytest.raises(LimitError) as caught:
        compile_to(many_values(3000), target, OPTIONS, limits)
    assert caught.value.code == "limit.compile_memory"
    assert "within 300 MiB" in caught.value.message


def test_a_full_disk_is_not_the_modules_fault(compile_to: Compile, tmp_path: Path) -> None:
    """The error tells it from a limit."""
    with pytest.raises(LoadError, match="No such file or directory") as caught:
        compile_to(guest(), tmp_path / "missing" / "module.cwasm", OPTIONS, Limits())
    assert caught.value.code == "load.compile"
    assert "no fault of the module" in caught.value.hint


def test_a_failed_compilation_leaves_nothing_in_the_cache(
    compile_to: Compile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No draft, and no half of a result; the next attempt starts afresh."""
    monkeypatch.setenv(cache.ENVIRONMENT_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(compiler, "compile_to", compile_to)
    with pytest.raises(LimitError):
        cache.compiled(many_values(3000), OPTIONS, Limits(compile_timeout=0.3))
    assert {path.suffix for path in (tmp_path / "cache").iterdir()} <= {".lock"}
    assert cache.compiled(guest(), OPTIONS, Limits())


@pytest.mark.skipif(shutil.which("ps") is None, reason="no ps to list the children")
def test_no_child_is_left(compile_to: Compile, target: Path) -> None:
    """Killed and waited for."""
    before = _children()
    with pytest.raises(LimitError):
        compile_to(many_values(3000), target, OPTIONS, Limits(compile_timeout=0.3))
    assert _children() == before


def _children() -> set[str]:
    listed = subprocess.run(  # noqa: S603 (nothing from outside)
        ["ps", "-o", "pid=,comm=", "--ppid", str(os.getpid())],  # noqa: S607 (any ps will do)
        capture_output=True,
        text=True,
        check=False,
    )
    return {line for line in listed.stdout.splitlines() if not line.endswith("ps")}


def test_the_environment_does_not_reach_into_the_child(
    compile_to: Compile, target: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """PYTHONPATH and the working directory change nothing: the child is isolated."""
    (tmp_path / "wasmtime.py").write_text("raise SystemExit('the wrong wasmtime')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    compile_to(guest(), target, OPTIONS, Limits())
    assert target.exists()
