"""While rules run: what a rule raises becomes its outcome and its finding."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

import pytest

from pytest_zeno.session import bound, carry, costs, harness, known, options, properties
from pytest_zeno.session.selection import selection
from pytest_zeno.verdict.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.verdict.finding import Finding
    from pytest_zeno.verdict.rule import Rule

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Note:
    """What was concluded of a rule while it ran.

    ``because`` names the rule that is to blame where another one is, ``known`` says why the breach
    is expected.
    """

    status: Status
    finding: Finding | None = None
    because: str = ""
    known: str = ""


_NOTE: Final[pytest.StashKey[_Note]] = pytest.StashKey()


def reach(request: pytest.FixtureRequest, stage: Callable[[], T]) -> T:
    """Return a stage of the plugin under judgement; see `judged` for when it cannot be reached."""
    with judged(request.node):
        return stage()


@contextmanager
def judged(item: pytest.Item) -> Iterator[None]:
    """Turn what a rule raises into its outcome; other tests are left alone.

    A stage that cannot be reached is one finding, that of the rule that answers for it; others
    are not testable then. When that rule is not part of the run, the error fails whatever needs
    the stage. What no plugin answers for goes on as it is (`harness`).
    """
    from pytest_zeno.session.collect import rule_of, subject_of

    rule, subject = rule_of(item), subject_of(item)
    if rule is None or subject is None:
        yield
        return
    try:
        yield
    except Exception as error:
        note = _conclude(item, rule, subject, error)
        item.stash[_NOTE] = note
        if note.status is Status.ERROR:
            raise
        if note.status is Status.UNTESTED:
            raise pytest.skip.Exception(_untested(note)) from None
        if note.status is Status.BROKEN:
            failure = pytest.fail.Exception(_shown(item, subject, note), pytrace=False)
            # Of no use to the text, and where --pdb stops.
            raise failure.with_traceback(error.__traceback__) from None


def _conclude(item: pytest.Item, rule: Rule, subject: Subject, error: Exception) -> _Note:
    from pytest_zeno.verdict.finding import find
    from pytest_zeno.verdict.judge import outcome_of

    outcome = outcome_of(rule, error, options.level(item.config))
    if outcome.status is Status.ERROR:
        return _Note(Status.ERROR)
    if outcome.status is Status.UNTESTED:
        if selection(item.config).has(subject, outcome.because):
            return _Note(Status.UNTESTED, because=outcome.because)
        return _Note(Status.BROKEN, find(rule, error), outcome.because)
    reason = known.why(item.config, rule, subject)
    if outcome.status is Status.BROKEN and reason:
        return _Note(Status.EXPECTED, find(rule, error), known=reason)
    return _Note(outcome.status, find(rule, error))


def _untested(note: _Note) -> str:
    return f"not testable: {note.because} is broken"


def _shown(item: pytest.Item, subject: Subject, note: _Note) -> str:
    """Return a finding as text."""
    from pytest_zeno.verdict.finding import render

    if note.finding is None:
        return ""
    again = bound.again(item.config, subject, item.name)
    return render(note.finding, language=subject.language, again=again)


def finish(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Write down on a rule's report what became of it."""
    if report.when != "call" and report.passed:
        return
    from pytest_zeno.session.collect import rule_of, subject_of

    rule, subject = rule_of(item), subject_of(item)
    if rule is None or subject is None:
        return
    note = _noted(item, call, report)
    if note.status is Status.UNTESTED and note.because:
        # One place for all of them, so that pytest's summary shows one line.
        report.longrepr = (str(subject.file), 1, f"Skipped: {_untested(note)}")
    if note.known:  # what pytest calls an expected failure
        report.outcome, report.wasxfail = "skipped", note.known
    if note.status in (Status.WARNED, Status.EXPECTED):
        report.sections.append((f"{rule.id} is not kept", _shown(item, subject, note)))
    if note.status is Status.ERROR and call.excinfo:
        harness.tell(item, report, call.excinfo)
    told = properties.of(item.config, rule, subject, note.status, note.because)
    for holder in (report, item):  # JUnit reads them from the report on the teardown
        properties.write(holder, told)
    carry.attach(item, report, rule, subject, note.finding)
    costs.attach(item.config, report, subject)


def _noted(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> _Note:
    """Return what became of a rule; a failure that it did not conclude is none of the plugin's."""
    note = item.stash.get(_NOTE, None)
    if note:
        del item.stash[_NOTE]  # an item may run again
        marked = note.status is Status.BROKEN and not report.failed  # as expected (xfail)
        return replace(note, status=Status.EXPECTED) if marked else note
    if call.excinfo is None:
        return _Note(Status.KEPT)
    skipped = isinstance(call.excinfo.value, pytest.skip.Exception | pytest.xfail.Exception)
    return _Note(Status.UNTESTED if skipped else Status.ERROR)
