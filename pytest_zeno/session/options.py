"""The options of a run: what they are called, and what the command line or the ini file says."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Final, cast

import pytest

from pytest_zeno.profiles import PROFILES
from pytest_zeno.session import isolation, leaks, limits
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

    from pytest_zeno.profiles import Profile
    from pytest_zeno.verdict.rule import Level

REPORT: Final = "--zeno-report"
BASELINE: Final = "--zeno-baseline"
COST_BASELINE: Final = "--zeno-cost-baseline"
COST_UPDATE: Final = "--zeno-cost-update"
COST_THRESHOLD: Final = "--zeno-cost-threshold"

_LEVELS: Final = ("must", "should", "may")
_CHOICES: Final = {"zeno_profile": PROFILES, "zeno_level": _LEVELS}
"""The values that an option takes, its default first."""


def add(parser: pytest.Parser) -> None:
    """Add the options; each is in the ini file what it is on the command line."""
    group = parser.getgroup("zeno", "ZenoEngine plugins")
    _add_subjects(parser, group)
    limits.add(parser, group)
    isolation.add(parser, group)
    _add_gate(parser, group)
    _add_costs(parser, group)
    leaks.add(parser, group)
    group.addoption(
        "--zeno-benchmark",
        action="store_true",
        help="also measure each slot with pytest-benchmark, with parameters that fit its inputs; "
        "with --benchmark-only nothing is judged",
    )
    group.addoption(
        REPORT,
        action="append",
        default=[],
        metavar="FILE",
        help="write what was found to FILE, whose name's end chooses the format: .json, .md, "
        ".sarif, .html, .badge.json; FORMAT:FILE chooses it whatever the name; may be given again",
    )
    parser.addini("zeno_report", f"reports to write, as {REPORT}", type="linelist", default=[])
    parser.addini(
        "zeno_db",
        "databases of `zeno_host`, a line `name = url` each; the environment's ZENO_DB_<NAME> wins",
        type="linelist",
        default=[],
    )


def _add_subjects(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    """Add what is judged, and for which host."""
    group.addoption(
        "--zeno-plugin",
        action="append",
        default=[],
        metavar="PATH",
        help="judge the plugin at PATH (its folder, its manifest.yaml, a bare .wasm, or a "
        "directory of plugins) and hand it to the fixture `plugin`; may be given again",
    )
    parser.addini("zeno_plugin", "plugins to judge, as --zeno-plugin", type="paths", default=[])
    group.addoption(
        "--zeno-profile",
        choices=PROFILES,
        help="the host to judge for: `contract` (the default), or `zenoengine`, which adds what "
        "the reference host does otherwise",
    )
    parser.addini("zeno_profile", "the host to judge for, as --zeno-profile")


def _add_gate(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    """Add what fails a run, and what is forgiven."""
    group.addoption(
        "--zeno-level",
        choices=_LEVELS,
        help="the level from which a broken rule fails the run (default: must); below it stands "
        "a warning",
    )
    parser.addini("zeno_level", "the level that fails the run, as --zeno-level")
    group.addoption(
        "--zeno-min-rules",
        type=_natural,
        metavar="N",
        help="fail when fewer than N rules were tested on any plugin",
    )
    parser.addini("zeno_min_rules", "how many rules must be tested, as --zeno-min-rules")
    group.addoption(
        BASELINE,
        metavar="FILE",
        help="expect the breaches that FILE lists with a reason, an owner and a last day",
    )
    parser.addini("zeno_baseline", f"the file of known breaches, as {BASELINE}")
    group.addoption(
        f"{BASELINE}-update",
        action="store_true",
        help="add what is broken to the baseline, to be filled in, and drop what is kept",
    )


def _add_costs(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    """Add what a call may cost."""
    group.addoption(
        COST_BASELINE,
        metavar="FILE",
        help="fail when a call of a slot costs more than FILE says it did",
    )
    parser.addini("zeno_cost_baseline", f"the file of costs, as {COST_BASELINE}")
    group.addoption(
        COST_UPDATE,
        action="store_true",
        help="write what the judged plugins cost now to the file of costs, others' are kept",
    )
    group.addoption(
        COST_THRESHOLD,
        action="append",
        default=[],
        metavar="METRIC=PERCENT",
        help="by how much a metric may rise, such as fuel=1%% (docs/costs.md has the metrics and "
        "their defaults); may be given again",
    )
    parser.addini(
        "zeno_cost_threshold",
        f"by how much metrics may rise, a line each, as {COST_THRESHOLD}",
        type="linelist",
        default=[],
    )


def check(config: pytest.Config) -> None:
    """Raise UsageError when the ini file sets an option to what it cannot be."""
    for name, choices in _CHOICES.items():
        value = config.getini(name)
        if value and value not in choices:
            raise pytest.UsageError(
                f"{name} in the ini file is {quoted(value, 60)}, expected {' or '.join(choices)}"
            )
    limits.check(config)
    try:
        min_rules(config)
    except ArgumentTypeError as error:
        raise pytest.UsageError(f"zeno_min_rules in the ini file: {error}") from None
    if config.getini("zeno_cost_threshold") or config.getoption("zeno_cost_threshold"):
        cost_thresholds(config)
    if config.getini("zeno_db"):
        databases(config)


def profile(config: pytest.Config) -> Profile:
    """Return the host that plugins are judged for."""
    return cast("Profile", _chosen(config, "zeno_profile"))


def reports(config: pytest.Config) -> list[tuple[str, Path]]:
    """Return what is asked for by ``--zeno-report``, and the folder that it is relative to."""
    given: list[str] = config.getoption("zeno_report")
    if given:
        return [(text, config.invocation_params.dir) for text in given]
    return [(text, _ini_folder(config)) for text in config.getini("zeno_report")]


def baseline(config: pytest.Config) -> Path | None:
    """Return the file of known breaches, None where none is named."""
    return _file(config, "zeno_baseline")


def cost_baseline(config: pytest.Config) -> Path | None:
    """Return the file of costs, None where none is named."""
    return _file(config, "zeno_cost_baseline")


def _file(config: pytest.Config, name: str) -> Path | None:
    """Return the file that an option names, or the ini file; None where neither does."""
    given: str | None = config.getoption(name)
    if given is not None:
        return config.invocation_params.dir / given
    named: str = config.getini(name)
    return _ini_folder(config) / named if named else None


def cost_thresholds(config: pytest.Config) -> dict[str, Decimal]:
    """Return by how many percent each metric may rise. UsageError for what is no threshold."""
    from pytest_zeno.verdict.cost_baseline import THRESHOLDS, threshold

    sources = {
        "zeno_cost_threshold in the ini file": config.getini("zeno_cost_threshold"),
        COST_THRESHOLD: config.getoption("zeno_cost_threshold"),
    }
    found = dict(THRESHOLDS)
    for source, texts in sources.items():
        for text in texts:
            try:
                metric, percent = threshold(text)
            except ValueError as error:
                raise pytest.UsageError(f"{source}: {error}") from None
            found[metric] = percent
    return found


def _ini_folder(config: pytest.Config) -> Path:
    """Return what paths in the ini file are relative to."""
    return config.inipath.parent if config.inipath else config.rootpath


def level(config: pytest.Config) -> Level:
    """Return the level from which a broken rule fails the run."""
    return cast("Level", _chosen(config, "zeno_level").upper())


def min_rules(config: pytest.Config) -> int:
    """Return how many rules must be tested on each plugin; 0 where no number was given."""
    given: int | None = config.getoption("zeno_min_rules")
    return _natural(config.getini("zeno_min_rules") or "0") if given is None else given


def databases(config: pytest.Config) -> dict[str, str]:
    """Return the URLs of database connections by name. UsageError for what is none."""
    from pytest_zeno.services.database.configured import configured

    try:
        return configured(config.getini("zeno_db"), os.environ)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def _natural(text: str) -> int:
    """Return a number from 0 on; argparse shows the error as it stands."""
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError(f"{quoted(text, 60)} is no number of rules, such as 100")
    return int(text)


def _chosen(config: pytest.Config, name: str) -> str:
    chosen: str = config.getoption(name) or config.getini(name) or _CHOICES[name][0]
    return chosen
