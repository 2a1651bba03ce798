"""What calls cost, from where the rules ran to where the run ends.

The first report of a rule of a plugin takes the plugin's costs along, as JSON, so that they get
through xdist. They are measured where somebody asks for them: by a report file, ``-v`` or the
gate (`session.cost_gate`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_zeno.session import options, properties

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.reports.record import Costs

_KEY: Final = "zeno_costs"
_TOLD: Final = pytest.StashKey[set["Path"]]()
_GATHERED: Final = pytest.StashKey["Gathered"]()
_NOTHING: Final[dict[str, Costs]] = {}


def prepare(config: pytest.Config) -> None:
    """Gather costs in the process that the user started, where they are asked for."""
    if is_wanted(config) and not hasattr(config, "workerinput"):
        config.stash[_GATHERED] = gathered = Gathered()
        config.pluginmanager.register(gathered, "zeno-costs")


def is_wanted(config: pytest.Config) -> bool:
    """Whether anything of this run shows or compares costs."""
    compared = options.cost_baseline(config) is not None
    return compared or bool(options.reports(config)) or config.option.verbose > 0


def attach(config: pytest.Config, report: pytest.TestReport, subject: Subject) -> None:
    """Give the first report of a plugin's rules the plugin's costs, where they are wanted."""
    told = config.stash.setdefault(_TOLD, set())
    if subject.file in told or not is_wanted(config):
        return
    import msgspec

    from pytest_zeno.reports import costs

    told.add(subject.file)
    report.__dict__[_KEY] = msgspec.to_builtins(costs.gather(subject))


def by_label(config: pytest.Config) -> Mapping[str, Costs]:
    """Return the costs that the run has gathered, by the plugin's label."""
    gathered = config.stash.get(_GATHERED, None)
    return gathered.costs if gathered else _NOTHING


def table(config: pytest.Config) -> Iterator[str]:
    """Yield the lines that ``-v`` shows of each plugin's costs."""
    if config.option.verbose <= 0:
        return
    for label, costs in by_label(config).items():
        from pytest_zeno.reports.costs import as_text

        yield f"costs of a call of {label}"
        yield from (f"  {line}" for line in as_text(costs))


class Gathered:
    """The costs that reports bring, wherever rules ran."""

    def __init__(self) -> None:
        self.costs: dict[str, Costs] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the costs that a rule's report brings."""
        found: dict[str, Any] | None = report.__dict__.get(_KEY)
        if found is not None:
            import msgspec

            from pytest_zeno.reports.record import Costs

            label = properties.read(report, properties.PLUGIN)
            self.costs[label] = msgspec.convert(found, Costs)
