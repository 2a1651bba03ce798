"""The file of a baseline: a YAML list of entries, with every problem at its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.manifest.form import Form
from pytest_zeno.manifest.nodes import Mapping, Node, Scalar, Sequence, described
from pytest_zeno.manifest.report import Report
from pytest_zeno.manifest.source import decode
from pytest_zeno.protocol.describe import nearest
from pytest_zeno.text import quoted
from pytest_zeno.verdict.baseline import TODO, Baseline, Entry
from pytest_zeno.verdict.comments import head
from pytest_zeno.verdict.rule import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_zeno.errors import Problem

FIELDS: Final = {
    "rule": "the id of the rule that is broken, such as STR-003",
    "plugin": "the name of the plugin, as the verdict has it",
    "reason": "why the breach is accepted",
    "owner": "who is to mend it",
    "expires": "the last day on which it is accepted, such as 2026-12-31",
}
"""The fields of an entry, all of them required, and what to write there."""

MENDED: Final = frozenset(
    f"baseline.{code}" for code in ("missing", "todo", "unknown_rule", "duplicate")
)
"""Codes of problems that writing the file anew solves, or leaves to be filled in."""

HEAD: Final = (
    "# Breaches that are known and accepted for a time; docs/ci.md says how.\n"
    "# `pytest --zeno-baseline-update` adds and drops entries; people fill them in.\n"
)


def read_baseline(data: bytes, file: str) -> tuple[Baseline, tuple[Problem, ...]]:
    """Read a baseline from its bytes; `file` is the name that the problems carry.

    No exception is raised for anything the bytes hold. An empty file is a baseline without
    entries; a field that is missing is left to be filled in.
    """
    from pytest_zeno.manifest.syntax import compose

    report = Report(file, "baseline")
    text = decode(data, report)
    top = compose(text, report) if text is not None else None
    entries: tuple[Entry, ...] = ()
    if isinstance(top, Sequence):
        entries = tuple(_read_entries(top, report))
    elif top is not None:
        hint = "begin each entry with `- rule: STR-003`"
        report.add("type", f"the baseline is {described(top)}, expected a list", top, hint=hint)
    return Baseline(file, entries), report.problems()


def _read_entries(top: Sequence, report: Report) -> Iterable[Entry]:
    first: dict[tuple[str, str], int] = {}
    known = {rule.id for rule in catalogue()}
    for index, item in enumerate(top.items):
        if not isinstance(item, Mapping):
            message = f"an entry is {described(item)}, expected a mapping"
            report.add("type", message, item, hint=f"write {', '.join(FIELDS)}")
            continue
        entry = _read_entry(Form(item, report, {}, f"[{index}]"))
        yield entry
        if entry.rule not in known | {TODO}:
            message = f"there is no rule {quoted(entry.rule, 60)}"
            report.add("unknown_rule", message, item, hint=nearest(entry.rule, known))
        before = first.setdefault(entry.key, item.line)
        if before != item.line and TODO not in entry.key:
            message = f"{entry.rule} of {entry.plugin} is listed already, on line {before}"
            report.add("duplicate", message, item, hint="keep one of the two")


def _read_entry(form: Form) -> Entry:
    """Return an entry as far as it can be read; its problems go to the form's report."""
    form.check_keys(FIELDS)
    texts = {name: " ".join(form.text(name).split()) for name in FIELDS}
    for name, text in texts.items():
        node = form.node.get(name)
        if not text and (node is None or isinstance(node, Scalar)):
            form.report.add(
                "missing", f"the entry lacks `{name}`", form.node, hint=f"write {FIELDS[name]}"
            )
        elif text == TODO:
            message = f"`{name}` is still to be filled in"
            form.report.add("todo", message, _at(form, name), hint=f"write {FIELDS[name]}")
    entry = Entry(**{name: text or TODO for name, text in texts.items()}, line=form.node.line)
    if entry.expires != TODO and entry.until is None:
        message = f"`expires` is {quoted(entry.expires, 60)}, which is no day"
        form.report.add("date", message, _at(form, "expires"), hint=f"write {FIELDS['expires']}")
    return entry


def _at(form: Form, name: str) -> Node:
    return form.node.get(name) or form.node


def write_baseline(entries: Iterable[Entry], before: str = "") -> str:
    """Return the text of a baseline; the comments at the top of the text `before` are kept."""
    import yaml

    rows = [
        {name: getattr(entry, name) for name in FIELDS} | {"expires": entry.until or entry.expires}
        for entry in entries
    ]
    body: str = yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=10_000)
    return (head(before) or HEAD) + body
