"""A rule that was kept goes to xdist's controller whole: one message in the place of five.

Start, set-up, call, tear-down and end of a test are a message each, and a plugin has hundreds of
tests. The report of the call takes the others along; where it arrives they are told as they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from _pytest.runner import runtestprotocol  # there is no public way to run a test and tell later

from pytest_zeno.session import collect, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

_TOLD: Final = (
    "pytest_runtest_logstart",
    "pytest_runtest_logreport",
    "pytest_runtest_logfinish",
)
_KNOWN: Final = ("_pytest.", "pytest_zeno.")
"""Whose listeners do not mind to hear of a test when it is over."""


def prepare(config: pytest.Config) -> None:
    """Have rules sent whole where xdist sends them."""
    if hasattr(config, "workerinput"):
        config.pluginmanager.register(wire.Wire(config), "zeno-wire")
        config.pluginmanager.register(Joining(config), "zeno-joining")
    elif config.getoption("dist", "no") != "no":
        config.pluginmanager.register(wire.Wire(config), "zeno-wire")
        config.pluginmanager.register(Telling(config), "zeno-telling")


class Joining:
    """In a worker: runs rules as pytest does, and sends what became of a kept one in one report."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._sender: Any = None
        """xdist's plugin that sends; None where nothing is joined."""

    def pytest_collection_finish(self) -> None:
        """Join nothing where somebody else listens, or runs tests in a way of their own."""
        hooks = self._config.hook
        listeners = [impl for name in _TOLD for impl in getattr(hooks, name).get_hookimpls()]
        runners = hooks.pytest_runtest_protocol.get_hookimpls()
        impls = (*listeners, *(one for one in runners if not (one.wrapper or one.hookwrapper)))
        senders = [impl.plugin for impl in listeners if hasattr(impl.plugin, "sendevent")]
        if all(impl.plugin in senders or _is_known(impl.function) for impl in impls):
            self._sender = next(iter(senders), None)

    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        """Run a rule, and tell of it when it is over."""
        if self._sender is None or collect.rule_of(item) is None:
            return None
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        data = [self._data(report) for report in reports]
        if len(reports) == 3 and all(map(wire.is_plain, data)):
            self._tell(item, reports, without=[self._sender])
            wire.join(reports[1], data[1], [data[0], data[2]])
            self._sender.pytest_runtest_logreport(report=reports[1])
        else:
            self._tell(item, reports)
        return True

    def _data(self, report: pytest.TestReport) -> dict[str, Any]:
        """Return a report as pytest writes it, not packed."""
        wires = [self._config.pluginmanager.get_plugin("zeno-wire")]
        data: dict[str, Any] = self._subset("pytest_report_to_serializable", wires)(
            config=self._config, report=report
        )
        return data

    def _tell(
        self, item: pytest.Item, reports: Iterable[pytest.TestReport], without: Iterable[Any] = ()
    ) -> None:
        start, tell, finish = (self._subset(name, without) for name in _TOLD)
        start(nodeid=item.nodeid, location=item.location)
        for report in reports:
            tell(report=report)
        finish(nodeid=item.nodeid, location=item.location)

    def _subset(self, name: str, without: Iterable[Any]) -> Any:
        return self._config.pluginmanager.subset_hook_caller(name, without)


def _is_known(function: Callable[..., object]) -> bool:
    return function.__module__.startswith(_KNOWN)


class Telling:
    """In the controller: tells of a rule what its report brought along."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> Generator[None]:
        """Tell what came before the call, and after it."""
        around = report.__dict__.pop(wire.AROUND, None)
        if around is None:
            yield
            return
        hook = self._config.hook
        before, after = (self._report(data, report.node) for data in around)
        hook.pytest_runtest_logstart(nodeid=report.nodeid, location=report.location)
        hook.pytest_runtest_logreport(report=before)
        yield
        hook.pytest_runtest_logreport(report=after)
        hook.pytest_runtest_logfinish(nodeid=report.nodeid, location=report.location)

    def _report(self, data: dict[str, Any], node: Any) -> pytest.TestReport:
        report: pytest.TestReport = self._config.hook.pytest_report_from_serializable(
            config=self._config, data=data
        )
        report.__dict__["node"] = node  # as xdist has it
        return report
