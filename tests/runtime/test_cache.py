"""The compile cache: what is in it is used, and nothing else is."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_zeno.limits import Limits
from pytest_zeno.runtime import cache, compiler, module
from pytest_zeno.runtime.engine import EngineOptions
from pytest_zeno.runtime.fast import FastInstance
from pytest_zeno.runtime.module import GuestModule
from tests.runtime.conftest import compile_here
from tests.runtime.guests import RESPONSE, Calls, guest

if TYPE_CHECKING:
    import wasmtime

OPTIONS = EngineOptions(stack=256 * 1024)
LIMITS = Limits()
pytestmark = pytest.mark.usefixtures("folder", "counted")


class Compiler:
    """Counts what it compiles."""

    def __init__(self) -> None:
        self.jobs: list[EngineOptions] = []

    def __call__(self, wasm: bytes, target: Path, options: EngineOptions, limits: Limits) -> None:
        """Compile in this process."""
        self.jobs.append(options)
        compile_here(wasm, target, options, limits)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv(cache.ENVIRONMENT_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_checked", set())
    return tmp_path / "cache"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Compiler:
    """The compiler, counted."""
    compile_ = Compiler()
    monkeypatch.setattr(compiler, "compile_to", compile_)
    return compile_


def _get(binary: bytes = guest(), options: EngineOptions = OPTIONS) -> wasmtime.Module:
    return cache.compiled(binary, options, LIMITS)


def _works() -> bool:
    instance = FastInstance(GuestModule(guest(), LIMITS), Calls(), LIMITS)
    answer = instance.execute(b"test.run", b"{}")
    instance.close()
    return answer == RESPONSE


def test_a_module_is_compiled_once(counted: Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time, and in the next process, the file is mapped."""
    _get()
    _get()
    monkeypatch.setattr(cache, "_checked", set())  # as in another process
    _get()
    assert counted.jobs == [OPTIONS]


def test_other_bytes_and_other_options_are_compiled_apart(counted: Compiler) -> None:
    """Whatever makes two results incompatible is part of the key."""
    metered = EngineOptions(stack=OPTIONS.stack, metered=True)
    deeper = EngineOptions(stack=OPTIONS.stack * 2)
    for options in (OPTIONS, metered, deeper, OPTIONS):
        _get(options=options)
    _get(guest(run="(i32.const 1024)"))
    assert counted.jobs == [OPTIONS, metered, deeper, OPTIONS]


def _files(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.glob(f"*{suffix}"))


@pytest.mark.parametrize("damage", ["a bit", "its end", "its digest", "no digest"])
def test_a_damaged_file_is_not_used(
    folder: Path, counted: Compiler, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    """The engine would run it: it is compiled again and replaced."""
    _get()
    (code,), (digest,) = _files(folder, ".cwasm"), _files(folder, ".sha256")
    good = code.read_bytes()
    if damage == "a bit":
        code.write_bytes(good[:-100] + bytes([good[-100] ^ 1]) + good[-99:])
    elif damage == "its end":
        code.write_bytes(good[:-1])
    elif damage == "its digest":
        digest.write_bytes(b"x" * 32)
    else:
        digest.unlink()
    monkeypatch.setattr(cache, "_checked", set())
    _get()
    assert len(counted.jobs) == 2
    assert code.read_bytes() == good


def test_a_file_that_is_no_module_is_not_used(
    folder: Path, counted: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when its digest is right: wasmtime refuses what another version has compiled."""
    import hashlib

    _get()
    (code,), (digest,) = _files(folder, ".cwasm"), _files(folder, ".sha256")
    code.write_bytes(b"something else")
    digest.write_bytes(hashlib.sha256(b"something else").digest())
    monkeypatch.setattr(cache, "_checked", set())
    _get()
    assert len(counted.jobs) == 2


def test_a_module_is_validated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was compiled was valid; looking again takes longer than all else of a load."""
    looked = []
    monkeypatch.setattr(module, "_check_valid", looked.append)
    for _ in range(2):
        GuestModule(guest(), LIMITS).compiled()
    assert looked == [guest()]


def test_what_is_not_compiled_is_validated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is what another list of proposals was held against."""
    looked = []
    monkeypatch.setattr(module, "_check_valid", looked.append)
    GuestModule(guest(), LIMITS)
    GuestModule(guest(), LIMITS).compiled()
    monkeypatch.setattr(cache, "strictness", lambda: "another engine")
    GuestModule(guest(), LIMITS)
    assert len(looked) == 3


def test_nothing_but_the_result_stays(folder: Path) -> None:
    """Drafts are gone."""
    _get()
    assert {path.suffix for path in folder.iterdir()} <= {".cwasm", ".sha256", ".lock"}


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no mode on Windows")
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_may_write_to_is_not_used(folder: Path, mode: int) -> None:
    """Who can write there could have us run any machine code."""
    folder.mkdir()
    folder.chmod(mode)
    _get()
    assert list(folder.iterdir()) == []
    assert cache.cache_directory() != folder


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no mode on Windows")
def test_the_folder_is_made_for_this_user_alone(folder: Path) -> None:
    """Nobody else reads or writes there."""
    _get()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_no_obstacle(folder: Path) -> None:
    """A private temporary folder takes its place."""
    folder.write_text("a file where the folder should be")
    assert _works()


def test_a_folder_that_cannot_be_written_to_is_no_obstacle(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only home, say."""
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != folder)
    assert _works()
    assert list(folder.iterdir()) == []


def test_without_the_variable_the_users_cache_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where platformdirs says."""
    monkeypatch.delenv(cache.ENVIRONMENT_VARIABLE)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path / "own")
    monkeypatch.setenv("HOME", str(tmp_path))  # nobody has asked with this one
    assert cache.cache_directory() == tmp_path / "own"


def test_the_users_cache_moves_with_its_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A changed environment is noticed, as when a test has a home of its own."""
    monkeypatch.delenv(cache.ENVIRONMENT_VARIABLE)
    usual = lambda *_, **__: Path(os.environ["HOME"]) / "own"  # noqa: E731 (a stand-in)
    monkeypatch.setattr("platformdirs.user_cache_path", usual)
    for name in ("first", "second"):
        monkeypatch.setenv("HOME", str(tmp_path / name))
        assert cache.cache_directory() == tmp_path / name / "own"


def _compile_in_a_process(folder: str, log: str) -> None:
    os.environ[cache.ENVIRONMENT_VARIABLE] = folder

    def compile_to(wasm: bytes, target: Path, options: EngineOptions, limits: Limits) -> None:
        with Path(log).open("a") as file:
            file.write("compiled\n")
        compile_here(wasm, target, options, limits)

    compiler.compile_to = compile_to
    cache.compiled(guest(), OPTIONS, LIMITS)


def test_two_processes_compile_once(folder: Path, tmp_path: Path) -> None:
    """The first one compiles; the others wait for its result."""
    context = multiprocessing.get_context("spawn")
    log = tmp_path / "log"
    processes = [
        context.Process(target=_compile_in_a_process, args=(str(folder), str(log)))
        for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert log.read_text() == "compiled\n"
