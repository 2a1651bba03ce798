"""What stands on the report of a rule: its id, its plugin, what became of it, what barred it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.session import bound
from pytest_zeno.verdict.status import Status

if TYPE_CHECKING:
    import pytest

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.verdict.rule import Rule

RULE: Final = "zeno_rule"
PLUGIN: Final = "zeno_plugin"
STATUS: Final = "zeno_status"
BECAUSE: Final = "zeno_because"
LEFT_OUT: Final = "zeno_left_out"
"""Names of a report's properties; they stand in JUnit files too."""

_AGAIN: Final = "rerun"
"""The outcome of a report that pytest-rerunfailures follows up with another one."""

_SHOWN: Final = {
    Status.WARNED: ("warned", "w", "WARNED"),
    Status.EXPECTED: ("expected", "x", "EXPECTED"),
    Status.BROKEN: ("failed", "F", "FAILED"),
    Status.ERROR: ("error", "E", "ERROR"),
}
"""Category, letter and word of a status, whatever phase of the test it came in; the others are
pytest's own."""


def of(
    config: pytest.Config, rule: Rule, subject: Subject, status: Status, because: str = ""
) -> dict[str, str]:
    """Return what is to stand on the report of a rule."""
    generated = subject.outcomes.get("generated", (None,))[0]
    left_out: str = generated.left_out if generated else ""
    told = {
        RULE: rule.id,
        PLUGIN: bound.label(config, subject),
        STATUS: status.value,
        BECAUSE: because,
        "zeno_level": rule.level,
        "zeno_section": rule.source,
        "zeno_profile": subject.profile,
    }
    return told | {LEFT_OUT: left_out} if left_out else told


def write(holder: pytest.TestReport | pytest.Item, properties: dict[str, str]) -> None:
    """Write properties on a report or an item, over what was written before."""
    others = [one for one in holder.user_properties if one[0] not in properties]
    holder.user_properties = [*others, *properties.items()]


def read(report: pytest.TestReport, name: str) -> str:
    """Return a property of a report, "" when there is none, as of a collection."""
    return next(
        (str(value) for key, value in getattr(report, "user_properties", ()) if key == name), ""
    )


def status_of(report: pytest.TestReport) -> Status | None:
    """Return what became of a rule by this report; None of a report that does not say so.

    Those are the reports of the user's own tests, of files that could not be collected, of phases
    that only passed, and of a try that is followed by another.
    """
    told = (report.when == "call" or not report.passed) and str(report.outcome) != _AGAIN
    name = read(report, STATUS) if told else ""
    return Status(name) if name else None


def shown(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Return category, letter and word of a rule's report where they are not pytest's own."""
    status = status_of(report)
    return _SHOWN.get(status) if status else None
