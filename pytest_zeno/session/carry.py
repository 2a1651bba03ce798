"""Where a rule ran: its report takes along what the reports of the run are made of.

What a report carries is JSON, so that it gets through xdist.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_zeno.session import bound, options

if TYPE_CHECKING:
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.reports.record import About
    from pytest_zeno.verdict.finding import Finding
    from pytest_zeno.verdict.rule import Rule

_KEY: Final = "zeno_carried"
_ABOUT: Final = pytest.StashKey[dict[Path, "About"]]()
_TOLD: Final = pytest.StashKey[dict[Path, int]]()


def attach(
    item: pytest.Item,
    report: pytest.TestReport,
    rule: Rule,
    subject: Subject,
    found: Finding | None,
) -> None:
    """Give a rule's report what it carries, when a report file is asked for."""
    if not options.reports(item.config):
        return
    import msgspec

    from pytest_zeno.reports import gather
    from pytest_zeno.verdict import finding

    if found is None and report.failed:  # by what judges nothing: a timeout, a teardown
        found = finding.Finding(rule, report.longreprtext)
    seen = None
    if found is not None:
        seen = gather.breach(
            found,
            language=subject.language,
            again=bound.again(item.config, subject, item.name),
            shown=lambda file: _shown(item.config, Path(file)),
        )
    calls, more = gather.host_calls(_news(item.config, subject))
    carried = gather.Carried(
        rule=rule.id,
        test=item.name,
        about=about(item.config, subject),
        seconds=round(max(report.duration, 0.0), 6),
        finding=seen,
        host_calls=calls,
        more_host_calls=more,
    )
    report.__dict__[_KEY] = msgspec.to_builtins(carried)


def carried(report: pytest.TestReport) -> dict[str, Any] | None:
    """Return what a report carries, if anything."""
    return report.__dict__.get(_KEY)


def about(config: pytest.Config, subject: Subject) -> About:
    """Return which plugin is judged, found out once."""
    from pytest_zeno.reports import gather

    known = config.stash.setdefault(_ABOUT, {})
    if subject.file not in known:
        label = bound.label(config, subject)
        known[subject.file] = gather.about(subject, label, lambda path: _shown(config, path))
    return known[subject.file]


def _shown(config: pytest.Config, path: Path) -> str:
    """Return a path as reports have it, the same on each system."""
    return Path(bound.shown(config, path)).as_posix()


def _news(config: pytest.Config, subject: Subject) -> tuple[Any, ...]:
    """Return the plugin's host calls so far; nothing when no more came since the last report."""
    told = config.stash.setdefault(_TOLD, {})
    calls = subject.host_calls_so_far
    if len(calls) == told.get(subject.file, 0):
        return ()
    told[subject.file] = len(calls)
    return calls
