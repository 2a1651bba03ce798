"""The baseline of a run: which breaches are expected, what is wrong with the list, its update.

The process that the user started reads the file; workers of xdist get what is expected from it.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_zeno.session import bound, options
from pytest_zeno.session.kept import KeptFile
from pytest_zeno.text import LOG, quoted, visible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.verdict.baseline import Baseline, Key
    from pytest_zeno.verdict.rule import Rule
    from pytest_zeno.verdict.status import Status
    from pytest_zeno.verdict.verdict import Verdict

_UPDATE: Final = f"{options.BASELINE}-update"

_TODAY: Final = "ZENO_TODAY"
"""Names the day on which the baseline is to be taken, for a look ahead."""

_HANDED: Final = "zeno_known"
"""What a worker of xdist is handed: why each breach is expected."""

_EXPECTED: Final = pytest.StashKey[dict[str, str]]()
_NOTHING: Final[dict[str, str]] = {}
_KNOWN: Final = pytest.StashKey["Known"]()


def prepare(config: pytest.Config) -> None:
    """Read the baseline that is named; raise UsageError with all that is wrong with it."""
    if hasattr(config, "workerinput"):
        config.stash[_EXPECTED] = config.workerinput.get(_HANDED, {})
        return
    update: bool = config.getoption("zeno_baseline_update")
    file = options.baseline(config)
    if file is not None:
        config.stash[_KNOWN] = known = Known(config, file, update=update)
        config.stash[_EXPECTED] = known.expected()
        config.pluginmanager.register(known, "zeno-known")
    elif update:
        raise pytest.UsageError(f"{_UPDATE}: name the file by {options.BASELINE}")


def why(config: pytest.Config, rule: Rule, subject: Subject) -> str:
    """Return why a breach is expected, "" when it is not."""
    return config.stash.get(_EXPECTED, _NOTHING).get(_entry(rule.id, subject.name), "")


def complaints(config: pytest.Config, verdicts: Iterable[Verdict]) -> list[str]:
    """Return what is wrong with the baseline in the light of a run, a line each."""
    known = config.stash.get(_KNOWN, None)
    return known.complaints(verdicts) if known else []


def update(config: pytest.Config, verdicts: Iterable[Verdict]) -> None:
    """Write the baseline anew, where that is asked for."""
    known = config.stash.get(_KNOWN, None)
    if known and known.is_updated:
        known.update(verdicts)


def notes(config: pytest.Config) -> list[str]:
    """Return what there is to tell of an update."""
    known = config.stash.get(_KNOWN, None)
    return known.notes if known else []


class Known:
    """One baseline and what a run makes of it."""

    def __init__(self, config: pytest.Config, file: Path, *, update: bool) -> None:
        self._config = config
        self._file = KeptFile(config, file, options.BASELINE, _UPDATE, update=update)
        self._today = _today()
        self._unwritten: list[str] = []
        self.is_updated = update
        self.notes: list[str] = []
        self._baseline = self._parsed()
        self._file.check_names(entry.plugin for entry in self._baseline.entries)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand a worker of xdist what is expected."""
        node.workerinput[_HANDED] = self.expected()

    def expected(self) -> dict[str, str]:
        """Return why each breach is expected, by `_entry`; nothing but texts gets through xdist."""
        accepted = self._baseline.accepted(self._today)
        return {_entry(*key): visible(str(entry), LOG) for key, entry in accepted.items()}

    def complaints(self, verdicts: Iterable[Verdict]) -> list[str]:
        """Return what fails the run: entries that are over, gone, or of no plugin."""
        found = self._baseline.expired(self._today)
        if not self.is_updated:
            outcomes = self._outcomes(verdicts)
            found += self._baseline.stale(outcomes)
            found += self._baseline.unknown(
                bound.names(self._config), outcomes, every=self._judges_all
            )
        found.sort(key=lambda problem: problem.line)
        return [*map(str, found), *self._unwritten]

    def update(self, verdicts: Iterable[Verdict]) -> None:
        """Write the file anew where its entries change, and note what was done."""
        from pytest_zeno.verdict.baseline import updated
        from pytest_zeno.verdict.baseline_file import write_baseline
        from pytest_zeno.verdict.rule import catalogue

        old = self._baseline.entries
        new = updated(old, self._outcomes(verdicts), {rule.id for rule in catalogue()})
        added = len({entry.key for entry in new} - {entry.key for entry in old})
        dropped = len(old) + added - len(new)
        shown = self._file.shown
        if self._file.before is not None and not (added or dropped):
            self.notes = [f"{shown}: nothing to update, {len(new)} listed"]
            return
        unwritten = self._file.write(write_baseline(new, self._file.text))
        if unwritten:
            self._unwritten = [unwritten]
            return
        note = f"{shown}: written, {len(new)} listed, {added} of them new, {dropped} dropped"
        todo = "; write a reason, an owner and a last day where TODO stands" if added else ""
        lost = self._file.lost("only those at the top are kept; what matters belongs into `reason`")
        self.notes = [note + todo, *lost]

    def _parsed(self) -> Baseline:
        from pytest_zeno.verdict.baseline_file import MENDED, read_baseline

        baseline, problems = read_baseline(self._file.before or b"", self._file.shown)
        # An update solves some of them, and leaves others to be filled in.
        wrong = [one for one in problems if not (self.is_updated and one.code in MENDED)]
        self._file.refuse(wrong, "the baseline")
        return baseline

    @property
    def _judges_all(self) -> bool:
        """Whether the run judges what the ini file names, which is all there is."""
        config = self._config
        named = config.getoption("zeno_plugin") or config.args_source is config.ArgsSource.ARGS
        return bool(bound.judged(config)) and not named

    def _outcomes(self, verdicts: Iterable[Verdict]) -> dict[Key, Status]:
        """Return what became of the rules; a breach that is another rule's is none of them."""
        names = {label: one.name for label, one in bound.labelled(self._config).items()}
        return {
            (rule, names[verdict.plugin]): status
            for verdict in verdicts
            for rule, status in verdict.statuses.items()
            if not verdict.because[rule]
        }


def _entry(rule: str, plugin: str) -> str:
    return f"{rule} {plugin}"


def _today() -> date:
    """Return the day that the environment names, or today in UTC."""
    given = os.environ.get(_TODAY)
    if not given:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise pytest.UsageError(
            f"{_TODAY} is {quoted(given, 60)}, expected a day such as 2026-12-31"
        ) from None
