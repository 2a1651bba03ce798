"""Where the run ends: the report files that are asked for are written."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pytest_zeno.session import bound, carry, costs, options, properties
from pytest_zeno.session.tally import tally
from pytest_zeno.text import visible

if TYPE_CHECKING:
    from pytest_zeno.reports.build import Gathered
    from pytest_zeno.reports.formats import Target
    from pytest_zeno.reports.record import Run

_SUMMARY: Final = "GITHUB_STEP_SUMMARY"
"""Names the file to which each step of a GitHub job adds its summary."""

_EPOCH: Final = "SOURCE_DATE_EPOCH"
"""The time to tell instead of now, in seconds, for output that is the same each time."""


def prepare(config: pytest.Config) -> None:
    """Have the reports written that are asked for, by the process that the user started.

    Raises UsageError when one of them has no known format or cannot be written.
    """
    given = options.reports(config)
    if not given or hasattr(config, "workerinput") or config.option.collectonly:
        return
    from pytest_zeno.reports.formats import target

    targets: list[Target] = []
    for text, base in given:
        try:
            found = target(os.path.expanduser(os.path.expandvars(text)))  # noqa: PTH111 (what follows a format's name is expanded too)
        except ValueError as error:
            raise pytest.UsageError(f"{options.REPORT}: {error}") from None
        targets.append(_ready(found._replace(path=base / found.path), targets))
    config.pluginmanager.register(Files(config, targets), "zeno-files")


def _ready(found: Target, others: list[Target]) -> Target:
    """Return a report's target, its folder made; raise UsageError when it cannot be written."""
    path = found.path
    if path in [other.path for other in others]:
        raise _unwritable(path, "two reports would stand in one file")
    if path.is_dir():
        raise _unwritable(path, "it is a folder; name a file in it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, _reason(error)) from None
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise _unwritable(path, "there is no permission to write it")
    return found


def _unwritable(path: Path, reason: str) -> pytest.UsageError:
    return pytest.UsageError(f"{options.REPORT}: {visible(str(path))} cannot be written: {reason}")


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


class Files:
    """Gathers what reports carry, wherever rules ran, and writes the files when all have run."""

    def __init__(self, config: pytest.Config, targets: list[Target]) -> None:
        from pytest_zeno.reports.build import Gathered

        self._config = config
        self._targets = targets
        self._gathered: Gathered = Gathered()
        self._lines: list[tuple[str, bool]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a rule's report carries."""
        found = carry.carried(report)
        if found is not None:
            self._gathered.add(properties.read(report, properties.PLUGIN), found)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the files; a run whose report is missing is no success."""
        run = self._record(int(session.exitstatus))
        for target in self._targets:
            shown = visible(str(target.path))
            try:
                target.write(run, append=_is_summary(target.path))
                self._lines.append((f"zeno report: {shown}", True))
            except OSError as error:
                self._lines.append((f"zeno report not written: {shown}: {_reason(error)}", False))
                if session.exitstatus == pytest.ExitCode.OK:
                    session.exitstatus = pytest.ExitCode.USAGE_ERROR

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which files were written."""
        for line, written in self._lines:
            terminalreporter.write_sep("-", line, red=not written)

    def _record(self, exit_code: int) -> Run:
        from pytest_zeno import __version__
        from pytest_zeno.reports.build import record

        for label, subject in bound.labelled(self._config).items():
            self._gathered.meet(label, carry.about(self._config, subject))
        return record(
            tally(self._config).verdicts,
            self._gathered,
            exit_code=exit_code,
            version=__version__,
            costs=costs.by_label(self._config),
            date=_now(),
        )


def _is_summary(path: Path) -> bool:
    summary = os.environ.get(_SUMMARY)
    return bool(summary) and Path(str(summary)).absolute() == path.absolute()


def _now() -> str:
    epoch = os.environ.get(_EPOCH, "")
    ended = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    return f"{ended:%Y-%m-%dT%H:%M:%SZ}"
