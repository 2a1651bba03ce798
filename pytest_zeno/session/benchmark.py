"""A benchmark for each slot of a plugin, measured by pytest-benchmark (docs/benchmarking.md).

What pytest-benchmark would pass over in silence is an error here: whoever asks for figures gets
figures, or is told what keeps them from coming.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_zeno.errors import ZenoError
from pytest_zeno.session import bound
from pytest_zeno.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.protocol.slots import Slot

OPTION: Final = "--zeno-benchmark"
NAME: Final = "benchmark"
"""The test's name: ``hello.wasm::benchmark[hello.greet]``."""


def asked(config: pytest.Config) -> bool:
    """Whether slots are to be benchmarked."""
    return bool(config.getoption("zeno_benchmark"))


def check(config: pytest.Config) -> None:
    """Raise UsageError when benchmarks are asked for and could not be measured."""
    if asked(config):
        for obstacle in _obstacles(config):
            raise pytest.UsageError(f"{OPTION}: {obstacle}")


def _obstacles(config: pytest.Config) -> Iterator[str]:
    """Yield what keeps benchmarks from being measured, each with what to do."""
    if not bound.judged(config):
        yield (
            "no plugin is judged: name one with --zeno-plugin, or by its module among the arguments"
        )
    if config.getoption("benchmark_disable", None) is None:
        yield (
            "pytest-benchmark is not there: pip install 'pytest-zeno[benchmark]', and do not "
            "switch it off (-p no:benchmark, PYTEST_DISABLE_PLUGIN_AUTOLOAD)"
        )
        return
    if config.getoption("dist", "no") != "no":
        yield "processes that share a machine's cores measure each other: add -n 0"
    if config.getoption("benchmark_disable") and not config.getoption("benchmark_enable"):
        yield "--benchmark-disable measures nothing: leave it out, or add --benchmark-enable"
    if config.getoption("benchmark_skip") and not config.getoption("benchmark_only"):
        yield "--benchmark-skip leaves benchmarks out: leave it out, or add --benchmark-only"


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave rules out where benchmarks alone are wanted: skipped, they would count as missed."""
    from pytest_zeno.session.collect import rule_of

    if asked(config) and config.getoption("benchmark_only"):
        rules = [item for item in items if rule_of(item)]
        items[:] = [item for item in items if not rule_of(item)]
        config.hook.pytest_deselected(items=rules)


def benchmark_of(subject: Subject) -> Callable[..., None]:
    """Return the test that is collected once for each slot of a plugin.

    A plugin that does not tell its slots, or has none, has one benchmark, which says so.
    """
    try:
        slots = subject.slots
    except ZenoError as error:
        return _unmeasured(pytest.fail, f"the slots of {subject.name} are not known: {error}")
    if not slots:
        return _unmeasured(pytest.skip, f"{subject.name} has no slots")

    def measure(zeno_subject: Subject, benchmark: Any, slot: Slot) -> None:
        """The slot is called with parameters that fit its inputs, again and again."""
        _measure(zeno_subject, benchmark, slot)

    each: Callable[..., None] = pytest.mark.parametrize("slot", slots, ids=slots.names)(measure)
    return each


def _unmeasured(outcome: Callable[..., Any], reason: str) -> Callable[..., None]:
    # The fixture is asked for, so that --benchmark-only runs it.
    def measure(benchmark: Any) -> None:
        """There is nothing to measure."""
        _leave(outcome, benchmark, reason)

    return measure


def _measure(subject: Subject, benchmark: Any, slot: Slot) -> None:
    from pytest_zeno.evidence.requests import parameters_of

    parameters, reason = parameters_of(slot), ""
    with subject.guest() as guest:
        try:
            first = guest.call(slot.name, parameters)
            if first.success:
                _tell(benchmark, subject, slot, parameters)
                benchmark(guest.call, slot.name, parameters)
        except ZenoError as error:
            reason = f"{slot.name} cannot be called: {error}"
    if reason:
        _leave(pytest.fail, benchmark, reason)
    elif not first.success:
        _leave(pytest.skip, benchmark, _declined(slot, parameters, first.error or ""))


def _declined(slot: Slot, parameters: dict[str, Any], answer: str) -> str:
    return (
        f"{slot.name} answers a failure to {parameters!r}: {visible(answer)}; benchmark it in a "
        "test of your own, with the fixtures `plugin` and `benchmark`"
    )


def _tell(benchmark: Any, subject: Subject, slot: Slot, parameters: dict[str, Any]) -> None:
    """Say what was measured where pytest-benchmark's table and files show it."""
    fuel = {cost.slot: cost.fuel for cost in subject.costs}
    benchmark.group = visible(subject.name)
    benchmark.extra_info |= {
        "plugin": visible(subject.name),
        "slot": visible(slot.name),
        "inputs": parameters,
        "fuel": fuel.get(slot.name),
    }


def _leave(outcome: Callable[..., Any], benchmark: Any, reason: str) -> None:
    """End a benchmark that is none; inside the fixture, which warns when it was not used."""
    told: dict[str, Any] = {"pytrace": False} if outcome is pytest.fail else {}
    benchmark.pedantic(outcome, args=(reason,), kwargs=told)
