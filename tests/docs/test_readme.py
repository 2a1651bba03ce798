"""Every block of these pages runs, in order, where a reader would, and does what it shows."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "fixtures"))


def run_python(example: Example) -> None:
    """Write a file that names itself; run anything else and keep what it prints."""
    text = example.parsed
    name = re.match(r"# (\w+\.py)\n", text)
    if name:
        Path(name[1]).write_text(text, "utf-8")
        return
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(text, {})  # noqa: S102 (a block of our own README)
    example.namespace["printed"] = printed.getvalue()


def check_text(example: Example) -> None:
    """Compare with what the block before printed."""
    assert example.parsed == example.namespace["printed"]


def run_console(example: Example) -> None:
    """Run the command; each line shown stands in its output, in order. `...` is anything."""
    command, *shown = example.parsed.splitlines()
    program, *arguments = command.removeprefix("$ ").split()
    module = {"pytest": "pytest", "zeno": "pytest_zeno.cli"}[program]
    settings = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(  # noqa: S603 (a command of our own README)
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        encoding="utf-8",
        env=settings | {"COLUMNS": "80"},
        check=False,
    )
    lines = iter(done.stdout.splitlines())
    for line in shown:
        pattern = _pattern(line)
        assert any(pattern.fullmatch(found) for found in lines), f"{line!r}\n{done.stdout}"


def _pattern(line: str) -> re.Pattern[str]:
    """What differs from run to run: platform, versions, paths, plugins, times, dots, counts."""
    if re.match(r"platform|rootdir|plugins: |plugins/.* \.+|\.+ ", line):
        return re.compile(".*")
    pattern = re.escape(line)
    for written, varies in ((r"\d+\\.\d+s", r"\d+\.\d+s"), ("=+", "=+")):
        pattern = re.sub(written, varies.replace("\\", "\\\\"), pattern)
    return re.compile(re.sub(r"(\\\.){3}$", ".*", pattern))


def is_run_elsewhere(example: Example) -> None:
    """tests/repo runs these: in .ci/run word for word, and pip in a new environment."""
    assert example.parsed.startswith(("python3 -m venv", ".venv/bin/", "pip install pytest-zeno"))


def write_ini(example: Example) -> None:
    """Have pytest read it in the commands that follow."""
    Path("pytest.ini").write_text(example.parsed, "utf-8")


SYBIL = Sybil(
    [
        CodeBlockParser("python", run_python),
        CodeBlockParser("text", check_text),
        CodeBlockParser("console", run_console),
        CodeBlockParser("sh", is_run_elsewhere),
        CodeBlockParser("ini", write_ini),
    ]
)
PAGES = ("README.md", "docs/limits.md", "docs/recovery.md")


@pytest.fixture(params=PAGES)
def page(request):
    """Each page whose blocks are run."""
    return ROOT / request.param


@pytest.fixture
def _reader(tmp_path):
    """Stand where the reader does: in a directory with the plugins that the page speaks of."""
    from bad.mutants import MUTANTS

    hello = tmp_path / "plugins" / "hello"
    hello.mkdir(parents=True)
    for name in ("manifest.yaml", "hello.wasm"):
        shutil.copy(ROOT / "fixtures" / "hello-c" / name, hello)
    broken = next(one for one in MUTANTS if one.name == "str003-no-nul")
    broken.parts().write(tmp_path / "plugins" / "broken")
    before = Path.cwd()
    os.chdir(tmp_path)
    yield
    os.chdir(before)


@pytest.mark.usefixtures("_reader")
def test_every_block_does_what_it_shows(page):
    """In order, for one shows what the one before it printed or wrote."""
    for example in SYBIL.parse(page).examples():
        example.evaluate()


def test_every_block_is_run(page):
    """No block is of a language that nothing here runs."""
    fences = re.findall(r"^```(\w*)$", page.read_text("utf-8"), re.MULTILINE)
    examples = list(SYBIL.parse(page).examples())
    assert len([fence for fence in fences if fence]) == len(examples)
