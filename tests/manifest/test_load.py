"""A manifest on disk, and the module beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pytest_zeno.errors import ManifestError, Problem
from pytest_zeno.manifest import load_manifest
from tests.manifest.helpers import BASE


def make(folder: Path, text: str = BASE, module: str = "demo.wasm") -> Path:
    """Write a plugin folder and return its manifest's path."""
    folder.mkdir(exist_ok=True)
    (folder / module).write_bytes(b"\0asm\1\0\0\0")
    path = folder / "manifest.yaml"
    path.write_bytes(text.encode())
    return path


def refused(path: Path) -> Problem:
    """Load a manifest that has exactly one problem."""
    with pytest.raises(ManifestError) as info:
        load_manifest(path)
    assert info.value.code == info.value.problems[0].code
    assert len(info.value.problems) == 1
    return info.value.problems[0]


def test_a_good_plugin_folder(tmp_path):
    """The manifest is returned and knows its file."""
    path = make(tmp_path / "p")
    manifest = load_manifest(path)
    assert (manifest.name, manifest.file) == ("demo", str(path))


def test_every_problem_is_in_the_error(tmp_path):
    """The error carries all problems and prints each with file, line and column."""
    path = make(tmp_path / "p", "name: demo\nversion: 1\nbinary: a/b\nx: 1\n")
    with pytest.raises(ManifestError) as info:
        load_manifest(path)
    assert [problem.line for problem in info.value.problems] == [2, 3, 4]
    assert f"{path}:2:10: " in str(info.value)


def test_a_missing_file(tmp_path):
    """No such file is one problem of the file as a whole."""
    problem = refused(tmp_path / "manifest.yaml")
    assert (problem.code, problem.line) == ("manifest.not_found", 0)


def test_a_directory(tmp_path):
    """A directory is no manifest."""
    assert "a directory" in refused(tmp_path).message


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in directories there")
def test_a_pipe_is_not_waited_for(tmp_path):
    """A named pipe is refused unopened."""
    os.mkfifo(tmp_path / "manifest.yaml")
    assert refused(tmp_path / "manifest.yaml").code == "manifest.not_a_file"


def test_a_path_that_no_system_has(tmp_path):
    """A path with a NUL is one problem, not a ValueError."""
    assert refused(tmp_path / "a\0b").code in {"manifest.unreadable", "manifest.not_found"}


def test_a_huge_file(tmp_path):
    """A file over the limit is not read to its end."""
    path = make(tmp_path / "p")
    with path.open("ab") as file:
        file.truncate(1 << 30)
    assert refused(path).code == "manifest.too_large"


def test_a_missing_binary(tmp_path):
    """A module that is not there is an error at `binary`; a near file is named."""
    problem = refused(make(tmp_path / "p", module="dmo.wasm"))
    assert (problem.code, problem.line, problem.column) == ("manifest.binary_missing", 3, 9)
    assert problem.hint == "did you mean 'dmo.wasm'?"


def test_warnings_stand_beside_a_missing_binary(tmp_path):
    """What reading had to warn of is told with it, in file order."""
    path = make(tmp_path / "p", "nmae: x\n" + BASE + "y: 1\n", module="other.wasm")
    with pytest.raises(ManifestError) as info:
        load_manifest(path)
    assert [(problem.line, problem.warning) for problem in info.value.problems] == [
        (1, True),
        (4, False),
        (5, True),
    ]


def test_a_binary_that_is_a_directory(tmp_path):
    """A directory of the module's name is no module."""
    path = make(tmp_path / "p", module="other.wasm")
    (path.parent / "demo.wasm").mkdir()
    assert refused(path).code == "manifest.binary_missing"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_binary_that_leaves_the_folder_by_a_link(tmp_path):
    """A link to a module outside the folder is refused; one inside is followed."""
    outside = make(tmp_path / "evil").parent / "demo.wasm"
    path = make(tmp_path / "p", module="real.wasm")
    (path.parent / "demo.wasm").symlink_to(outside)
    assert refused(path).code == "manifest.binary_outside"
    (path.parent / "demo.wasm").unlink()
    (path.parent / "demo.wasm").symlink_to("real.wasm")
    assert load_manifest(path).binary == "demo.wasm"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_folder_that_is_a_link(tmp_path):
    """The plugin folder itself may be a link."""
    make(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    assert load_manifest(tmp_path / "link" / "manifest.yaml").name == "demo"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_binary_that_is_a_loop_of_links(tmp_path):
    """A loop is a module that is not there."""
    path = make(tmp_path / "p", module="other.wasm")
    (path.parent / "demo.wasm").symlink_to("demo.wasm")
    assert refused(path).code == "manifest.binary_missing"


def test_a_relative_path(tmp_path, monkeypatch):
    """A manifest is found from the working directory as well."""
    make(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert load_manifest(Path("manifest.yaml")).name == "demo"


def test_each_load_has_a_manifest_of_its_own(tmp_path):
    """The text is read once; what one test does to what it got is not seen by another."""
    path = make(tmp_path / "p", BASE + "slots: {demo.run: {inputs: {}}}\n")
    first, second = load_manifest(path), load_manifest(path)
    assert first == second
    assert first.marks == second.marks
    first.slots.clear()
    first.config["new"] = None
    assert load_manifest(path) == second


def test_a_changed_manifest_is_read_again(tmp_path):
    """What counts are the bytes, not the file's name or time."""
    path = make(tmp_path / "p")
    assert load_manifest(path).version == "1.0.0"
    make(tmp_path / "p", BASE.replace("1.0.0", "1.0.1"))
    assert load_manifest(path).version == "1.0.1"
