"""A failure that no plugin answers for: ours, or the machine's; it is never told as a breach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_zeno.errors import ZenoError
from pytest_zeno.session import bound, properties
from pytest_zeno.text import LOG, visible
from pytest_zeno.verdict.status import Status

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo

NAME: Final = "harness error"
ADVICE: Final = "testing failed for a reason that no plugin answers for; its traceback is above"
_DEFECT: Final = "this is a defect of pytest-zeno, please report it with the traceback"
_MACHINE: Final = "no rule answers for this: mend it on this machine, or report it to pytest-zeno"

_TOLD: Final = pytest.StashKey[set[str]]()


def check_suite(config: pytest.Config) -> None:
    """End the run at once, as the harness's failure, when plugins are to be judged by no suite."""
    if hasattr(config, "workerinput") or not getattr(config.option, "zeno_judged", ()):
        return
    from pytest_zeno.verdict.rule import functions

    try:
        functions()
    except Exception as error:  # noqa: BLE001 (whatever keeps it from being imported)
        bound.forget(config)
        said = visible(f"{type(error).__name__}: {error}", LOG)
        pytest.exit(
            f"{NAME}: the conformance suite cannot be loaded: {said}; no plugin answers for this: "
            "install pytest-zeno anew, or report it",
            returncode=pytest.ExitCode.INTERNAL_ERROR,
        )


def tell(
    item: pytest.Item, report: pytest.TestReport, raised: ExceptionInfo[BaseException]
) -> None:
    """Say on a rule's report that testing it failed, whatever a mark expects.

    A cause that bars many rules is shown with its traceback once.
    """
    report.outcome = "failed"
    vars(report).pop("wasxfail", None)
    said = f"{NAME}: {visible(raised.exconly())}"
    told = item.config.stash.setdefault(_TOLD, set())
    cause = f"{said} {_place(report.longrepr)}"
    if cause in told:
        report.longrepr = f"{said} (its traceback stands with the first rule that met it)"
        return
    told.add(cause)
    advice = _MACHINE if isinstance(raised.value, ZenoError) else _DEFECT
    _write(report, said, f"{said}\n{advice}")


def _place(shown: Any) -> str:
    crash = getattr(shown, "reprcrash", None)
    return f"{crash.path}:{crash.lineno}" if crash else ""


def _write(report: pytest.TestReport, line: str, text: str) -> None:
    """Put a text below a report's traceback, and a line into pytest's summary."""
    shown: Any = report.longrepr
    if hasattr(shown, "addsection"):
        shown.addsection(NAME, text)
        shown.reprcrash.message = line
    else:
        report.longrepr = f"{shown}\n{text}"


def blame(config: pytest.Config, report: pytest.TestReport) -> None:
    """Write on the report of a crashed worker of xdist which rule was being tested."""
    if report.when in ("setup", "call", "teardown"):
        return
    from pytest_zeno.session.collect import node_id_of
    from pytest_zeno.verdict.rule import applicable

    name, _, function = report.nodeid.partition("::")
    for subject in bound.subjects(config).values():
        if node_id_of(subject.file, config.rootpath) == name:
            rules = applicable(subject.profile, bare=subject.bare)
            for rule in (one.zeno_rule for one in rules if one.__name__ == function):
                properties.write(report, properties.of(config, rule, subject, Status.ERROR))
