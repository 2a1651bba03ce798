"""From a rule's outcome to what people and machines read: findings, counts, the verdict."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pytest_zeno import _bound
from pytest_zeno.errors import ZenoError

if TYPE_CHECKING:
    from pytest_zeno.verdict.rule import Rule
    from pytest_zeno.verdict.subject import Subject
    from pytest_zeno.verdict.verdict import Verdict

RULE: Final = "zeno_rule"
PLUGIN: Final = "zeno_plugin"
STATUS: Final = "zeno_status"
BECAUSE: Final = "zeno_because"
"""Names of a report's properties; they stand in JUnit files too."""

_TALLY: Final = pytest.StashKey["Tally"]()
_SELECTED: Final = pytest.StashKey[dict[Path, frozenset[str]]]()


# -- while rules run -------------------------------------------------------------------------------


def remember_rules(session: pytest.Session) -> None:
    """Keep which rules of each plugin are going to run."""
    found: dict[Path, set[str]] = {}
    if _bound.subjects(session.config):
        from pytest_zeno._collect import rule_of, subject_of

        for item in session.items:
            rule, subject = rule_of(item), subject_of(item)
            if rule and subject:
                found.setdefault(subject.file, set()).add(rule.id)
    session.config.stash[_SELECTED] = {file: frozenset(ids) for file, ids in found.items()}


def finish(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Turn pytest's report on a rule into one of ours; a user's own tests are left alone."""
    if call.when != "call" and report.passed:
        return
    from pytest_zeno._collect import rule_of, subject_of

    rule, subject = rule_of(item), subject_of(item)
    if rule is None or subject is None:
        return
    status: str = report.outcome
    because = ""
    if call.excinfo is not None and report.failed:
        error = call.excinfo.value
        because = _answerable(item, rule, subject, error)
        if because:
            report.outcome = "skipped"
            report.longrepr = (str(subject.file), 0, f"Skipped: not testable: {because} is broken")
            status = "skipped"
        else:
            status = _found(item, rule, subject, error, report)
    report.user_properties += [
        (RULE, rule.id),
        (PLUGIN, _bound.label(subject)),
        (STATUS, status),
        (BECAUSE, because),
    ]


def _answerable(item: pytest.Item, rule: Rule, subject: Subject, error: BaseException) -> str:
    """Return the id of the other rule of this run that answers for `error`, or "".

    A stage that cannot be reached is one finding: its rule's. When that rule is not part of the
    run, the error fails whatever needs the stage.
    """
    from pytest_zeno.verdict.rule import owner_of

    owner = owner_of(error) if isinstance(error, ZenoError) else None
    selected = item.config.stash[_SELECTED].get(subject.file, frozenset())
    return owner.id if owner and owner != rule and owner.id in selected else ""


def _found(
    item: pytest.Item, rule: Rule, subject: Subject, error: BaseException, report: pytest.TestReport
) -> str:
    """Put the finding into the report; return its status."""
    from pytest_zeno.verdict.finding import find, render

    again = shlex.join(["pytest", f"--zeno-plugin={subject.path}", "-k", item.name])
    text = render(find(rule, error), language=subject.language, again=again)
    if rule.level == "MUST" or not isinstance(error, AssertionError):
        report.longrepr = text
        return "failed"
    report.outcome, report.longrepr = "passed", None
    report.sections.append((f"{rule.id} is not kept", text))
    return "warned"


# -- afterwards ------------------------------------------------------------------------------------


def _property(report: pytest.TestReport, name: str) -> str:
    return next((str(value) for key, value in report.user_properties if key == name), "")


def status(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Return category, letter and word for a SHOULD that is not kept."""
    if report.when == "call" and _property(report, STATUS) == "warned":
        return "warned", "w", "WARNED"
    return None


class Tally:
    """Counts rules by plugin, from reports alone, so that it works wherever they ran."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        config.stash[_TALLY] = self
        self._verdicts: dict[str, Verdict] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a rule's report."""
        rule = _property(report, RULE)
        if rule:
            verdict = self._verdict(_property(report, PLUGIN))
            verdict.add(rule, _property(report, STATUS), _property(report, BECAUSE))

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts by plugin, in the order of the command line."""
        order = [_bound.label(subject) for subject in _bound.subjects(self.config).values()]
        known = [label for label in order if label in self._verdicts]
        return [self._verdicts[label] for label in dict.fromkeys([*known, *self._verdicts])]

    def _verdict(self, label: str) -> Verdict:
        if label not in self._verdicts:
            from pytest_zeno._collect import applicable
            from pytest_zeno.verdict.verdict import Verdict

            labelled = {_bound.label(s): s for s in _bound.subjects(self.config).values()}
            subject = labelled.get(label)
            rules = len(applicable(subject)) if subject else 0
            self._verdicts[label] = Verdict(label, rules, bare=bool(subject and subject.bare))
        return self._verdicts[label]


def tally(config: pytest.Config) -> Tally:
    """Return the run's tally."""
    return config.stash[_TALLY]


def decide(session: pytest.Session) -> None:
    """Fail a run in which a plugin was judged and its verdict is not green."""
    if session.exitstatus == pytest.ExitCode.OK and any(
        not verdict.green for verdict in tally(session.config).verdicts
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def header(config: pytest.Config) -> list[str]:
    """Return the header's line: which plugins, which revision; nothing when there is none."""
    found = _bound.subjects(config).values()
    if not found:
        return []
    from pytest_zeno.verdict.verdict import REVISION

    return [f"zeno: contract revision {REVISION}; {', '.join(_bound.label(s) for s in found)}"]


def summary(reporter: pytest.TerminalReporter) -> None:
    """Print what was warned of, and one verdict line for each plugin."""
    verdicts = tally(reporter.config).verdicts
    if not verdicts:
        return
    reporter.section("zeno")
    for report in reporter.getreports("warned"):
        for title, text in report.sections:
            reporter.line(f"{title} [{_property(report, PLUGIN)}]", yellow=True)
            reporter.line(text)
    for verdict in verdicts:
        reporter.line(str(verdict), bold=True, green=verdict.green, red=not verdict.green)
