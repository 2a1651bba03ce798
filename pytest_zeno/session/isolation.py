"""Whether the plugins of a run have processes of their own (docs/isolation.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pytest

OPTION: Final = "--zeno-isolate"
INI: Final = "zeno_isolate"


def add(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    """Add the option and its line in the ini file."""
    group.addoption(
        OPTION,
        action="store_true",
        help="run each plugin in a process of its own, under judgement and in the fixtures' "
        "hosts: what crashes or hangs there is that plugin's failure and no more",
    )
    parser.addini(INI, f"run plugins in processes of their own, as {OPTION}", type="bool")


def asked(config: pytest.Config) -> bool:
    """Return whether plugins have processes of their own."""
    return bool(config.getoption(INI) or config.getini(INI))


def prepare(config: pytest.Config) -> None:
    """Keep a process in readiness from the first plugin on to the end of the run."""
    if asked(config):
        from pytest_zeno.isolation.spare import spares

        spares.lease()
        config.add_cleanup(spares.release)
