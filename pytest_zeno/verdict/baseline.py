"""The baseline: breaches that are known, each with a reason, an owner and a last day.

An entry stands for one rule on one plugin, whatever the rule saw: what is new about a breach that
is known is not told apart from what is old. Nothing else that befalls the rule is expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import Problem
from pytest_zeno.verdict.status import Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

TODO: Final = "TODO"
"""What `updated` writes where a person has to."""

Key = tuple[str, str]
"""A rule's id and a plugin's name: what an entry is about."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One known breach. ``expires`` is the last day on which it is accepted, ``line`` its place."""

    rule: str
    plugin: str
    reason: str = TODO
    owner: str = TODO
    expires: str = TODO
    line: int = 0

    @property
    def key(self) -> Key:
        """What the entry is about."""
        return self.rule, self.plugin

    @property
    def until(self) -> date | None:
        """The last day on which it is accepted; None while that is not filled in."""
        try:
            return date.fromisoformat(self.expires)
        except ValueError:
            return None

    def accepted(self, today: date) -> bool:
        """Whether the breach is expected today."""
        return TODO not in (self.reason, self.owner) and bool(self.until and today <= self.until)

    def __str__(self) -> str:
        """Return why the breach is accepted, by whom and how long, on one line."""
        return f"{self.reason} ({self.owner}, until {self.expires})"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The entries of one file, in its order."""

    file: str
    entries: tuple[Entry, ...] = ()

    def accepted(self, today: date) -> dict[Key, Entry]:
        """Return the breaches that are expected today."""
        return {entry.key: entry for entry in self.entries if entry.accepted(today)}

    def expired(self, today: date) -> list[Problem]:
        """Return a problem for each entry whose last day is over, its plugin judged or not."""
        return [
            self._problem(
                entry,
                "expired",
                f"the entry for {entry.rule} of {entry.plugin} expired on {entry.expires}",
                f"mend the plugin, or agree with {entry.owner} on another day",
            )
            for entry in self.entries
            if entry.until and entry.until < today
        ]

    def stale(self, outcomes: Mapping[Key, Status]) -> list[Problem]:
        """Return a problem for each breach that was looked for and is gone."""
        return [
            self._problem(
                entry,
                "kept",
                f"{entry.plugin} keeps {entry.rule} now",
                "remove the entry, or run with --zeno-baseline-update",
            )
            for entry in self.entries
            if outcomes.get(entry.key) is Status.KEPT
        ]

    def unknown(
        self, plugins: Collection[str], outcomes: Mapping[Key, Status], *, every: bool
    ) -> list[Problem]:
        """Return a problem for each entry whose plugin is none of `plugins` and should be.

        It should where the run judges `every` plugin of the project, and where its rule is broken
        by a plugin that has no entry for it. Otherwise another run judges that plugin.
        """
        broken = {rule for (rule, _), status in outcomes.items() if status is Status.BROKEN}
        return [
            self._problem(
                entry,
                "unknown_plugin",
                f"the entry for {entry.rule} names the plugin {entry.plugin}, which this run does "
                "not judge",
                f"write {' or '.join(sorted(plugins))}, or remove the entry",
            )
            for entry in self.entries
            if entry.plugin not in plugins and (every or entry.rule in broken)
        ]

    def _problem(self, entry: Entry, code: str, message: str, hint: str) -> Problem:
        return Problem(f"baseline.{code}", message, self.file, entry.line, 1, hint=hint)


def updated(
    entries: Iterable[Entry], outcomes: Mapping[Key, Status], rules: Collection[str]
) -> list[Entry]:
    """Return the entries that a run leaves, by plugin and rule.

    What is broken and not listed is added, to be filled in. An entry goes when its plugin keeps
    the rule, when there is no such rule, or when it repeats another. What did not run stays.
    """
    left: dict[Key, Entry] = {}
    for entry in entries:
        if entry.rule in rules and outcomes.get(entry.key) is not Status.KEPT:
            left.setdefault(entry.key, entry)
    for key, status in outcomes.items():
        if status is Status.BROKEN:
            left.setdefault(key, Entry(*key))
    return sorted(left.values(), key=lambda entry: (entry.plugin, entry.rule))
