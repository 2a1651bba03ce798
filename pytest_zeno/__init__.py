"""The harness that decides whether a ZenoEngine plugin is fit to ship.

from pytest_zeno import ZenoHost

with ZenoHost() as host:
    plugin = host.load("plugins/hello")
    print(plugin.call("hello.greet", name="World").data)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_zeno.errors import (
    ClosedError,
    ExitError,
    ExpectationError,
    LimitError,
    LoadError,
    ManifestError,
    Problem,
    ProtocolError,
    TrapError,
    ZenoError,
)

if TYPE_CHECKING:
    from pytest_zeno.host import HostCall, Plugin, Result, ZenoHost
    from pytest_zeno.limits import Limits

__version__ = "0.1.0"

__all__ = [
    "ClosedError",
    "ExitError",
    "ExpectationError",
    "HostCall",
    "LimitError",
    "Limits",
    "LoadError",
    "ManifestError",
    "Plugin",
    "Problem",
    "ProtocolError",
    "Result",
    "TrapError",
    "ZenoError",
    "ZenoHost",
]


def __getattr__(name: str) -> object:
    """Import the host when it is first asked for: pytest imports this package at every start."""
    if name == "Limits":
        from pytest_zeno.limits import Limits

        return Limits
    if name in ("HostCall", "Plugin", "Result", "ZenoHost"):
        from pytest_zeno import host

        return getattr(host, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
