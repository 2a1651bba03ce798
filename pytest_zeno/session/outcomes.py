"""While rules run: what a rule raises becomes its outcome and its finding."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import pytest

from pytest_zeno.errors import ZenoError
from pytest_zeno.session import bound, carry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.verdict.finding import Finding

T = TypeVar("T")

RULE: Final = "zeno_rule"
PLUGIN: Final = "zeno_plugin"
STATUS: Final = "zeno_status"
BECAUSE: Final = "zeno_because"
LEFT_OUT: Final = "zeno_left_out"
"""Names of a report's properties; they stand in JUnit files too."""

_BECAUSE: Final = pytest.StashKey[str]()
_WARNED: Final = pytest.StashKey[str]()
_FOUND: Final[pytest.StashKey[Finding | None]] = pytest.StashKey()
_SELECTED: Final = pytest.StashKey[dict[Path, frozenset[str]]]()


def remember_rules(session: pytest.Session) -> None:
    """Keep which rules of each plugin are going to run."""
    found: dict[Path, set[str]] = {}
    if bound.subjects(session.config):
        from pytest_zeno.session.collect import rule_of, subject_of

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
    from pytest_zeno.session.collect import rule_of, subject_of

    rule, subject = rule_of(item), subject_of(item)
    if rule is None or subject is None:
        yield
        return
    from pytest_zeno.verdict.finding import find, render
    from pytest_zeno.verdict.judge import barring

    try:
        yield
    except (AssertionError, ZenoError) as error:
        other = barring(rule, error)
        if other and other.id in item.config.stash[_SELECTED].get(subject.file, ()):
            item.stash[_BECAUSE] = other.id
            raise pytest.skip.Exception(_untested(other.id)) from None
        found = find(rule, error)
        item.stash[_FOUND] = found
        again = bound.again(item.config, subject, item.name)
        text = render(found, language=subject.language, again=again)
        if rule.level == "MUST" or isinstance(error, ZenoError):
            failure = pytest.fail.Exception(text, pytrace=False)
            # Of no use to the text, and where --pdb stops.
            raise failure.with_traceback(error.__traceback__) from None
        item.stash[_WARNED] = text


def finish(item: pytest.Item, report: pytest.TestReport) -> None:
    """Write down on a rule's report what became of it."""
    if report.when != "call" and report.passed:
        return
    from pytest_zeno.session.collect import rule_of, subject_of

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
        PLUGIN: bound.label(item.config, subject),
        STATUS: "warned" if warned else _outcome(report),
        BECAUSE: because,
        "zeno_level": rule.level,
        "zeno_section": rule.source,
        "zeno_profile": subject.profile,
    }
    if left_out := _left_out(subject):
        properties[LEFT_OUT] = left_out
    for holder in (report, item):  # JUnit reads them from the report on the teardown
        others = [one for one in holder.user_properties if one[0] not in properties]
        holder.user_properties = [*others, *properties.items()]
    carry.attach(item, report, rule, subject, item.stash.get(_FOUND, None))
    item.stash[_FOUND] = None


def _left_out(subject: Subject) -> str:
    """Return what there was no time to ask a plugin so far, "" when there was."""
    generated, _ = subject.outcomes.get("generated", (None, None))
    return generated.left_out if generated else ""


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


def property_of(report: pytest.TestReport, name: str) -> str:
    """Return a property that `finish` wrote, "" when there is none."""
    return next((str(value) for key, value in report.user_properties if key == name), "")


def status(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Return category, letter and word for a SHOULD that is not kept."""
    if report.when == "call" and property_of(report, STATUS) == "warned":
        return "warned", "w", "WARNED"
    return None
