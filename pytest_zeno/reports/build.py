"""Where the run ends: from what reports carried and the verdicts to one record."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from pytest_zeno.reports.gather import Carried
from pytest_zeno.reports.record import Counts, Plugin, Rule, Run, overall
from pytest_zeno.text import visible
from pytest_zeno.verdict.rule import by_family
from pytest_zeno.verdict.status import Status
from pytest_zeno.verdict.verdict import REVISION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_zeno.reports.record import About, Costs, Word
    from pytest_zeno.verdict import rule
    from pytest_zeno.verdict.verdict import Verdict

_NO_COSTS: Final[Mapping[str, Costs]] = MappingProxyType({})


class Gathered:
    """What the reports of a run carried, by plugin and rule; they come in any order."""

    def __init__(self) -> None:
        self._rules: dict[str, dict[str, Carried]] = {}
        self._calls: dict[str, Carried] = {}

    def add(self, label: str, carried: dict[str, Any]) -> None:
        """Take what a report carried; of a rule that ran twice, what tells more."""
        new = msgspec.convert(carried, Carried)
        rules = self._rules.setdefault(label, {})
        if new.rule not in rules or new.finding is not None:
            rules[new.rule] = new
        last = self._calls.setdefault(label, new)
        if len(new.host_calls) > len(last.host_calls):
            self._calls[label] = new

    def meet(self, label: str, about: About) -> None:
        """Take which plugin a label stands for, where no report of its rules told."""
        self._rules.setdefault(label, {})
        self._calls.setdefault(label, Carried(rule="", test="", about=about))

    def plugin(self, verdict: Verdict, costs: Costs | None = None) -> Plugin:
        """Return a plugin as a record has it; the verdict says what became of each rule."""
        carried, calls = self._rules[verdict.plugin], self._calls[verdict.plugin]
        rules = tuple(
            _rule(rule, status, verdict.because[rule.id], carried.get(rule.id))
            for rule in by_family()
            if (status := verdict.statuses.get(rule.id))
        )
        return Plugin(
            about=calls.about,
            verdict=cast("Word", verdict.word),
            line=str(verdict),
            counts=_counts(len(verdict.rules), [rule.status for rule in rules]),
            rules=rules,
            host_calls=calls.host_calls,
            more_host_calls=calls.more_host_calls,
            costs=costs,
        )


def record(
    verdicts: Iterable[Verdict],
    gathered: Gathered,
    *,
    exit_code: int,
    version: str,
    costs: Mapping[str, Costs] = _NO_COSTS,
    date: str = "",
) -> Run:
    """Return the record of a run. `costs` are by label; `date` is when it ended, in ISO 8601."""
    plugins = tuple(gathered.plugin(verdict, costs.get(verdict.plugin)) for verdict in verdicts)
    return Run(
        verdict=overall([plugin.verdict for plugin in plugins]),
        exit_code=exit_code,
        version=version,
        revision=REVISION,
        plugins=plugins,
        date=visible(date),
    )


def _counts(rules: int, statuses: list[Status]) -> Counts:
    return Counts(rules=rules, **{status: statuses.count(status) for status in statuses})


def _rule(rule: rule.Rule, status: Status, because: str, carried: Carried | None) -> Rule:
    told = status not in (Status.KEPT, Status.UNTESTED)
    return Rule(
        id=rule.id,
        test=rule.test,
        level=rule.level,
        source=rule.source,
        family=rule.family.capitalize(),
        sentence=rule.sentence,
        why=rule.why,
        status=status,
        because=because if status is Status.UNTESTED else "",
        seconds=carried.seconds if carried else 0.0,
        finding=carried.finding if carried and told else None,
    )
