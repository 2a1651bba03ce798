"""What a run says of plugins: a line at its head, the findings and verdicts at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_zeno.session import (
    bound,
    cost_gate,
    costs,
    isolation,
    known,
    leaks,
    limits,
    options,
    properties,
)
from pytest_zeno.session.tally import tally
from pytest_zeno.text import LOG, visible

if TYPE_CHECKING:
    import pytest

    from pytest_zeno.verdict.verdict import Verdict


def header(config: pytest.Config) -> list[str]:
    """Return the header's line: which plugins, by what measure; nothing when there is none."""
    shown = [
        label if bound.is_judged(config, subject.file) else f"{label} for fixtures, not judged"
        for label, subject in bound.labelled(config).items()
    ]
    if not shown:
        return []
    from pytest_zeno.verdict.verdict import REVISION

    measure = f"contract revision {REVISION}, profile {options.profile(config)}"
    if options.level(config) != "MUST":
        measure += f", level {options.level(config).lower()}"
    changed = limits.changed(config)
    if changed:
        measure += ", limits " + " ".join(f"{name}={value}" for name, value in changed.items())
    if isolation.asked(config):
        measure += ", isolated"
    return [f"zeno: {measure}; {visible(', '.join(shown))}"]


def summary(reporter: pytest.TerminalReporter) -> None:
    """Print what was warned of, one verdict line for each plugin, and why a run must not pass."""
    run = tally(reporter.config)
    watched = list(leaks.table(reporter))
    if reporter.config.option.collectonly or not (run.verdicts or run.complaints or watched):
        return
    reporter.section("zeno")
    for report in reporter.getreports("warned"):
        for title, text in report.sections:
            plugin = properties.read(report, properties.PLUGIN)
            reporter.line(f"{title} [{plugin}]", yellow=True)
            reporter.line(f"{text}\n")
    for report in reporter.getreports("expected"):
        reporter.line(_known(report), yellow=True)
    for line in costs.table(reporter.config):
        reporter.line(line)
    for line in watched:
        reporter.line(line)
    for verdict in run.verdicts:
        reporter.line(str(verdict), bold=True, **{_colour(verdict): True})
    for line in run.complaints:
        reporter.line(visible(line, len(line)), red=True)
    for line in (*known.notes(reporter.config), *cost_gate.notes(reporter.config)):
        reporter.line(line, yellow=True)


def _known(report: pytest.TestReport) -> str:
    """Return a line on a breach that is expected: which, of what plugin, and why."""
    rule = properties.read(report, properties.RULE)
    plugin = properties.read(report, properties.PLUGIN)
    why = visible(getattr(report, "wasxfail", ""), LOG)
    return f"{rule} is broken, as expected [{plugin}]: {why}"


def _colour(verdict: Verdict) -> str:
    if not verdict.green:
        return "red"
    return "yellow" if verdict.broken else "green"
