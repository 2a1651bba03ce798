"""The limits of a run and of a test: ini file, then options, then the test's own marker.

Between the run's and the marker's stand the host's (the fixture `zeno_limits`) and a plugin's
(`ZenoHost.load`); `Limits.merged` puts them together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_zeno.limits import Limits

LIMIT: Final = "--zeno-limit"
FILE: Final = "--zeno-limits"
INI: Final = "zeno_limits"
MARKER: Final = "zeno_limits"

_OF_RUN: Final = pytest.StashKey["Limits"]()


def add(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    """Add the options and their line in the ini file."""
    group.addoption(
        LIMIT,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a limit of plugins, such as timeout=2s or memory=32MiB, under judgement and in the "
        "fixtures' hosts; may be given again",
    )
    group.addoption(
        FILE,
        metavar="FILE",
        help="the limits of FILE, a config/plugins.yaml of ZenoEngine (max_memory, "
        f"max_execution_time); {LIMIT} goes before it",
    )
    parser.addini(INI, f"limits of plugins, a line each, as {LIMIT}", type="linelist", default=[])


def check(config: pytest.Config) -> None:
    """Raise UsageError as `of_run` does; where no limit is given nothing is imported for it."""
    if config.getini(INI) or config.getoption("zeno_limit") or config.getoption(INI) is not None:
        of_run(config)


def of_run(config: pytest.Config) -> Limits:
    """Return what the ini file and the options make of the contract's limits.

    Raises UsageError naming where a limit was given that there is not, or that it cannot be.
    """
    if _OF_RUN not in config.stash:
        from pytest_zeno.limits import Limits

        limits = _with(Limits(), f"{INI} in the ini file", config.getini(INI))
        limits = _with_file(limits, config)
        config.stash[_OF_RUN] = _with(limits, LIMIT, config.getoption("zeno_limit"))
    return config.stash[_OF_RUN]


def changed(config: pytest.Config) -> dict[str, Any]:
    """Return the limits of a run that are not the contract's, by name."""
    from pytest_zeno.limits import Limits

    return of_run(config).but(Limits())


def of_test(item: pytest.Item | pytest.Collector) -> dict[str, Any]:
    """Return what markers set, the nearest last; a marker that cannot be fails the test."""
    from pytest_zeno.limits import Limits

    found: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers(MARKER))):
        try:
            if marker.args:
                raise ValueError(f"limits are given by name, not {marker.args!r}")
            Limits().merged(marker.kwargs)
        except ValueError as error:
            pytest.fail(f"the marker {MARKER}: {error}", pytrace=False)
        found |= marker.kwargs
    return found


def _with(limits: Limits, source: str, lines: Iterable[str]) -> Limits:
    for line in lines:
        name, equals, value = (part.strip() for part in line.partition("="))
        try:
            if not equals:
                raise ValueError(f"{line!r} is not of the form NAME=VALUE")
            limits = limits.merged({name: value})
        except ValueError as error:
            raise pytest.UsageError(f"{source}: {error}") from None
    return limits


def _with_file(limits: Limits, config: pytest.Config) -> Limits:
    given: str | None = config.getoption(INI)
    if given is None:
        return limits
    from pytest_zeno.limits.zenoengine import read_plugins_yaml

    try:
        return limits.merged(read_plugins_yaml(config.invocation_params.dir / given))
    except ValueError as error:
        raise pytest.UsageError(f"{FILE}: {error}") from None
