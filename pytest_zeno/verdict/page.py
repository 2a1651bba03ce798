"""The rules as a page for people: docs/rules.md is what this writes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from pytest_zeno.verdict.rule import LANGUAGE_NAMES, by_family
from pytest_zeno.verdict.verdict import REVISION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.verdict.rule import Rule


def rules_page() -> str:
    """Return the page in Markdown: every field of every rule, by family."""
    rules = by_family()
    head = [
        "# The rules",
        "",
        f"The {len(rules)} rules that `pytest --zeno-plugin=PATH` judges a plugin by, revision",
        f"{REVISION} of the [contract](../pytest_zeno/contract/ABI.md). A MUST that is not kept",
        "fails the run, a SHOULD or MAY is a warning. The [kill matrix](kill-matrix.md) lists the",
        "plugins that prove each. `zeno explain STR-003` shows a rule with the text of its",
        "section. This page is written by `python -m pytest_zeno.verdict`.",
    ]
    families = groupby(rules, key=lambda rule: rule.family)
    body = [line for family, members in families for line in _family(family, list(members))]
    return "\n".join([*head, *body]) + "\n"


def _family(family: str, rules: list[Rule]) -> Iterator[str]:
    yield from ("", f"## {family.capitalize()}")
    for rule in rules:
        yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield from ("", f"### {rule.id}", "")
    yield from (f"{rule.sentence} *{rule.level}, {rule.source}*", "")
    yield from (f"**Why:** {rule.why}", "")
    yield from (f"**Example:** {_example(rule.example)}", "")
    yield from _fixes(rule)
    yield from ("", f"- about: {rule.subject}; {rule.scope}; since revision {rule.since}")
    if rule.codes:
        yield f"- errors: {', '.join(map(_code, rule.codes))}"
    proof = f"kill-matrix.md#{rule.family.replace(' ', '-')}"
    yield f"- test: {_code(rule.test)}, proved by [bad plugins]({proof})"


def _example(text: str) -> str:
    """Return what an author did as it is, a line of code as such."""
    return text if text.endswith(".") else _code(text)


def _code(text: str) -> str:
    """Return a code span; a longer fence holds text that has backticks."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _fixes(rule: Rule) -> Iterator[str]:
    texts = set(rule.fix.values())
    if len(texts) == 1:
        yield f"**Fix:** {texts.pop()}"
        return
    yield "**Fix:**"
    yield ""
    for language, text in rule.fix.items():
        yield f"- {LANGUAGE_NAMES[language]}: {text}"
