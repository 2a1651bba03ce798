"""`zeno explain`: all that there is to know about a rule."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

import click

from pytest_zeno.cli.markdown import as_text
from pytest_zeno.contract import section
from pytest_zeno.text import quoted
from pytest_zeno.verdict.finding import fixes, paragraph
from pytest_zeno.verdict.rule import LANGUAGE_NAMES, catalogue, owners_of_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.verdict.rule import Rule

_TEST: Final = re.compile(r"(?:.*(?:::|/|\s|^))?test_([a-z]{3})([0-9]{3})_.*", re.DOTALL)
_ID: Final = re.compile(r"([a-z]{3})[-_ ]?([0-9]{3})", re.IGNORECASE)
_NEAR: Final = 4


@click.command()
@click.argument("rules", metavar="RULE...", nargs=-1, required=True)
@click.option(
    "--language",
    type=click.Choice(tuple(LANGUAGE_NAMES), case_sensitive=False),
    help="Show the fix for one language, where the rule has one of its own.",
)
def command(rules: tuple[str, ...], language: str | None) -> None:
    """Show a rule wholly, with its section of the contract.

    RULE is an id (STR-003, str003), the id of a test as pytest prints it, or the code of an
    error (protocol.terminator), which stands for every rule that answers for it.
    """
    meant = dict.fromkeys(rule.id for text in rules for rule in _meant(text))
    known = {rule.id: rule for rule in catalogue()}
    click.echo("\n\n\n".join("\n".join(_explained(known[id_], language or "")) for id_ in meant))


def _meant(text: str) -> list[Rule]:
    """Return the rules that somebody speaks of.

    Raises click.UsageError, with the ids that come near, when there is none.
    """
    found = _TEST.fullmatch(text) or _ID.fullmatch(text.strip())
    id_ = f"{found[1]}-{found[2]}".upper() if found else text.strip()
    rules = [rule for rule in catalogue() if rule.id == id_] or owners_of_code(id_)
    if rules:
        return rules
    ids = [rule.id for rule in catalogue()]
    near = difflib.get_close_matches(id_.upper(), ids, _NEAR)
    hint = f"Near it: {', '.join(near)}. " if near else ""
    raise click.UsageError(f"There is no rule {quoted(text, 80)}. {hint}`zeno rules` lists all.")


def _explained(rule: Rule, language: str) -> Iterator[str]:
    yield click.style(f"{rule.id} ({rule.level}, {rule.source})", bold=True)
    yield rule.sentence
    yield ""
    yield from paragraph("family", rule.family)
    yield from paragraph("about", rule.subject)
    yield from paragraph("applies", f"in {rule.scope}, since revision {rule.since}")
    yield from paragraph("why", rule.why)
    yield from paragraph("example", rule.example)
    yield from fixes(rule, language)
    yield from paragraph("errors", ", ".join(rule.codes))
    profile = f" --zeno-profile={rule.profile}" if rule.profile else ""
    yield from paragraph("test", f"pytest --zeno-plugin=PATH{profile} -k {rule.test}")
    heading, text = section(rule.section)
    yield ""
    yield click.style(heading, bold=True)
    yield ""
    yield from as_text(text)
