"""Guests that are measured, and the module they run: the host does not call its `free`.

So the reference host runs a plugin (ABI.md section 3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_zeno.host.guest import Guest
from pytest_zeno.runtime.measured import MeasuredInstance, Unfreed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_zeno.isolation.remote import RemoteInstance
    from pytest_zeno.runtime.measured import Block
    from pytest_zeno.runtime.module import GuestModule


class MeasuredGuest(Guest):
    """One instance of a plugin that counts fuel and knows its blocks; see `Guest`."""

    instance: MeasuredInstance | RemoteInstance
    fuel: int

    def __init__(self, module: GuestModule, **parts: Any) -> None:
        super().__init__(module, measure_fuel=True, **parts)

    @property
    def blocks(self) -> Sequence[Block]:
        """What alloc gave during the last entry, in order."""
        return self.instance.blocks

    def _open(self, module: GuestModule) -> MeasuredInstance | RemoteInstance:
        opened = self._worker.open_measured if self._worker else MeasuredInstance
        return opened(module, self._gate, self.limits, plugin=self.plugin)


def as_measured(module: GuestModule) -> GuestModule:
    """Return the module as measured guests run it, compiled."""
    measured = Unfreed(module)
    measured.compiled(metered=True)
    return measured
