"""How xdist spreads the rules: a plugin stays on one worker, where it is asked once."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def scheduler(config: pytest.Config, log: Any) -> Any | None:
    """Return a scheduler that gives out whole files where xdist would scatter a plugin's rules.

    None where the user chose another way (``--dist``), or nothing is judged.
    """
    if config.getoption("dist") != "load" or not getattr(config.option, "zeno_judged", ()):
        return None
    schedulers = importlib.import_module("xdist.scheduler")  # not ours to require
    return schedulers.LoadFileScheduling(config, log)
