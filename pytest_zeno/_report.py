"""From a rule's outcome to what people and machines read: findings, counts, the verdict."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import pytest

from pytest_zeno import _bound
from pytest_zeno.errors import ZenoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_zeno.verdict.rule import Rule
    from pytest_zeno.verdict.subject import Subject
    from pytest_zeno.verdict.verdict import Verdict

T = TypeVar("T")

RULE: Final = "zeno_rule"
PLUGIN: Final = "zeno_plugin"
STATUS: Final = "zeno_status"
BECAUSE: Final = "zeno_because"
"""Names of a report's properties; they stand in JUnit files too."""

_BECAUSE: Final = pytest.StashKey[str]()
_WARNED: Final = pytest.StashKey[str]()
_TALLY: Final = pytest.StashKey["Tally"]()
_AGAIN: Final = "rerun"
"""The outcome of a report that pytest-rerunfailures follows up with another one."""

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


def reach(request: pytest.FixtureRequest, stage: Callable[[], T]) -> T:
    """Return a stage of the plugin under judgement; see `judged` for when it cannot be reached."""
    with judged(request.node):
        return stage()


@contextmanager
def judged(item: pytest.Item) -> Iterator[None]:
    """Turn what a rule raises into its outcome; other tests and other errors are left alone.

    A stage that cannot be reached is one finding, that of the rule that answers for it; others
    are not testable then. When that rule is not part of the run, the error fails whatever needs
    the stage. A SHOULD that is not kept is a warning.
    """
    from pytest_zeno._collect import rule_of, subject_of

    rule, subject = rule_of(item), subject_of(item)
    if rule is None or subject is None:
        yield
        return
    from pytest_zeno.verdict.judge import barring

    try:
        yield
    except (AssertionError, ZenoError) as error:
        other = barring(rule, error)
        if other and other.id in item.config.stash[_SELECTED].get(subject.file, ()):
            item.stash[_BECAUSE] = other.id
            raise pytest.skip.Exception(_untested(other.id)) from None
        text = _finding(item, rule, subject, error)
        if rule.level == "MUST" or isinstance(error, ZenoError):
            failure = pytest.fail.Exception(text, pytrace=False)
            # Of no use to the text, and where --pdb stops.
            raise failure.with_traceback(error.__traceback__) from None
        item.stash[_WARNED] = text


def finish(item: pytest.Item, report: pytest.TestReport) -> None:
    """Write down on a rule's report what became of it."""
    if report.when != "call" and report.passed:
        return
    from pytest_zeno._collect import rule_of, subject_of

    rule, subject = rule_of(item), subject_of(item)
    if rule is None or subject is None:
        return
    warned, because = _taken(item, _WARNED), _taken(item, _BECAUSE)
    if because:  # one place for all of them, so that pytest's summary shows one line
        report.longrepr = (str(subject.file), 1, f"Skipped: {_untested(because)}")
    if warned:
        report.sections.append((f"{rule.id} is not kept", warned))
    properties = {
        RULE: rule.id,
        PLUGIN: _bound.label(item.config, subject),
        STATUS: "warned" if warned else _outcome(report),
        BECAUSE: because,
    }
    for holder in (report, item):  # JUnit reads them from the report on the teardown
        others = [one for one in holder.user_properties if one[0] not in properties]
        holder.user_properties = [*others, *properties.items()]


def _taken(item: pytest.Item, key: pytest.StashKey[str]) -> str:
    """Return what was noted, and forget it: an item may run again."""
    text = item.stash.get(key, "")
    item.stash[key] = ""
    return text


def _outcome(report: pytest.TestReport) -> str:
    """Return a report's outcome; a rule that is broken as a mark expects is broken all the same."""
    expected = getattr(report, "wasxfail", None)
    ran = expected is not None and not expected.startswith("reason: ")
    return "failed" if ran and report.skipped else report.outcome


def _untested(because: str) -> str:
    return f"not testable: {because} is broken"


def _finding(item: pytest.Item, rule: Rule, subject: Subject, error: BaseException) -> str:
    from pytest_zeno.verdict.finding import find, render

    again = shlex.join(
        ["pytest", f"--zeno-plugin={_bound.shown(item.config, subject)}", "-k", item.name]
    )
    return render(find(rule, error), language=subject.language, again=again)


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
        rule, status = _property(report, RULE), _property(report, STATUS)
        outcome: str = report.outcome
        if not rule or (report.when != "call" and report.passed) or outcome == _AGAIN:
            return
        verdict, because = self._verdict(_property(report, PLUGIN)), _property(report, BECAUSE)
        if status == "skipped" and not because:
            return  # the user's own mark: as if it had been deselected
        verdict.add(rule, "failed" if report.failed else status, because)

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts by plugin, in the order of the command line."""
        known = [label for label in _bound.labelled(self.config) if label in self._verdicts]
        return [self._verdicts[label] for label in dict.fromkeys([*known, *self._verdicts])]

    def _verdict(self, label: str) -> Verdict:
        if label not in self._verdicts:
            from pytest_zeno._collect import applicable
            from pytest_zeno.verdict.rule import functions
            from pytest_zeno.verdict.verdict import Verdict

            subject = _bound.labelled(self.config).get(label)
            rules = applicable(subject) if subject else functions()
            self._verdicts[label] = Verdict(label, len(rules), bare=bool(subject and subject.bare))
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
        label if _bound.is_judged(config, subject.file) else f"{label} for fixtures, not judged"
        for label, subject in _bound.labelled(config).items()
    ]
    if not shown:
        return []
    from pytest_zeno.verdict.verdict import REVISION

    return [f"zeno: contract revision {REVISION}; {', '.join(shown)}"]


def summary(reporter: pytest.TerminalReporter) -> None:
    """Print what was warned of, and one verdict line for each plugin."""
    verdicts = tally(reporter.config).verdicts
    if not verdicts:
        return
    reporter.section("zeno")
    for report in reporter.getreports("warned"):
        for title, text in report.sections:
            reporter.line(f"{title} [{_property(report, PLUGIN)}]", yellow=True)
            reporter.line(f"{text}\n")
    for verdict in verdicts:
        reporter.line(str(verdict), bold=True, green=verdict.green, red=not verdict.green)
