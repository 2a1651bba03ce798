"""After rules ran: the counts, the verdict of each plugin, the run's exit code and its summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from pytest_zeno.session import bound, options
from pytest_zeno.session.outcomes import BECAUSE, LEFT_OUT, PLUGIN, RULE, STATUS, property_of

if TYPE_CHECKING:
    from pytest_zeno.verdict.verdict import Verdict

_TALLY: Final = pytest.StashKey["Tally"]()
_AGAIN: Final = "rerun"
"""The outcome of a report that pytest-rerunfailures follows up with another one."""


class Tally:
    """Counts rules by plugin, from reports alone, so that it works wherever they ran."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        config.stash[_TALLY] = self
        self._verdicts: dict[str, Verdict] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a rule's report."""
        rule, status = property_of(report, RULE), property_of(report, STATUS)
        outcome: str = report.outcome
        if not rule or (report.when != "call" and report.passed) or outcome == _AGAIN:
            return
        verdict, because = self._verdict(property_of(report, PLUGIN)), property_of(report, BECAUSE)
        if status == "skipped" and not because:
            return  # the user's own mark: as if it had been deselected
        verdict.add(rule, "failed" if report.failed else status, because)
        verdict.left_out = property_of(report, LEFT_OUT) or verdict.left_out

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts by plugin, in the order of the command line."""
        known = [label for label in bound.labelled(self.config) if label in self._verdicts]
        return [self._verdicts[label] for label in dict.fromkeys([*known, *self._verdicts])]

    def _verdict(self, label: str) -> Verdict:
        if label not in self._verdicts:
            from pytest_zeno.verdict.rule import applicable
            from pytest_zeno.verdict.verdict import Verdict

            subject = bound.labelled(self.config).get(label)
            bare = bool(subject and subject.bare)
            profile = options.profile(self.config)
            rules = applicable(profile, bare=bare)
            self._verdicts[label] = Verdict(label, len(rules), profile, bare=bare)
        return self._verdicts[label]


def tally(config: pytest.Config) -> Tally:
    """Return the run's tally."""
    return config.stash[_TALLY]


def decide(session: pytest.Session) -> None:
    """Fail a run that left open whether a plugin is conformant; what is broken has failed it."""
    if session.exitstatus == pytest.ExitCode.OK and any(
        verdict.unfounded or not verdict.ran for verdict in tally(session.config).verdicts
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def header(config: pytest.Config) -> list[str]:
    """Return the header's line: which plugins, which revision; nothing when there is none."""
    shown = [
        label if bound.is_judged(config, subject.file) else f"{label} for fixtures, not judged"
        for label, subject in bound.labelled(config).items()
    ]
    if not shown:
        return []
    from pytest_zeno.verdict.verdict import REVISION

    judged = f"contract revision {REVISION}, profile {options.profile(config)}"
    return [f"zeno: {judged}; {', '.join(shown)}"]


def summary(reporter: pytest.TerminalReporter) -> None:
    """Print what was warned of, and one verdict line for each plugin."""
    verdicts = tally(reporter.config).verdicts
    if not verdicts:
        return
    reporter.section("zeno")
    for report in reporter.getreports("warned"):
        for title, text in report.sections:
            reporter.line(f"{title} [{property_of(report, PLUGIN)}]", yellow=True)
            reporter.line(f"{text}\n")
    for verdict in verdicts:
        reporter.line(str(verdict), bold=True, green=verdict.green, red=not verdict.green)
