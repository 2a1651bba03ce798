"""Markdown for the summary of a CI job, as GitHub and GitLab show it.

Whatever a plugin chose stands in a code span or a fence longer than any in it: there nothing is
markup, and no host makes a link, a mention or a reference of it.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final

from pytest_zeno.reports.costs import COLUMNS, load_time, numbers
from pytest_zeno.reports.record import not_kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.reports.record import Costs, Finding, Plugin, Rule, Run

_MARKS: Final = {
    "conformant": "✅",
    "conformant with warnings": "⚠️",
    "not conformant": "❌",
    "kept": "✅",
    "warned": "⚠️",
    "broken": "❌",
    "untested": "⏭️",
    "error": "💥",
    "expected": "☑️",
}
_UNKNOWN: Final = "❔"

_MEANING: Final = re.compile(r"[\\`*_\[\]<>|#~&@$!{}]")
_TICKS: Final = re.compile("`+")
_BAR: Final = "¦"
"""Stands for `|` in a span: a table's row is parted before its spans are read."""


def to_markdown(run: Run) -> str:
    """Return the record as a page: the verdicts, the breaches, and every rule, folded away."""
    lines = [f"## {_mark(run.verdict)} ZenoEngine plugins: {run.verdict}", ""]
    lines += _verdicts(run) if run.plugins else ["No rule was tested in this run."]
    for plugin in run.plugins:
        lines += _plugin(plugin)
    told = f"pytest-zeno {plain(run.version)}, contract revision {run.revision}"
    lines += ["", f"<sub>{told}{', ' + plain(run.date) if run.date else ''}</sub>"]
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """Return a text of ours that is no markup, on one line: an entity never is."""
    return _MEANING.sub(lambda match: f"&#{ord(match[0])};", " ".join(text.splitlines()))


def prose(text: str) -> str:
    """Return a sentence of ours; what stands in backticks is code there too."""
    parts = text.split("`")
    return "".join(code(part) if at % 2 else plain(part) for at, part in enumerate(parts))


def code(text: str) -> str:
    """Return a plugin's text for a line of ours, or for a cell."""
    line = " ".join(text.replace("|", _BAR).splitlines())
    ticks = "`" * _longer_than_in(line)
    blank = " " if line[:1] in " `" or line[-1:] in " `" else ""
    return f"{ticks}{blank}{line}{blank}{ticks}" if line.strip() else ""


def fenced(text: str) -> list[str]:
    """Return a plugin's text of any number of lines."""
    fence = "`" * max(3, _longer_than_in(text))
    return [f"{fence}text", *text.splitlines(), fence]


def _longer_than_in(text: str) -> int:
    return 1 + max(map(len, _TICKS.findall(text)), default=0)


def _mark(word: str) -> str:
    return _MARKS.get(word, _UNKNOWN)


def _verdicts(run: Run) -> Iterator[str]:
    yield "| plugin | verdict | broken | warned | expected | not testable | kept |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    for plugin in run.plugins:
        about, counts = plugin.about, plugin.counts
        cells = (
            f"{code(about.name)} {code(about.version)}".strip(),
            f"{_mark(plugin.verdict)} {plugin.verdict}",
            *(counts.broken, counts.warned, counts.expected, counts.untested),
            f"{counts.kept} of {counts.rules}",
        )
        yield "| " + " | ".join(map(str, cells)) + " |"


def _plugin(plugin: Plugin) -> Iterator[str]:
    about = plugin.about
    yield from ("", f"### {_mark(plugin.verdict)} {code(about.name)}: {plugin.verdict}", "")
    profile = "" if about.profile == "contract" else f", profile {about.profile}"
    bare = ", a bare module without a manifest" if about.bare else ""
    yield f"{code(about.path)}{profile}{bare}"
    for rule, finding in not_kept(plugin):
        yield from _breach(rule, finding)
    if plugin.costs:
        yield from _costs(plugin.costs)
    yield from ("", f"<details><summary>All {len(plugin.rules)} rules that ran</summary>", "")
    for family, members in groupby(plugin.rules, key=lambda rule: rule.family):
        yield from _family(family, list(members))
    yield "</details>"


def _costs(costs: Costs) -> Iterator[str]:
    yield from ("", "<details><summary>Costs of a call</summary>", "")
    if costs.slots:
        yield "| slot | " + " | ".join(COLUMNS.values()) + " | measured with |"
        yield "|---|" + "--:|" * len(COLUMNS) + "---|"
    for one in costs.slots:
        yield "| " + " | ".join((code(one.slot), *numbers(one), code(one.inputs))) + " |"
    for unknown in costs.unmeasured:
        yield from ("", f"{code(unknown.slot)} was not measured: {code(unknown.reason)}")
    told = f"wasmtime {plain(costs.wasmtime)}, {load_time(costs)}"
    reason = f"Nothing was measured: {code(costs.reason)}"
    yield from ("", reason if costs.reason else f"<sub>{told}</sub>", "", "</details>")


def _breach(rule: Rule, finding: Finding) -> Iterator[str]:
    yield from ("", f"#### {_mark(rule.status)} {rule.id}: {prose(rule.sentence)}", "")
    yield f"{rule.level}, {plain(rule.source)}; {rule.status}"
    told = {"seen": finding.observed, "expected": finding.expected, "hint": finding.hint}
    text = [finding.message, *(f"{label}: {value}" for label, value in told.items() if value)]
    text += [f"at {frame}" for frame in finding.backtrace]
    text += [f"stderr: {finding.stderr}"] if finding.stderr else []
    yield from ("", *fenced("\n".join(text)), "")
    yield f"**Why:** {prose(rule.why)}"
    for fix in finding.fixes:
        language = f" in {plain(fix.language)}" if fix.language else ""
        yield from ("", f"**Fix{language}:** {prose(fix.text)}")
    if finding.again:
        yield from ("", "**Again:**", "", *fenced(finding.again))


def _family(family: str, rules: list[Rule]) -> Iterator[str]:
    yield from (f"**{plain(family)}**", "", "| | rule | |", "|---|---|---|")
    for rule in rules:
        because = f" (not testable: {rule.because})" if rule.because else ""
        yield f"| {_mark(rule.status)} | {rule.id} | {prose(rule.sentence)}{because} |"
    yield ""
