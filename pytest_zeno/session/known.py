"""The baseline of a run: which breaches are expected, what is wrong with the list, its update.

The process that the user started reads the file; workers of xdist get what is expected from it.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_zeno.session import bound, options
from pytest_zeno.text import LOG, quoted, visible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.verdict.baseline import Baseline, Key
    from pytest_zeno.verdict.rule import Rule
    from pytest_zeno.verdict.status import Status
    from pytest_zeno.verdict.verdict import Verdict

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
        raise pytest.UsageError(f"{options.BASELINE}-update: name the file by {options.BASELINE}")


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
        self._file = file
        self._shown = visible(bound.shown(config, file))
        self._today = _today()
        self._unwritten: list[str] = []
        self.is_updated = update
        self.notes: list[str] = []
        self._before = self._read()
        self._baseline = self._parsed()
        self._check_names()

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
            found += self._baseline.unknown(self._names(), outcomes, every=self._judges_all)
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
        if self._before is not None and not (added or dropped):
            self.notes = [f"{self._shown}: nothing to update, {len(new)} listed"]
            return
        before = (self._before or b"").decode("utf-8-sig")
        try:
            self._file.write_text(write_baseline(new, before), "utf-8", newline="\n")
        except OSError as error:
            self._unwritten = [f"{self._shown}: cannot be written: {error.strerror or error}"]
            return
        note = f"{self._shown}: written, {len(new)} listed, {added} of them new, {dropped} dropped"
        todo = "; write a reason, an owner and a last day where TODO stands" if added else ""
        self.notes = [note + todo, *self._lost(before)]

    def _lost(self, before: str) -> list[str]:
        from pytest_zeno.verdict.baseline_file import lost_comments

        lines = ", ".join(map(str, lost_comments(before)))
        text = (
            f"{self._shown}: the comments that stood on line {lines} are gone: only those at the "
            "top are kept; what matters belongs into `reason`"
        )
        return [text] if lines else []

    def _read(self) -> bytes | None:
        """Return the file's bytes; None where it is to be written for the first time."""
        try:
            return self._file.read_bytes()
        except FileNotFoundError:
            if self.is_updated:
                return None
            reason = f"there is no such file; {options.BASELINE}-update writes it"
        except (OSError, ValueError) as error:
            reason = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise pytest.UsageError(f"{options.BASELINE}: {self._shown}: {reason}")

    def _parsed(self) -> Baseline:
        from pytest_zeno.verdict.baseline_file import MENDED, read_baseline

        baseline, problems = read_baseline(self._before or b"", self._shown)
        # An update solves some of them, and leaves others to be filled in.
        wrong = [one for one in problems if not (self.is_updated and one.code in MENDED)]
        if wrong:
            lines = "\n".join(visible(str(one), LOG) for one in wrong)
            raise pytest.UsageError(f"the baseline cannot be used\n{lines}")
        return baseline

    def _check_names(self) -> None:
        """Raise UsageError when an entry would stand for two plugins."""
        twice = {name for name, count in Counter(self._names()).items() if count > 1}
        listed = {entry.plugin for entry in self._baseline.entries}
        for name in sorted(twice if self.is_updated else twice & listed):
            raise pytest.UsageError(
                f"{options.BASELINE}: two plugins of this run are called {quoted(name, 60)}, and "
                "an entry is to stand for one; judge them in a run each"
            )

    def _names(self) -> list[str]:
        return [subject.name for subject in bound.judged(self._config).values()]

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
