"""What pytest-zeno costs a run of pytest, in whole processes, and what a report costs."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.guests import hello
from benchmarks.processes import in_turn, instructions, ratio, seconds
from benchmarks.ratio import Ratio
from benchmarks.rounds import ROUNDS, interleave
from pytest_zeno.evidence.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.processes import Command

PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
UNUSED = 1.02
TRIVIAL = "def test_it():\n    pass\n"


def ratios(rounds: int = ROUNDS) -> Iterator[Ratio]:
    """Yield the ratios of whole runs, then that of one report."""
    some = max(1, rounds // 400)
    with TemporaryDirectory() as folder:
        place = Path(folder)
        place.joinpath("test_trivial.py").write_text(TRIVIAL, "utf-8")
        one = (*PYTEST, "test_trivial.py")
        yield unused(one, place, rounds)
        names = "judging the C hello by every rule", "pytest with one trivial test"
        taken = in_turn((*PYTEST, f"--zeno-plugin={hello('c')}"), one, place, some)
        yield ratio(names, taken, 1.3)
    yield report(rounds)


def unused(one: Command, place: Path, rounds: int) -> Ratio:
    """Return what the plugin costs who does not use it: in instructions, where they are counted."""
    without = (*one, "-p", "no:zeno")
    names = "pytest with the plugin, not used", "pytest without it"
    if shutil.which("valgrind") and rounds >= ROUNDS:
        for command in (one, without):
            seconds(command, place, {})  # what is compiled is written once
        counts = instructions(one, place), instructions(without, place)
        return Ratio(*names, counts[0] / counts[1], UNUSED)
    return ratio(names, in_turn(one, without, place, max(1, rounds // 100)), UNUSED)


def report(rounds: int) -> Ratio:
    """Return what a broken rule's report costs beside pytest's own of the same failure."""
    from pytest_zeno.verdict.finding import find, render
    from pytest_zeno.verdict.rule import applicable

    with TemporaryDirectory() as folder:
        path = Path(folder)
        path.joinpath("manifest.yaml").write_text("name: nothing\n", "utf-8")
        subject = Subject(path)
        function = applicable("contract", bare=False)[0]
        error = _error(lambda: subject.module)
    rule = function.zeno_rule
    variants: dict[str, Callable[[], Any]] = {
        "a broken rule's report": lambda: render(find(rule, error), language="c", again="pytest"),
        "pytest's own traceback": lambda: _traceback(error),
    }
    return interleave(variants, rounds // 10).ratio(*variants, most=0.15)


def _error(stage: Callable[[], Any]) -> Exception:
    try:
        stage()
    except Exception as error:  # noqa: BLE001 (whatever it is, it is what is reported)
        return error
    raise AssertionError("the stage was to fail")


def _traceback(error: Exception) -> str:
    from _pytest._code import ExceptionInfo

    return str(ExceptionInfo.from_exception(error).getrepr(style="long", funcargs=True))
