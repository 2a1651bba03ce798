"""The blocks of docs/ run as tests, and name options and settings that there are."""

from __future__ import annotations

import configparser
import io
import os
import re
import shlex
import subprocess
import sys

import pytest
import yaml
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser

from pytest_zeno.verdict.baseline_file import read_baseline
from pytest_zeno.verdict.cost_file import read_costs

from .reader import ROOT, as_tests, prepare
from .test_readme import PAGES as RUN_AS_SHOWN

RUN_ELSEWHERE = (
    "pip install ",
    "GOOS=wasip1 ",
    "python start.py ",
    "python -m pytest_zeno.verdict",
)
RUN_ELSEWHERE += ("python fixtures/bad/matrix.py ",)
RUN_ELSEWHERE += (
    "python -m tests.fuzz ",
    "python -m benchmarks.soak ",
    "python -m benchmarks --only ",
)
"""What tests/repo, tests/fixtures, the nightly workflow and the tests of the written pages run."""

CHECKED = ("python", "sh", "yaml", "ini")
SHOWN = ("text", "sql")
SYBIL = Sybil([CodeBlockParser(language, lambda _block: None) for language in (*CHECKED, *SHOWN)])
PAGES = {
    path.name: [
        (block.region.lexemes["arguments"], block.parsed) for block in SYBIL.parse(path).examples()
    ]
    for path in sorted((ROOT / "docs").glob("*.md"))
    if f"docs/{path.name}" not in RUN_AS_SHOWN
}
"""The blocks of each page: language and text."""


def blocks(language):
    """Return the blocks of a language, each with its page's name as its id."""
    return [
        pytest.param(text, id=page)
        for page, found in PAGES.items()
        for kind, text in found
        if kind == language
    ]


def check_command(line, config):
    """Check that pytest knows the options of a command."""
    program, *arguments = shlex.split(line)
    assert program == "pytest"
    known, unknown = config._parser.parse_known_and_unknown_args(arguments)
    for value in vars(known).values():
        if isinstance(value, io.IOBase):  # an option of older pytest-benchmarks opens its file
            value.close()
    assert unknown == []


@pytest.mark.parametrize("block", blocks("sh"))
def test_commands(block, pytestconfig, tmp_path, monkeypatch):
    """A command is pytest's, with options that it has, or one that another test runs."""
    monkeypatch.chdir(tmp_path)
    for line in block.replace("\\\n", " ").splitlines():
        if not line.startswith(RUN_ELSEWHERE):
            check_command(line, pytestconfig)


@pytest.mark.parametrize("block", blocks("ini"))
def test_settings(block, pytestconfig):
    """An ini file has settings that there are."""
    settings = configparser.ConfigParser()
    settings.read_string(block)
    assert settings.sections() == ["pytest"]
    for name in settings["pytest"]:
        pytestconfig.getini(name)


@pytest.mark.parametrize("block", blocks("yaml"))
def test_yaml(block, pytestconfig):
    """A baseline that can be used, costs too, or steps of a job whose commands pytest knows."""
    if block.startswith("hello"):
        assert read_costs(block.encode(), "costs.yaml")[1] == ()
        return
    for entry in yaml.safe_load(block):
        if "run" in entry:
            check_command(entry["run"], pytestconfig)
        elif "rule" in entry:
            baseline, problems = read_baseline(block.encode(), "zeno-baseline.yaml")
            assert (len(baseline.entries), problems) == (1, ())
        else:
            assert "uses" in entry


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """The directory in which a reader stands, with every block of Python as a file of tests."""
    folder = tmp_path_factory.mktemp("reader")
    prepare(folder)
    for page, found in PAGES.items():
        faults = ""
        for number, text in enumerate(text for language, text in found if language == "python"):
            plugin = "hello" if '"hello.' in text else "shop"
            name = f"test_{plugin}_{page.removesuffix('.md')}_{number}.py"
            (folder / name).write_text(as_tests(text, faults), "utf-8")
            faults = "\n".join(re.findall(r"^ +(zeno_host\.faults\..*)$", text, re.MULTILINE))
    return folder


@pytest.mark.parametrize("plugin", ["hello", "shop"])
def test_python(reader, plugin):
    """The tests of the pages pass with the plugin that they speak of."""
    files = sorted(path.name for path in reader.glob(f"test_{plugin}_*.py"))
    settings = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(  # noqa: S603 (tests of our own pages)
        [sys.executable, "-m", "pytest", "-q", f"--zeno-plugin=plugins/{plugin}", *files],
        cwd=reader,
        capture_output=True,
        encoding="utf-8",
        env={**settings, "CI": "1"},  # where Hypothesis sets no deadline
        check=False,
    )
    passed = re.search(r"(\d+) passed", done.stdout)
    assert done.returncode == 0, done.stdout
    assert passed
    assert int(passed[1]) >= len(files) > 0


@pytest.mark.parametrize("page", PAGES)
def test_every_block_has_a_language(page):
    """No block is of a language that nothing here reads, and pictures alone have none."""
    fences = re.findall(r"^ *```(\w+)$", (ROOT / "docs" / page).read_text("utf-8"), re.MULTILINE)
    assert fences == [language for language, _ in PAGES[page]]
