"""Three more tests of a plugin: what its guest and its host keep (docs/leaks.md).

They are no rules: what the host keeps may be a service's fault and none of the plugin's.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Final, NoReturn

import pytest

from pytest_zeno.errors import ZenoError
from pytest_zeno.session import bound, isolation, properties
from pytest_zeno.session.selection import selection
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_zeno.evidence.subject import Subject

OPTION: Final = "--zeno-leaks"
INI: Final = "zeno_leaks"
NAME: Final = "leaks"
"""The tests' name: ``hello.wasm::leaks[calls]``."""

CHECKS: Final = ("guest", "calls", "loads")
_HALVES: Final = {"guest": "guest", "calls": "host, calls", "loads": "host, loads"}
_PREFIX: Final = "zeno_leaks_"

CALLS: Final = 1_000
FEWEST: Final = 100
"""Calls below which one that stays does not show."""

_CALLS_OF_A_LOAD: Final = 50


def add(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    """Add the option and its line in the ini file."""
    group.addoption(
        OPTION,
        nargs="?",
        type=_calls,
        const=CALLS,
        metavar="N",
        help="also watch what stays of N calls of each slot (default: 1000), and of loads: in the "
        "guest's memory, and in the host with memray",
    )
    parser.addini(INI, f"calls to watch, as {OPTION}")


def _calls(text: str) -> int:
    """Return a number of calls; argparse shows the error as it stands."""
    if text.isascii() and text.isdigit() and FEWEST <= int(text) <= 10**6:
        return int(text)
    raise ArgumentTypeError(
        f"{quoted(text, 60)} is no number of calls from {FEWEST} to 1000000; write {OPTION}={CALLS}"
    )


def asked(config: pytest.Config) -> int:
    """Return how many calls are to be watched; 0 where none are. UsageError for a bad setting."""
    given: int | None = config.getoption(INI)
    written: str = config.getini(INI)
    if given is not None or not written:
        return given or 0
    try:
        return _calls(written)
    except ArgumentTypeError as error:
        raise pytest.UsageError(f"{INI} in the ini file: {error}") from None


def check(config: pytest.Config) -> None:
    """Raise UsageError when leaks are asked for and could not be watched."""
    if asked(config):
        for obstacle in _obstacles(config):
            raise pytest.UsageError(f"{OPTION}: {obstacle}")


def _obstacles(config: pytest.Config) -> Iterator[str]:
    """Yield what keeps leaks from being watched, each with what to do."""
    from pytest_zeno.leaks.tracked import obstacle, possible

    if not bound.judged(config) and config.getoption(INI) is not None:
        yield (
            "no plugin is judged: name one with --zeno-plugin, or by its module among the arguments"
        )
    if isolation.asked(config):
        yield f"memory is watched in this process alone: leave out {isolation.OPTION}"
    if possible() and obstacle():
        yield obstacle()


def leaks_of(config: pytest.Config) -> Callable[..., None]:
    """Return the test that is collected once for each check of a plugin."""
    times = asked(config)

    def leaks(request: pytest.FixtureRequest, zeno_subject: Subject, check: str) -> None:
        """Nothing stays of calls and loads."""
        _judge(request.node, zeno_subject, check, times)

    each: Callable[..., None] = pytest.mark.parametrize("check", CHECKS)(leaks)
    return each


def _judge(item: pytest.Item, subject: Subject, check: str, times: int) -> None:
    from pytest_zeno.leaks import tracked

    reason = tracked.obstacle() if check != "guest" else ""
    if reason:
        pytest.skip(reason)
    barred: Exception | None = None
    try:
        line, text = _found(subject, check, times)
        other = "" if check == "guest" else f"guest: {_found(subject, 'guest', times)[0]}"
    except (ZenoError, tracked.AlreadyTrackedError) as error:
        barred = error
    if barred:
        _leave(item, subject, barred)
    label = bound.label(item.config, subject)
    told = {properties.PLUGIN: label, f"{_PREFIX}{check}": line}
    properties.write(item, told)
    if text:
        again = bound.again(item.config, subject, f"{NAME}[{check}]")
        lines = [
            f"{label}: {_HALVES[check]}: {line}",
            *text,
            other,
            f"again: {again} {OPTION}={times}",
        ]
        pytest.fail("\n".join(filter(None, lines)), pytrace=False)


def _found(subject: Subject, check: str, times: int) -> tuple[str, list[str]]:
    """Return what a check found, in one line, and in all of them when something stays."""
    from pytest_zeno.leaks import plugin, tell

    if check == "guest":
        guest = plugin.guest(subject)
        return tell.guest_line(guest), list(tell.guest_text(guest))
    if check == "calls":
        calls = plugin.calls(subject, times)
        return tell.calls_line(calls), list(tell.calls_text(calls))
    loads = plugin.loads(subject, max(plugin.LOADS, times // _CALLS_OF_A_LOAD))
    return tell.loads_line(loads), list(tell.loads_text(loads))


def _leave(item: pytest.Item, subject: Subject, error: Exception) -> NoReturn:
    """End a test that cannot be made; who asked for nothing else is not left with a green run."""
    reason = f"not testable: {error}"
    if isinstance(error, ZenoError) and selection(item.config).has(subject, "STR-009"):
        pytest.skip(reason)
    pytest.fail(reason, pytrace=False)


def table(reporter: pytest.TerminalReporter) -> Iterator[str]:
    """Yield a line for each half of each plugin that was watched: the guest's and the host's."""
    for reports in reporter.stats.values():
        for report in reports:
            yield from _lines(report)


def _lines(report: object) -> Iterator[str]:
    if not isinstance(report, pytest.TestReport) or report.when != "call":
        return
    for check in CHECKS:
        line = properties.read(report, f"{_PREFIX}{check}")
        if line:
            label = properties.read(report, properties.PLUGIN)
            yield f"leaks of {label}: {_HALVES[check]}: {line}"
