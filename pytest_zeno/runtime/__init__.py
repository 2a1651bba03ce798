"""wasmtime behind one door: engines, modules, instances, and the call path.

Nothing here knows a manifest, a permission or a service: an instance is given bytes, limits and
one object that answers host calls.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pytest_zeno.limits import Limits
    from pytest_zeno.runtime.instance import HostCalls, Instance
    from pytest_zeno.runtime.module import GuestModule

__all__ = ["PATH_VARIABLE", "open_instance"]

PATH_VARIABLE: Final = "ZENO_RUNTIME"
"""The environment variable that chooses the call path: ``fast`` (the default) or ``plain``."""


def open_instance(
    module: GuestModule,
    calls: HostCalls,
    limits: Limits,
    *,
    plugin: str = "",
    metered: bool = False,
) -> Instance:
    """Return a started instance of `module` on the fitting call path.

    A metered instance, and one with a fuel limit, takes the plain path: the adapter burns fuel.
    """
    metered = metered or limits.fuel is not None
    if metered or os.environ.get(PATH_VARIABLE) == "plain":
        from pytest_zeno.runtime.plain import PlainInstance

        return PlainInstance(module, calls, limits, plugin=plugin, metered=metered)
    from pytest_zeno.runtime.fast import FastInstance

    return FastInstance(module, calls, limits, plugin=plugin)
