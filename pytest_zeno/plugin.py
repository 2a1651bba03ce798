"""pytest hooks and fixtures, in the order of a run; docs/architecture.md says where the rest is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_zeno.session import (
    benchmark,
    bound,
    cost_gate,
    costs,
    expectations,
    files,
    harness,
    isolation,
    joined,
    junit,
    known,
    leaks,
    limits,
    options,
    outcomes,
    properties,
    selection,
    spread,
    summary,
    tally,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from pytest_zeno.evidence.exchanges import Exchange
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.host import Plugin, ZenoHost
    from pytest_zeno.limits import Limits
    from pytest_zeno.manifest import Manifest, Reading
    from pytest_zeno.runtime.module import GuestModule
    from pytest_zeno.session.collect import PluginFile


# -- the command line ------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; with plugins to judge and no files named, the plugins are the files."""
    config.addinivalue_line(
        "markers",
        "zeno_rule(id, level): a rule of the conformance suite; select with "
        "-m 'zeno_rule(id=\"STR-003\")'",
    )
    config.addinivalue_line(
        "markers",
        "zeno_limits(timeout, memory, fuel, ...): limits of plugins in `zeno_host` and `plugin`, "
        "before all others",
    )
    options.check(config)
    config.pluginmanager.register(selection.Selection(config), "zeno-selection")
    config.pluginmanager.register(tally.Tally(config), "zeno-tally")
    if config.getoption("zeno_plugin") or config.getini("zeno_plugin"):
        bound.bind(config)
    bound.bind_arguments(config)
    benchmark.check(config)
    leaks.check(config)
    isolation.prepare(config)
    known.prepare(config)
    costs.prepare(config)
    cost_gate.prepare(config)
    files.prepare(config)
    junit.prepare(config)
    joined.prepare(config)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which plugins are judged."""
    return summary.header(config)


# -- collection ------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Judge by a whole suite, or not at all."""
    harness.check_suite(session.config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> PluginFile | None:
    """Collect a plugin that was named, by option or by a pasted id; others are left alone."""
    if bound.is_judged(parent.config, file_path):
        return bound.collector(parent, file_path)
    return None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a user's test once for each plugin when several are bound."""
    bound.parametrize(metafunc)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the rules out of a run for benchmarks alone."""
    benchmark.select(config, items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Miss no plugin that is to be judged."""
    bound.check_collected(session)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the rules of a plugin together."""
    return spread.scheduler(config, log)


# -- results ---------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Turn what a rule raises into its outcome, and hold a test to what it expected."""
    with outcomes.judged(item):
        result = yield
        expectations.verify(item)
        return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write rule, plugin and status on a rule's report."""
    report = yield
    outcomes.finish(item, call, report)
    return report


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Count warnings, known breaches and failures of the harness apart from what is broken."""
    return properties.shown(report)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Never be green when a plugin was to be judged and something was left open."""
    tally.decide(session)
    yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the verdict."""
    summary.summary(terminalreporter)


# -- fixtures for the author's own tests -----------------------------------------------------------


@pytest.fixture(scope="module")
def zeno_plugin_path(request: pytest.FixtureRequest) -> Path:
    """Where the plugin under test lies: --zeno-plugin, or your own fixture of this name."""
    return bound.path_for(request)


@pytest.fixture
def zeno_env() -> dict[str, str]:
    """The environment of `zeno_host`: empty, or your own fixture of this name."""
    return {}


@pytest.fixture
def zeno_scope() -> dict[str, Any]:
    """The scope of `zeno_host`: empty, or your own fixture of this name."""
    return {}


@pytest.fixture
def zeno_db(pytestconfig: pytest.Config) -> dict[str, str]:
    """The databases of `zeno_host`, URLs by connection name: ZENO_DB_<NAME>, else the ini file."""
    try:
        return options.databases(pytestconfig)
    except pytest.UsageError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def zeno_limits(request: pytest.FixtureRequest) -> Limits:
    """The limits of `zeno_host`: the run's, or your own fixture of this name; markers come last."""
    return limits.of_run(request.config)


@pytest.fixture
def zeno_host(
    request: pytest.FixtureRequest,
    zeno_env: dict[str, str],
    zeno_scope: dict[str, Any],
    zeno_db: dict[str, str],
    zeno_limits: Limits,
) -> Iterator[ZenoHost]:
    """A host of this test's own: load plugins into it, script its services, read its ledger."""
    from pytest_zeno.host import ZenoHost

    last = limits.of_test(request.node)
    with ZenoHost(
        env=zeno_env,
        scope=zeno_scope,
        db=zeno_db,
        limits=zeno_limits,
        last_limits=last,
        isolate=isolation.asked(request.config),
    ) as host:
        yield host


@pytest.fixture
def zeno_plugin(zeno_host: ZenoHost, zeno_plugin_path: Path) -> Plugin:
    """The plugin under test, loaded into `zeno_host`; the same as `plugin`."""
    return zeno_host.load(zeno_plugin_path)


@pytest.fixture
def plugin(zeno_plugin: Plugin) -> Plugin:
    """The plugin under test: `plugin.call("hello.greet", name="World").data`."""
    return zeno_plugin


# -- fixtures for rules: the stages of the plugin under judgement ----------------------------------


@pytest.fixture(scope="module")
def zeno_subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """The plugin under judgement, whatever its state (for rules)."""
    yield from bound.subject(request)


@pytest.fixture
def zeno_reading(request: pytest.FixtureRequest, zeno_subject: Subject) -> Reading:
    """What was read of the manifest, with its problems (for rules)."""
    return outcomes.reach(request, lambda: zeno_subject.reading)


@pytest.fixture
def zeno_manifest(request: pytest.FixtureRequest, zeno_subject: Subject) -> Manifest:
    """The manifest without errors (for rules)."""
    return outcomes.reach(request, lambda: zeno_subject.manifest)


@pytest.fixture
def zeno_module(request: pytest.FixtureRequest, zeno_subject: Subject) -> GuestModule:
    """The valid module (for rules)."""
    return outcomes.reach(request, lambda: zeno_subject.module)


@pytest.fixture
def zeno_metadata(request: pytest.FixtureRequest, zeno_subject: Subject) -> Any:
    """The metadata as JSON (for rules)."""
    return outcomes.reach(request, lambda: zeno_subject.metadata)


@pytest.fixture
def zeno_slot_list(request: pytest.FixtureRequest, zeno_subject: Subject) -> Any:
    """The slot list as JSON (for rules)."""
    return outcomes.reach(request, lambda: zeno_subject.slot_list)


@pytest.fixture
def zeno_exchanges(request: pytest.FixtureRequest, zeno_subject: Subject) -> tuple[Exchange, ...]:
    """Requests of every kind and what the plugin answered (for rules)."""
    return outcomes.reach(request, lambda: zeno_subject.exchanges)
