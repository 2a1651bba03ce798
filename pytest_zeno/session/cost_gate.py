"""The gate on costs: what plugins cost now, held against the file of what they cost before.

It works in the process that the user started, on the costs that reports brought there.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import pytest

from pytest_zeno.session import bound, carry, costs, options
from pytest_zeno.session.kept import KeptFile
from pytest_zeno.text import LOG, quoted, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.reports.record import Costs
    from pytest_zeno.verdict.cost_baseline import Change, Comparison, Entry
    from pytest_zeno.verdict.verdict import Verdict

_GATE: Final = pytest.StashKey["Gate"]()
_RULE: Final = "MOD-001"
"""A rule that every plugin has and that asks nothing of it: costs are measured beside any."""


def prepare(config: pytest.Config) -> None:
    """Read the file of costs that is named; raise UsageError with all that is wrong with it."""
    if hasattr(config, "workerinput"):
        return
    file = options.cost_baseline(config)
    update: bool = config.getoption("zeno_cost_update")
    if file is not None:
        config.stash[_GATE] = Gate(config, file, update=update)
    elif update:
        raise pytest.UsageError(f"{options.COST_UPDATE}: name the file by {options.COST_BASELINE}")


def decide(config: pytest.Config, verdicts: Iterable[Verdict]) -> bool:
    """Compare, or update, what the judged plugins cost; return whether measuring failed."""
    gate = config.stash.get(_GATE, None)
    if gate is None:
        return False
    gate.decide([verdict.plugin for verdict in verdicts])
    return gate.unsteady


def complaints(config: pytest.Config) -> list[str]:
    """Return what fails the run, a line each; nothing before `decide`."""
    gate = config.stash.get(_GATE, None)
    return gate.complaints if gate else []


def notes(config: pytest.Config) -> list[str]:
    """Return what there is to tell beside that."""
    gate = config.stash.get(_GATE, None)
    return gate.notes if gate else []


class Gate:
    """One file of costs and what a run makes of it.

    ``complaints`` fail the run, ``notes`` do not; ``unsteady`` is set when numbers differ though
    the files are the same.
    """

    def __init__(self, config: pytest.Config, file: Path, *, update: bool) -> None:
        self._config = config
        self._file = KeptFile(
            config, file, options.COST_BASELINE, options.COST_UPDATE, update=update
        )
        self._thresholds = options.cost_thresholds(config)
        self._entries = self._parsed()
        self._file.check_names(self._entries)
        self.complaints: list[str] = []
        self.notes: list[str] = []
        self.unsteady = False
        if not update:
            self._check_listed()

    def decide(self, labels: Iterable[str]) -> None:
        """Compare the plugins of these labels, or write what they cost."""
        self.complaints, self.notes = [], []
        if self._file.is_updated:
            self._update(labels)
            return
        for label in labels:
            found = costs.by_label(self._config).get(label)
            if found is None or found.reason:
                reason = found.reason if found else "the worker that ran its rules said nothing"
                self.complaints.append(f"{label}: costs could not be measured: {reason}")
                continue
            self._compare(label, found)

    def _parsed(self) -> dict[str, Entry]:
        from pytest_zeno.verdict.cost_file import read_costs

        entries, problems = read_costs(self._file.before or b"", self._file.shown)
        self._file.refuse(problems, "the file of costs")
        return entries

    def _check_listed(self) -> None:
        """Raise UsageError when a plugin that is judged has no entry."""
        for name in bound.names(self._config):
            if name not in self._entries:
                raise pytest.UsageError(
                    f"{options.COST_BASELINE}: {self._file.shown} does not list the plugin "
                    f"{quoted(name, 60)}; {options.COST_UPDATE} adds what it costs"
                )

    def _compare(self, label: str, found: Costs) -> None:
        from pytest_zeno.verdict.cost_baseline import compare

        subject = bound.labelled(self._config)[label]
        now = self._entry(subject, found)
        made = compare(self._entries[now.plugin], now, self._thresholds, _unmeasured(found))
        self.complaints += self._wrong(label, subject, made)
        self.unsteady |= bool(made.unsteady)
        if made.engine is not None:
            self.notes.append(
                f"{label}: the engine changed, not the plugin: {self._file.shown} has the costs by "
                f"wasmtime {made.engine}, this is {found.wasmtime}; nothing was compared: write "
                f"them anew with {options.COST_UPDATE}"
            )
        self.notes += [f"{label}: {_told(one)}" for one in made.better]
        if made.better:
            self.notes.append(f"{label}: keep what was won: {options.COST_UPDATE} writes it down")

    def _wrong(self, label: str, subject: Subject, made: Comparison) -> Iterator[str]:
        """Yield a line for all that fails the run, with what to do."""
        again = self._again(subject)
        for one in made.worse:
            yield (
                f"{label}: {_told(one)}, at most +{self._thresholds[one.metric]} % is allowed: "
                f"make it cheaper, or accept it with {options.COST_UPDATE}; again: {again}"
            )
        for one in made.unsteady:
            yield (
                f"{label}: {_told(one)}, and its files are the same: another pytest-zeno or other "
                "limits measure otherwise, or the measure is not steady, which is a defect of "
                f"pytest-zeno; {options.COST_UPDATE} writes the number anew; again: {again}"
            )
        for line in made.outdated:
            yield (
                f"{label}: {self._file.shown} is out of date: {visible(line, LOG)}: look at it and "
                f"write it anew with {options.COST_UPDATE}; again: {again}"
            )

    def _update(self, labels: Iterable[str]) -> None:
        """Write the file with what the plugins of these labels cost now."""
        from pytest_zeno.verdict.cost_baseline import renewed
        from pytest_zeno.verdict.cost_file import write_costs

        entries = dict(self._entries)
        for label in labels:
            found = costs.by_label(self._config).get(label)
            if found is None or not found.slots:
                self.notes.append(f"{label}: was not measured; what is listed stays")
                continue
            now = self._entry(bound.labelled(self._config)[label], found)
            entries[now.plugin] = renewed(entries.get(now.plugin), now, _unmeasured(found))
            self.notes += [
                f"{label}: {slot} was not measured: {reason}"
                for slot, reason in _unmeasured(found).items()
            ]
        changed = [name for name, one in entries.items() if one != self._entries.get(name)]
        if self._file.before is not None and not changed:
            self.notes.append(f"{self._file.shown}: nothing to update, {len(entries)} listed")
            return
        unwritten = self._file.write(write_costs(entries.values(), self._file.text))
        if unwritten:
            self.complaints.append(unwritten)
            return
        self.notes.append(
            f"{self._file.shown}: written, {len(entries)} listed, {len(changed)} of them changed"
        )
        self.notes += self._file.lost("only those at the top are kept")

    def _entry(self, subject: Subject, found: Costs) -> Entry:
        """Return what a plugin costs now, as the file would have it."""
        from pytest_zeno.verdict.cost_baseline import METRICS, Entry, SlotCost

        about = carry.about(self._config, subject)
        manifest = b"" if subject.bare else subject.source.file.read_bytes()
        return Entry(
            plugin=subject.name,
            wasmtime=int(found.wasmtime.partition(".")[0]),
            module=about.sha256,
            manifest=hashlib.sha256(manifest).hexdigest() if manifest else "",
            module_bytes=about.bytes,
            slots={
                one.slot: SlotCost(one.inputs, {name: getattr(one, name) for name in METRICS})
                for one in found.slots
            },
        )

    def _again(self, subject: Subject) -> str:
        """Return the command that measures a plugin again."""
        named = bound.shown(self._config, self._file.path)
        given = self._config.getoption("zeno_cost_threshold")
        more = [f"{options.COST_THRESHOLD}={text}" for text in given]
        return bound.again(self._config, subject, _RULE, f"{options.COST_BASELINE}={named}", *more)


def _told(one: Change) -> str:
    asked = f", asked {one.inputs}" if one.inputs else ""
    return f"{one.slot or 'the module'}: {one}{asked}"


def _unmeasured(found: Costs) -> dict[str, str]:
    return {one.slot: one.reason for one in found.unmeasured}
