"""A plugin as a test file: its module is collected, the conformance suite is what it holds."""

from __future__ import annotations

import os
import types
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pytest_zeno.session import benchmark, isolation, leaks, limits, options

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.verdict.rule import Rule

PREFIX = "test_"

_SILENT: Final = ("_pytest.", "_hypothesis_", "pytest_zeno.")
"""Whose hooks say nothing about a plain function without parameters."""


class PluginFile(pytest.Module):
    """One plugin under judgement.

    Its items are plain functions: fixtures, marks, ``-k``, ``--lf`` and xdist work as on any test.
    """

    subject: Subject

    @classmethod
    def for_subject(cls, parent: pytest.Collector, subject: Subject) -> Self:
        """Return the collector of a plugin."""
        root, node_id = parent.config.rootpath, None
        if not subject.file.is_relative_to(root):  # pytest would have none for it
            node_id = node_id_of(subject.file, root)
        file: Self = cls.from_parent(parent, path=subject.file, nodeid=node_id)
        file.subject = subject
        return file

    def _getobj(self) -> types.ModuleType:
        """Return the suite as one module, without the rules that do not apply."""
        from pytest_zeno.verdict.rule import applicable

        suite = types.ModuleType("pytest_zeno.conformance", "The conformance suite.")
        for function in applicable(self.subject.profile, bare=self.subject.bare):
            setattr(suite, function.__name__, function)
        if benchmark.asked(self.config):
            setattr(suite, benchmark.NAME, benchmark.benchmark_of(self.subject))
        if leaks.asked(self.config):
            setattr(suite, leaks.NAME, leaks.leaks_of(self.config))
        return suite

    def funcnamefilter(self, name: str) -> bool:
        """Take rules by their prefix, whatever ``python_functions`` says for the user's tests."""
        return name.startswith(PREFIX) or name in (benchmark.NAME, leaks.NAME)

    def classnamefilter(self, name: str) -> bool:
        """Take no class: rules are functions."""
        return False

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Collect the rules, each with its id as a marker."""
        for item in super().collect() if self._is_shared() else self._rules():
            rule = rule_of(item)
            if rule is not None:
                item.add_marker(pytest.mark.zeno_rule(id=rule.id, level=rule.level))
                item.extra_keyword_matches.add(rule.id)
            yield item

    def _is_shared(self) -> bool:
        """Return whether others have a say in what the functions of a file become."""
        if any(hasattr(function, "pytestmark") for function in vars(self.obj).values()):
            return True  # no rules: one for each slot, say
        hooks = self.ihook.pytest_pycollect_makeitem, self.ihook.pytest_generate_tests
        impls = (impl for hook in hooks for impl in hook.get_hookimpls())
        return not all(impl.function.__module__.startswith(_SILENT) for impl in impls)

    def _rules(self) -> Iterable[pytest.Item]:
        """Collect what pytest would, with no look at what no rule has: classes and parameters."""
        for name, function in vars(self.obj).items():
            if self.funcnamefilter(name):
                yield pytest.Function.from_parent(self, name=name, callobj=function)


def node_id_of(path: Path, start: Path) -> str:
    """Return a path as node ids are written; whole where there is no way to it (Windows drives)."""
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:
        return path.as_posix()


def rule_of(item: pytest.Item | pytest.Collector) -> Rule | None:
    """Return the rule that an item tests; None for a user's own test."""
    if not isinstance(item, pytest.Function) or not isinstance(item.parent, PluginFile):
        return None
    rule: Rule | None = getattr(item.function, "zeno_rule", None)
    return rule


def subject_of(item: pytest.Item) -> Subject | None:
    """Return the plugin that an item judges; None for a user's own test."""
    return item.parent.subject if isinstance(item.parent, PluginFile) else None


def subject_for(path: Path, config: pytest.Config) -> Subject | None:
    """Return the subject of a module whose id was pasted: the plugin it belongs to, or itself."""
    from pytest_zeno.evidence.lookup import find_subject_of

    profile, run = options.profile(config), limits.of_run(config)
    return find_subject_of(path, profile, run, isolation.asked(config))
