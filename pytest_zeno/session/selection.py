"""Which rules a run is about: those that run, and those that nobody asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_zeno.session import bound

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.verdict.rule import Rule

_SELECTION: Final = pytest.StashKey["Selection"]()
_UNASKED: Final = "zeno_unasked"
"""What a worker of xdist hands over: the rules that nobody asked for."""


class Selection:
    """Keeps what was selected, from the collection of a run.

    Left out is a rule that was deselected, or not named where ids of its plugin are. Any other
    that does not run is missed: a run without it is never green.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._selected: dict[Path, set[str]] = {}
        self._unasked: dict[str, list[str]] = {}
        config.stash[_SELECTION] = self

    def pytest_deselected(self, items: Iterable[pytest.Item]) -> None:
        """Note rules that nobody asked for."""
        for rule, subject in _rules_among(items):
            self._pass_over(subject, [rule.id])

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which rules of each plugin are going to run, and which were not even collected."""
        if not bound.subjects(self._config):
            return
        for rule, subject in _rules_among(session.items):
            self._selected.setdefault(subject.file, set()).add(rule.id)
        for file, subject in bound.judged(self._config).items():
            if self._in_part(file):
                self._pass_over(subject, rule_ids(subject) - self._selected.get(file, set()))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over from a worker of xdist."""
        self._unasked |= getattr(node, "workeroutput", {}).get(_UNASKED, {})

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """In a worker of xdist, hand over to the process that counts."""
        getattr(self._config, "workeroutput", {})[_UNASKED] = self._unasked

    def has(self, subject: Subject, rule: str) -> bool:
        """Whether a rule of a plugin is going to run."""
        return rule in self._selected.get(subject.file, ())

    def unasked(self, label: str) -> frozenset[str]:
        """Return the rules of a plugin, by its label, that nobody asked for."""
        return frozenset(self._unasked.get(label, ()))

    def _pass_over(self, subject: Subject, rules: Collection[str]) -> None:
        self._unasked.setdefault(bound.label(self._config, subject), []).extend(rules)

    def _in_part(self, file: Path) -> bool:
        """Whether pytest collects some rules of a plugin only: pasted ids, or --lf."""
        if self._config.getoption("lf", default=False):
            return True
        return bound.is_named_by_id(self._config, file)


def selection(config: pytest.Config) -> Selection:
    """Return the run's selection."""
    return config.stash[_SELECTION]


def rule_ids(subject: Subject) -> frozenset[str]:
    """Return the ids of the rules that a plugin is judged by."""
    from pytest_zeno.verdict.rule import applicable

    found = applicable(subject.profile, bare=subject.bare)
    return frozenset(function.zeno_rule.id for function in found)


def _rules_among(items: Iterable[pytest.Item]) -> Iterator[tuple[Rule, Subject]]:
    from pytest_zeno.session.collect import rule_of, subject_of

    for item in items:
        rule, subject = rule_of(item), subject_of(item)
        if rule and subject:
            yield rule, subject
