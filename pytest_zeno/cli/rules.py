"""`zeno rules`: the list of the rules."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import textwrap
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, cast, get_args

import click

from pytest_zeno.profiles import PROFILES
from pytest_zeno.verdict.rule import Level, Rule, by_family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.profiles import Profile

LEVELS: Final = get_args(Level)
_ID, _LEVEL = 9, 8
_INDENT: Final = " " * (2 + _ID + _LEVEL)


def _family(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Return the family that is meant: `host-calls` and `Host_Calls` are `host calls`."""
    families = dict.fromkeys(rule.family for rule in by_family())
    wanted = value and value.lower().replace("-", " ").replace("_", " ")
    if wanted is not None and wanted not in families:
        raise click.BadParameter(f"{value!r} is no family; there are {', '.join(families)}")
    return wanted


@click.command()
@click.option("--family", metavar="NAME", callback=_family, help="Rules of one family.")
@click.option(
    "--level", type=click.Choice(LEVELS, case_sensitive=False), help="Rules of one level."
)
@click.option("--profile", type=click.Choice(PROFILES), help="Rules that apply in a profile.")
@click.option(
    "--since", metavar="N", type=int, help="Rules that revision N or a later one brought."
)
@click.option("--json", "as_json", is_flag=True, help="Every field of them, as JSON.")
def command(
    family: str | None,
    level: str | None,
    profile: str | None,
    since: int | None,
    as_json: bool,
) -> None:
    """List the rules that plugins are judged by."""
    found = [
        rule
        for rule in by_family()
        if family in (None, rule.family)
        and level in (None, rule.level)
        and rule.since >= (since or 0)
        and (profile is None or rule.applies(cast("Profile", profile), bare=False))
    ]
    lines = [json.dumps(list(map(_fields, found)), indent=2)] if as_json else _listed(found)
    click.echo("\n".join(lines))


def _fields(rule: Rule) -> dict[str, Any]:
    """Return a rule as JSON has it."""
    return dataclasses.asdict(rule) | {"subject": rule.subject, "source": rule.source}


def _listed(rules: list[Rule]) -> Iterator[str]:
    for family, members in groupby(rules, key=lambda rule: rule.family):
        yield click.style(family.capitalize(), bold=True)
        for rule in members:
            yield from _row(rule)
        yield ""
    yield _total(rules)


def _row(rule: Rule) -> Iterator[str]:
    """Yield the lines of a rule: one, but on a terminal as many as its width asks for."""
    text = rule.sentence + (f" ({rule.scope})" if rule.profile else "")
    width = shutil.get_terminal_size().columns if _is_terminal() else sys.maxsize
    lines = textwrap.wrap(text, max(width - len(_INDENT), 20))
    yield f"  {rule.id:<{_ID}}{rule.level:<{_LEVEL}}{lines[0]}"
    yield from (_INDENT + line for line in lines[1:])


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _total(rules: list[Rule]) -> str:
    counts = {level: sum(rule.level == level for rule in rules) for level in LEVELS}
    parts = ", ".join(f"{count} {level}" for level, count in counts.items() if count)
    noun = "rule" if len(rules) == 1 else "rules"
    return f"{len(rules)} {noun}" + (f": {parts}" if parts else "")
