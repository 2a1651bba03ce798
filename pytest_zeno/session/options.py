"""The options of a run: what they are called, and what the command line or the ini file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import pytest

from pytest_zeno.profiles import PROFILES
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_zeno.profiles import Profile

REPORT: Final = "--zeno-report"

_CHOICES: Final = {"zeno_profile": PROFILES}
"""The values that an option takes, its default first."""


def add(parser: pytest.Parser) -> None:
    """Add the options; each is in the ini file what it is on the command line."""
    group = parser.getgroup("zeno", "ZenoEngine plugins")
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
    group.addoption(
        REPORT,
        action="append",
        default=[],
        metavar="FILE",
        help="write what was found to FILE, whose name's end chooses the format: .json, .md, "
        ".sarif, .html, .badge.json; FORMAT:FILE chooses it whatever the name; may be given again",
    )
    parser.addini("zeno_report", f"reports to write, as {REPORT}", type="linelist", default=[])


def check(config: pytest.Config) -> None:
    """Raise UsageError when the ini file sets an option to what it cannot be."""
    for name, choices in _CHOICES.items():
        value = config.getini(name)
        if value and value not in choices:
            raise pytest.UsageError(
                f"{name} in the ini file is {quoted(value, 60)}, expected {' or '.join(choices)}"
            )


def profile(config: pytest.Config) -> Profile:
    """Return the host that plugins are judged for."""
    return cast("Profile", _chosen(config, "zeno_profile"))


def reports(config: pytest.Config) -> list[tuple[str, Path]]:
    """Return what is asked for by ``--zeno-report``, and the folder that it is relative to."""
    given: list[str] = config.getoption("zeno_report")
    if given:
        return [(text, config.invocation_params.dir) for text in given]
    folder = config.inipath.parent if config.inipath else config.rootpath
    return [(text, folder) for text in config.getini("zeno_report")]


def _chosen(config: pytest.Config, name: str) -> str:
    chosen: str = config.getoption(name) or config.getini(name) or _CHOICES[name][0]
    return chosen
