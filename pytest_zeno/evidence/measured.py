"""Guests that are measured, and the module they run: the host does not call its `free`.

So the reference host runs a plugin (ABI.md section 3).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.host.guest import Guest
from pytest_zeno.runtime.measured import MeasuredInstance
from pytest_zeno.runtime.module import GuestModule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_zeno.runtime.instance import Instance
    from pytest_zeno.runtime.measured import Block

_PATIENCE: Final = 4
"""How much longer compiling may take: code that counts fuel is larger, and no plugin's fault."""


class MeasuredGuest(Guest):
    """One instance of a plugin that counts fuel and knows its blocks; see `Guest`."""

    instance: MeasuredInstance
    fuel: int

    def __init__(self, module: GuestModule, **parts: Any) -> None:
        super().__init__(module, measure_fuel=True, **parts)

    @property
    def blocks(self) -> Sequence[Block]:
        """What alloc gave during the last entry, in order."""
        return self.instance.blocks

    def _open(self, module: GuestModule) -> Instance:
        return MeasuredInstance(module, self._gate, self.limits, plugin=self.plugin)


class _Unfreed(GuestModule):
    """A module whose `free` the host does not call."""

    def __init__(self, module: GuestModule) -> None:
        self.__dict__.update(module.__dict__)
        limits = module.limits
        self.limits = replace(
            limits,
            compile_timeout=limits.compile_timeout * _PATIENCE,
            compile_memory=limits.compile_memory * _PATIENCE,
        )

    def has_export(self, name: str) -> bool:
        """Whether the module exports `name`, `free` apart."""
        return name != "free" and super().has_export(name)


def as_measured(module: GuestModule) -> GuestModule:
    """Return the module as measured guests run it, compiled."""
    measured = _Unfreed(module)
    measured.compiled(metered=True)
    return measured
