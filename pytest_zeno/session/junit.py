"""pytest's own JUnit file: what a rule warned of stands in it as the test's output."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from pytest_zeno.session import properties
from pytest_zeno.verdict.status import Status

if TYPE_CHECKING:
    import pytest


def prepare(config: pytest.Config) -> None:
    """Have warnings written to the JUnit file, where pytest writes one."""
    if config.getoption("xmlpath", None):
        config.pluginmanager.register(Warnings(config), "zeno-junit")


class Warnings:
    """Puts a warning's text where CI systems show it; a test that passes has no other place."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a warning's text to its test case."""
        if properties.status_of(report) not in (Status.WARNED, Status.EXPECTED):
            return
        # There is no public way; pytest's fixture `record_xml_attribute` goes this one.
        from _pytest.junitxml import bin_xml_escape, xml_key

        xml = self._config.stash.get(xml_key, None)
        if xml is not None:
            element = Element("system-out")
            element.text = bin_xml_escape("\n".join(text for _, text in report.sections))
            xml.node_reporter(report).append(element)
