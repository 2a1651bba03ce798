"""Cases by number: the same seed and number are the same case, wherever and whenever it runs."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pytest_zeno.errors import ZenoError
from pytest_zeno.text import LOG, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from random import Random

    Note = Callable[[int], None]


class Target(Protocol):
    """What is fuzzed: it makes a case from random numbers, and asks the product."""

    name: str

    def case(self, rng: Random) -> bytes:
        """Return a case."""

    def ask(self, case: bytes) -> str:
        """Give a case to the product; return what came of it, in a word.

        Raises a ZenoError, which is an answer like any other, or AssertionError when what came
        contradicts the contract; everything else is a failure of the product.
        """

    def close(self) -> None:
        """Let go of everything."""


@dataclass(frozen=True)
class Failure:
    """A case that the product did not survive in good order."""

    number: int
    case: bytes
    reason: str


@dataclass
class Report:
    """What became of the cases."""

    answers: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)


MOST_FAILURES = 20


def numbered(target: str, seed: str, number: int) -> Random:
    """Return the random numbers of a case."""
    return random.Random(f"{target}/{seed}/{number}")  # noqa: S311 (no secret)


def run(target: Target, seed: str, numbers: Iterable[int], note: Note = lambda _: None) -> Report:
    """Ask all cases of these numbers; `note` is told each before it is asked."""
    report = Report()
    for number in numbers:
        note(number)
        case = target.case(numbered(target.name, seed, number))
        try:
            report.answers[answer(target, case)] += 1
        except Exception as error:  # noqa: BLE001 (whatever it is, it is a finding)
            report.answers["FAILED"] += 1
            report.failures.append(Failure(number, case, f"{type(error).__name__}: {error}"))
            if len(report.failures) == MOST_FAILURES:
                break
    return report


def answer(target: Target, case: bytes) -> str:
    """Return what the product made of a case: a word, or the code of a typed error.

    Raises what is no answer: an error that is not ours, or one that is not fit to be shown.
    """
    try:
        return target.ask(case)
    except ZenoError as error:
        check(bool(error.code), f"an error without a code: {error!r}")
        check_text(f"{error}\n{error.hint}")
        return error.code


def check(holds: bool, otherwise: str) -> None:
    """Raise AssertionError when something does not hold."""
    if not holds:
        raise AssertionError(otherwise)


def check_text(text: str) -> None:
    """Check that a text holds nothing that deceives its reader."""
    for line in text.split("\n"):
        check(visible(line, 8 * LOG) == line, f"not fit to be shown: {line!r}")
