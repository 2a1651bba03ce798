"""The rules as each revision of the contract has them: python -m pytest_zeno.verdict.revision.

The list of a revision, ``conformance/revision-N.txt``, names the version that it is released with.
Until that version is out the command writes the list anew. With any later version it is frozen: a
rule keeps its id, its level and its profile, and what is new waits for the next revision. So a
plugin that conforms to a revision still does after an update.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest_zeno
from pytest_zeno.verdict.rule import SUITE, catalogue
from pytest_zeno.verdict.verdict import REVISION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_zeno.verdict.rule import Rule

COMMAND: Final = "python -m pytest_zeno.verdict.revision"
_HEAD: Final = "# The rules of revision {}, as released with pytest-zeno {}"


@dataclass(frozen=True, slots=True)
class Listing:
    """The list of a revision: level and profile (``*`` for every one) of each rule, by id."""

    revision: int
    version: str
    rules: dict[str, str]

    def __str__(self) -> str:
        lines = [_HEAD.format(self.revision, self.version)]
        lines += [f"{id_} {rest}" for id_, rest in sorted(self.rules.items())]
        return "\n".join(lines) + "\n"


def listing(revision: int, version: str, rules: Iterable[Rule]) -> Listing:
    """Return the list of a revision: the rules that it or an earlier one brought."""
    known = (rule for rule in rules if rule.since <= revision)
    return Listing(revision, version, {rule.id: _rest(rule) for rule in known})


def parse(text: str) -> Listing:
    """Return a list from its text."""
    head, *lines = text.splitlines()
    revision, version = head.partition("revision ")[2].split(", as released with pytest-zeno ")
    rules = {id_: rest for id_, _, rest in (line.partition(" ") for line in lines)}
    return Listing(int(revision), version, rules)


def listings() -> list[Listing]:
    """Return the lists that there are, by revision."""
    found = (file for file in files(SUITE).iterdir() if file.name.startswith("revision-"))
    return sorted((parse(file.read_text("utf-8")) for file in found), key=lambda one: one.revision)


def breaches(released: Listing, rules: Iterable[Rule]) -> Iterator[str]:
    """Yield what keeps the rules from being those of a list, with what to do about each."""
    now = {rule.id: rule for rule in rules}
    for id_, rest in released.rules.items():
        if id_ not in now:
            yield f"{id_} is gone: a rule that was released stays"
        elif _rest(now[id_]) != rest:
            yield f"{id_} was {rest!r} and is {_rest(now[id_])!r}: what changes gets a new id"
        elif now[id_].since > released.revision:
            yield f"{id_} says since={now[id_].since}, and revision {released.revision} has it"
    for id_, rule in now.items():
        if rule.since <= released.revision and id_ not in released.rules:
            yield f"{id_} is new: write since={released.revision + 1}"


def _rest(rule: Rule) -> str:
    return f"{rule.level} {rule.profile or '*'}"


def write(folder: Path, version: str) -> Path:
    """Write the list of the present revision; return its file.

    Raises ValueError when an earlier version has been released with it.
    """
    file = folder / f"revision-{REVISION}.txt"
    if file.exists() and (old := parse(file.read_text("utf-8"))).version != version:
        raise ValueError(
            f"revision {REVISION} was released with {old.version} and is frozen: raise REVISION in "
            "pytest_zeno/verdict/verdict.py, and give what is new that number as `since`"
        )
    text = str(listing(REVISION, version, catalogue()))
    file.write_text(text, "utf-8", newline="\n")
    return file


if __name__ == "__main__":
    try:
        written = write(Path(str(files(SUITE))), pytest_zeno.__version__)
    except ValueError as error:
        sys.exit(str(error))
    sys.stdout.write(f"{written}\n")
