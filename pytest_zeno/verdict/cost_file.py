"""The file of what plugins cost: a YAML mapping by plugin, with every problem at its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.manifest.form import Form
from pytest_zeno.manifest.nodes import Mapping, Node, described, value_of
from pytest_zeno.manifest.report import Report
from pytest_zeno.manifest.source import decode
from pytest_zeno.verdict.comments import head
from pytest_zeno.verdict.cost_baseline import METRICS, MODULE, Entry, SlotCost

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_zeno.errors import Problem

FIELDS: Final = ("wasmtime", "module", "manifest", MODULE, "slots")
SLOT_FIELDS: Final = ("inputs", *METRICS)

HEAD: Final = (
    "# What one call of each slot costs; docs/costs.md says how it is compared.\n"
    "# `pytest --zeno-cost-update` writes it.\n"
)
_AGAIN: Final = "have it written by --zeno-cost-update"


def read_costs(data: bytes, file: str) -> tuple[dict[str, Entry], tuple[Problem, ...]]:
    """Read what plugins cost, by their names; `file` is the name that the problems carry.

    No exception is raised for anything the bytes hold. An empty file lists no plugin; what cannot
    be read is a problem and stands as 0 or as nothing.
    """
    from pytest_zeno.manifest.syntax import compose

    report = Report(file, "costs")
    text = decode(data, report)
    top = compose(text, report) if text is not None else None
    if top is None:
        return {}, report.problems()
    if not isinstance(top, Mapping):
        report.add("type", f"the file is {described(top)}, expected a mapping", top, hint=_AGAIN)
        return {}, report.problems()
    plugins = Form(top, report, {})
    entries = {
        key.text: _entry(key.text, _form(plugins, path, node))
        for key, path, node in plugins.members()
    }
    return entries, report.problems()


def _form(parent: Form, path: str, node: Node) -> Form:
    """Return a member as a form; null is no mapping here."""
    if not isinstance(node, Mapping):
        parent.wrong(path, node, "a mapping", _AGAIN)
        return Form(Mapping(0, 0, ()), Report(""), {}, path)
    return parent.as_form(path, node)


def _entry(plugin: str, form: Form) -> Entry:
    form.check_keys(FIELDS)
    slots = form.form("slots")
    return Entry(
        plugin=plugin,
        wasmtime=_number(form, "wasmtime"),
        module=_text(form, "module"),
        manifest=form.text("manifest"),
        module_bytes=_number(form, MODULE),
        slots={key.text: _slot(_form(slots, path, node)) for key, path, node in slots.members()},
    )


def _slot(form: Form) -> SlotCost:
    form.check_keys(SLOT_FIELDS)
    return SlotCost(_text(form, "inputs"), {name: _number(form, name) for name in METRICS})


def _number(form: Form, name: str) -> int:
    """Return a whole number from 0 on; anything else is reported."""
    node = form.node.get(name)
    value: Any = None if node is None else value_of(node)
    if type(value) is int and value >= 0:
        return value
    if node is None:
        _missing(form, name)
    else:
        form.wrong(form.within(name), node, "a whole number from 0 on", _AGAIN)
    return 0


def _text(form: Form, name: str) -> str:
    if form.node.get(name) is None:
        _missing(form, name)
    return form.text(name)


def _missing(form: Form, name: str) -> None:
    form.report.add("missing", f"`{form.path}` lacks `{name}`", form.node, hint=_AGAIN)


def write_costs(entries: Iterable[Entry], before: str = "") -> str:
    """Return the file's text, plugins by name; the comments at the top of `before` are kept."""
    import yaml

    plugins = {one.plugin: _row(one) for one in sorted(entries, key=lambda one: one.plugin)}
    body: str = yaml.safe_dump(plugins, sort_keys=False, allow_unicode=True, width=10_000)
    return (head(before) or HEAD) + body


def _row(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(entry, name) for name in FIELDS}
    row["slots"] = {
        slot: {"inputs": cost.inputs, **cost.numbers} for slot, cost in sorted(entry.slots.items())
    }
    return row
