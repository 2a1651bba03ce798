"""After rules ran: what became of them, plugin by plugin, and whether the run may pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from pytest_zeno.session import bound, cost_gate, harness, known, options, properties
from pytest_zeno.session.selection import rule_ids, selection
from pytest_zeno.verdict.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.verdict.verdict import Verdict

_TALLY: Final = pytest.StashKey["Tally"]()

_NAMED: Final = 8
"""Rules named in one line."""


class Tally:
    """Counts rules by plugin, from reports alone, so that it works wherever they ran."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._verdicts: dict[str, Verdict] = {}
        self.harness_failed = False
        config.stash[_TALLY] = self

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a rule's report."""
        harness.blame(self._config, report)
        status = properties.status_of(report)
        if status is None:
            return
        self.harness_failed |= status is Status.ERROR
        verdict = self._verdict(properties.read(report, properties.PLUGIN))
        rule = properties.read(report, properties.RULE)
        verdict.add(rule, status, properties.read(report, properties.BECAUSE))
        verdict.left_out = properties.read(report, properties.LEFT_OUT) or verdict.left_out

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts by plugin, in the order of the command line; none of one left out whole."""
        every = [self._verdict(label) for label in self._judged]
        return [verdict for verdict in every if verdict.statuses or verdict.unmet]

    @property
    def complaints(self) -> list[str]:
        """What keeps the run from passing beside what is broken, a line each, with what to do."""
        verdicts = self.verdicts
        missed = [line for verdict in verdicts for line in _missed(verdict)]
        harness_failed = [f"{harness.NAME}: {harness.ADVICE}"] if self.harness_failed else []
        return [
            *missed,
            *self._few(),
            *known.complaints(self._config, verdicts),
            *cost_gate.complaints(self._config),
            *harness_failed,
        ]

    def _few(self) -> Iterator[str]:
        """Yield a line for each plugin of which fewer rules were tested than must be."""
        floor = options.min_rules(self._config)
        for label in self._judged:
            tested = self._verdict(label).tested
            if tested < floor:
                yield (
                    f"{label}: {tested} rules were tested, --zeno-min-rules asks for {floor}: run "
                    "more of them (-k, -m and ids leave rules out), or lower the number"
                )
        if not self._judged and self._config.getoption("zeno_min_rules"):
            yield (
                f"no plugin was judged, --zeno-min-rules asks for {floor} rules: name a plugin "
                "with --zeno-plugin, and no files besides"
            )

    @property
    def _judged(self) -> list[str]:
        subjects = bound.judged(self._config).values()
        return [bound.label(self._config, subject) for subject in subjects]

    def _verdict(self, label: str) -> Verdict:
        if label not in self._verdicts:
            self._verdicts[label] = _new(self._config, label)
        verdict = self._verdicts[label]
        verdict.unasked = selection(self._config).unasked(label)
        return verdict


def _new(config: pytest.Config, label: str) -> Verdict:
    from pytest_zeno.verdict.verdict import Verdict

    subject = bound.labelled(config)[label]
    settings = subject.profile, options.level(config)
    return Verdict(label, rule_ids(subject), *settings, bare=subject.bare)


def _missed(verdict: Verdict) -> Iterator[str]:
    """Yield a line on rules that nothing tested and nothing that was found bars."""
    missed = verdict.missed
    if missed:
        names = ", ".join(missed[:_NAMED]) + (", …" if missed[_NAMED:] else "")
        yield (
            f"{verdict.plugin}: {len(missed)} of {len(verdict.rules)} rules were asked for and not "
            f"tested ({names}): let them run, or leave them out by -k, -m or --deselect; a breach "
            "that is known belongs into --zeno-baseline"
        )


def tally(config: pytest.Config) -> Tally:
    """Return the run's tally."""
    return config.stash[_TALLY]


def decide(session: pytest.Session) -> None:
    """Set the exit code: never 0 for a run that left something open, 3 where the harness failed.

    3 goes before 1: of a run in which the harness failed it is not known what else is broken.
    """
    run = tally(session.config)
    if hasattr(session.config, "workerinput") or session.config.option.collectonly:
        return
    if session.exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return
    known.update(session.config, run.verdicts)
    unsteady = cost_gate.decide(session.config, run.verdicts)
    if run.harness_failed or unsteady:
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
    elif run.complaints:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
