"""Versions (SemVer 2.0) and ranges of them in npm's grammar (ABI.md section 7).

A range is alternatives joined by ``||``; each is a hyphen range (``1.2 - 2.3``) or comparators
that must all hold: ``>=1.2.3``, ``^1.2``, ``~1.2``, ``1.x``, ``*``. A pre-release satisfies a
range only where a comparator names a pre-release of the same three numbers.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from semver import Version

from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CHARACTERS: Final = 256
"""Characters a version or a range may have."""

_NUMBER: Final = r"0|[1-9][0-9]*"
_WORD: Final = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_PRE: Final = rf"(?:-(?P<pre>{_WORD}(?:\.{_WORD})*))?"
_BUILD: Final = r"(?:\+(?P<build>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"

_ANY: Final = rf"{_NUMBER}|[xX*]"
_COMPARATOR: Final = re.compile(
    rf"(?P<op>~>?|\^|[<>]=?|=)?v?(?P<major>{_ANY})"
    rf"(?:\.(?P<minor>{_ANY})(?:\.(?P<patch>{_ANY}){_PRE}{_BUILD})?)?",
    re.ASCII,
)
_NUMBERS: Final = ("major", "minor", "patch")
_LEFT_OUT: Final = frozenset((None, "x", "X", "*"))
_BLANKS_AFTER_OP: Final = re.compile(r"(~>|[~^]|[<>]=?|=)\s+", re.ASCII)
_HYPHEN: Final = re.compile(r"(\S+)\s+-\s+(\S+)", re.ASCII)
_TESTS: Final[dict[str, Callable[[Version, Version], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class _Bound:
    op: str
    version: Version

    def holds(self, version: Version) -> bool:
        return _TESTS[self.op](version, self.version)


@dataclass(frozen=True, slots=True)
class Range:
    """A range of versions; ``text`` is how it was written."""

    text: str
    _alternatives: tuple[tuple[_Bound, ...], ...]

    @classmethod
    def parse(cls, text: str) -> Range:
        """Return the range that `text` spells; ValueError says which part cannot be read."""
        if len(text) > MOST_CHARACTERS:
            raise ValueError(f"a range of {len(text)} characters is too long")
        return cls(text, tuple(_alternative(part.strip()) for part in text.split("||")))

    def __str__(self) -> str:
        return self.text

    def __contains__(self, version: Version) -> bool:
        return any(_within(version, bounds) for bounds in self._alternatives)


def satisfies(version: str, wanted: str) -> bool:
    """Return whether a version lies in a range; ValueError when either cannot be read."""
    return Version.parse(version) in Range.parse(wanted)


def _within(version: Version, bounds: tuple[_Bound, ...]) -> bool:
    if not all(bound.holds(version) for bound in bounds):
        return False
    return not version.prerelease or any(
        bound.version.prerelease and _release(bound.version) == _release(version)
        for bound in bounds
    )


def _release(version: Version) -> tuple[int, int, int]:
    return version.major, version.minor, version.patch


def _alternative(text: str) -> tuple[_Bound, ...]:
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen is not None:
        low, high = _match(hyphen[1], text), _match(hyphen[2], text)
        if low["op"] or high["op"]:
            raise ValueError(f"{quoted(text)} has a comparator beside the hyphen")
        return (*_at_least(low), *_at_most(high))
    parts = _BLANKS_AFTER_OP.sub(r"\1", text).split()
    return tuple(bound for part in parts for bound in _comparator(_match(part, text)))


def _match(part: str, text: str) -> re.Match[str]:
    match = _COMPARATOR.fullmatch(part)
    if match is None:
        within = "" if part == text else f" in {quoted(text)}"
        raise ValueError(f"{quoted(part)}{within} is no version, ^, ~, x-range or comparator")
    return match


def _comparator(match: re.Match[str]) -> tuple[_Bound, ...]:
    op, known = match["op"] or "", _known(match)
    if op == "^":
        return (*_at_least(match), *_below(known, _caret(known)))
    if op.startswith("~"):
        return (*_at_least(match), *_below(known, min(len(known), 2)))
    if any(number not in _LEFT_OUT for number in match.group(*_NUMBERS)[len(known) :]):
        raise ValueError(f"{quoted(match[0])} has a number behind an x")
    if op in {"", "="}:
        if len(known) == 3:
            return (_Bound("=", _first(match)),)
        return (*_at_least(match), *_below(known, len(known)))
    return _inequality(op, match, known)


def _inequality(op: str, match: re.Match[str], known: tuple[int, ...]) -> tuple[_Bound, ...]:
    if len(known) == 3:
        return (_Bound(op, _first(match)),)
    if op in {"<", ">"} and not known:
        return (_Bound("<", _LOWEST),)
    if op == ">":
        return (_Bound(">=", Version(*_next(known, len(known)))),)
    if op == ">=":
        return _at_least(match)
    if op == "<=":
        return _below(known, len(known))
    return (_Bound("<", Version(*_release(_first(match)), prerelease="0")),)


def _at_least(match: re.Match[str]) -> tuple[_Bound, ...]:
    return (_Bound(">=", _first(match)),) if _known(match) else ()


def _at_most(match: re.Match[str]) -> tuple[_Bound, ...]:
    known = _known(match)
    if len(known) == 3:
        return (_Bound("<=", _first(match)),)
    return _below(known, len(known))


def _below(known: tuple[int, ...], digits: int) -> tuple[_Bound, ...]:
    """Below the next version that differs in the first `digits` numbers, its pre-releases too."""
    return (_Bound("<", Version(*_next(known, digits), prerelease="0")),) if known else ()


def _next(known: tuple[int, ...], digits: int) -> tuple[int, int, int]:
    raised = (*known[: digits - 1], known[digits - 1] + 1, 0, 0)
    return raised[0], raised[1], raised[2]


def _caret(known: tuple[int, ...]) -> int:
    """How many numbers of a caret range are fixed: up to the first that is not 0."""
    return next((at for at, number in enumerate(known, 1) if number), len(known))


def _known(match: re.Match[str]) -> tuple[int, ...]:
    """Return the numbers before the first that is left out or an x."""
    numbers: list[int] = []
    for number in match.group(*_NUMBERS):
        if number in _LEFT_OUT:
            break
        numbers.append(int(number))
    return tuple(numbers)


def _first(match: re.Match[str]) -> Version:
    known = _known(match)
    padded = (*known, 0, 0, 0)
    pre = match["pre"] if len(known) == 3 else None
    return Version(padded[0], padded[1], padded[2], prerelease=pre)


_LOWEST: Final = Version(0, 0, 0, prerelease="0")
