"""What is shipped: everything the package needs, and nothing else."""

from __future__ import annotations

import re
import tarfile
import zipfile
from email.parser import Parser
from pathlib import PurePosixPath

import pytest

PACKAGES = ("pytest_zeno", "conformance")


@pytest.fixture(scope="module")
def sources(tracked):
    """Give the tracked paths of the package, as text."""
    return {path.as_posix() for path in tracked if path.parts[0] in PACKAGES}


@pytest.fixture(scope="module")
def wheel(built):
    """Give the wheel, opened."""
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as opened:
        yield opened


def _split(names):
    """Part the names of a wheel in those of the package and those of its metadata."""
    metadata = {name for name in names if PurePosixPath(name).parts[0].endswith(".dist-info")}
    return set(names) - metadata, {name.partition("/")[2] for name in metadata}


def test_the_wheel_holds_the_package_and_nothing_else(wheel, sources):
    """Each tracked file of the package is in; conformance has moved to its place."""
    package, _ = _split(wheel.namelist())
    moved = {f"pytest_zeno/{name}" if name.startswith("conformance") else name for name in sources}
    assert package == moved


def test_the_wheel_holds_what_the_package_reads_at_run_time(wheel):
    """The helper modules' text, the page of reports, the mark that says typed, and the suite."""
    names = set(wheel.namelist())
    assert "pytest_zeno/py.typed" in names
    assert "pytest_zeno/conformance/__init__.py" in names
    assert {f"pytest_zeno/runtime/wat/{name}.wat" for name in ("adapter", "shim", "wasi")} <= names
    assert {f"pytest_zeno/reports/template/report.{kind}" for kind in ("css", "html")} <= names


def test_the_wheel_tells_its_license_and_its_entry_point(wheel):
    """The metadata is these files and no other."""
    _, metadata = _split(wheel.namelist())
    assert metadata == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
        "top_level.txt",
    }


def test_the_wheel_fits_every_machine(built, project):
    """There is nothing compiled in it."""
    (path,) = built.glob("*.whl")
    assert path.name == f"pytest_zeno-{project['version']}-py3-none-any.whl"


def test_the_wheel_asks_for_what_the_project_asks_for(wheel, project):
    """The metadata repeats pyproject.toml."""
    (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
    told = Parser().parsestr(wheel.read(name).decode())
    assert told["Requires-Python"] == project["requires-python"]
    extras = project["optional-dependencies"]
    asked = len(project["dependencies"]) + sum(map(len, extras.values()))
    assert len(told.get_all("Requires-Dist")) == asked
    assert told.get_all("Provides-Extra") == sorted(extras)
    assert told.get_all("Classifier") == project["classifiers"]


def test_the_sdist_builds_the_wheel_and_carries_no_more(built, sources, project):
    """The tests need the repository, and stay there."""
    (path,) = built.glob("*.tar.gz")
    folder = f"pytest_zeno-{project['version']}/"
    with tarfile.open(path) as opened:
        files = {item.name.removeprefix(folder) for item in opened.getmembers() if item.isfile()}
    generated = {name for name in files if name.startswith("pytest_zeno.egg-info/")}
    written = {"LICENSE", "MANIFEST.in", "PKG-INFO", "README.md", "pyproject.toml", "setup.cfg"}
    assert files - generated == sources | written


def test_the_build_warns_of_nothing(built):
    """Setuptools warns of folders with data that look like packages and of what it will drop."""
    log = (built.parent / "build.log").read_text("utf-8")
    assert [line for line in log.splitlines() if re.search("WARNING|Warning", line)] == []
