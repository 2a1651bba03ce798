"""The checkout, its configuration, and one build of it for all tests."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]


def run(command, **options):
    """Run a command and return what came of it, output as text."""
    return subprocess.run(  # noqa: S603 (the tests write the commands)
        command, capture_output=True, encoding="utf-8", check=False, **options
    )


@pytest.fixture(scope="session")
def project():
    """Give the `project` table of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="session")
def tox():
    """Give tox.ini as a parser."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini", "utf-8")
    return parser


@pytest.fixture(scope="session")
def workflow():
    """Give the jobs' workflow; YAML reads its key `on` as True."""
    return yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))


@pytest.fixture(scope="session")
def tracked():
    """Give the paths, relative to the root, of the files that git keeps and that are here."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout: nothing says which files belong to the repository")
    done = run(["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"], cwd=ROOT)
    assert done.returncode == 0, done.stderr
    paths = [Path(name) for name in done.stdout.split("\0") if name]
    return [path for path in paths if (ROOT / path).is_file()]


@pytest.fixture(scope="session")
def built(tracked, tmp_path_factory):
    """Give a directory with the sdist and the wheel of what git keeps, built once for all."""
    pytest.importorskip("build", reason="`pip install --group test` brings build")
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    source, out = shared / "source", shared / "dist"
    with FileLock(shared / "dist.lock"):
        if not source.exists():
            _export(tracked, source)
            _build(source, out)
    if not out.exists():
        _unavailable((shared / "build.log").read_text("utf-8"))
    return out


def _export(tracked, target):
    for path in tracked:
        (target / path.parent).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target / path)


def _build(source, out):
    done = run([sys.executable, "-m", "build", "--outdir", str(out), str(source)])
    (source.parent / "build.log").write_text(done.stdout + done.stderr, "utf-8")
    if done.returncode:
        shutil.rmtree(out, ignore_errors=True)


def _unavailable(log):
    """Skip where no index has setuptools, but not in CI; a broken build is a failure."""
    if "No matching distribution found for setuptools" in log and "CI" not in os.environ:
        pytest.skip(f"no isolated environment could be made to build in:\n{log}")
    pytest.fail(f"the build failed:\n{log}", pytrace=False)
