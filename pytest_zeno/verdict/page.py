"""The rules as a page for people: docs/rules.md is what this writes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from pytest_zeno.verdict.rule import catalogue
from pytest_zeno.verdict.verdict import REVISION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.verdict.rule import Rule

FAMILIES: Final = {
    "CAL": "Calls",
    "HST": "Host calls",
    "LIF": "Life of a plugin",
    "MAN": "Manifest",
    "MET": "Metadata",
    "MOD": "Module",
    "MSG": "Messages",
    "PAR": "Parameters",
    "PRM": "Permissions",
    "RSP": "Responses",
    "SLT": "Slots",
    "STR": "Texts and memory",
}
"""What the first part of a rule's id stands for."""

_LANGUAGES: Final = {"c": "C", "go": "Go", "rust": "Rust"}


def rules_page() -> str:
    """Return the page in Markdown: each rule with level, source, reason and fixes."""
    rules = catalogue()
    head = [
        "# The rules",
        "",
        f"The {len(rules)} rules that `pytest --zeno-plugin=PATH` judges a plugin by, revision",
        f"{REVISION} of the [contract](ABI.md). A MUST that is not kept fails the run, a SHOULD is",
        "a warning. This page is written by `python -m pytest_zeno.verdict`.",
    ]
    families = groupby(rules, key=lambda rule: rule.id[:3])
    body = [line for family, members in families for line in _family(family, list(members))]
    return "\n".join([*head, *body]) + "\n"


def _family(family: str, rules: list[Rule]) -> Iterator[str]:
    yield from ("", f"## {FAMILIES[family]}")
    for rule in rules:
        yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield from ("", f"### {rule.id}", "")
    yield from (f"{rule.sentence} *{rule.level}, {rule.source}*", "")
    yield from (f"**Why:** {rule.why}", "")
    texts = set(rule.fix.values())
    if len(texts) == 1:
        yield f"**Fix:** {texts.pop()}"
        return
    yield "**Fix:**"
    yield ""
    for language, text in rule.fix.items():
        yield f"- {_LANGUAGES.get(language, language)}: {text}"
