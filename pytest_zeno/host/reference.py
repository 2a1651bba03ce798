"""A guest on the reference host (ABI.md section 9): its way with instances behind our gate.

Permissions and services stay the contract's; where those of the reference host decide otherwise,
`permissions.reference` says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_zeno.host.guest import Guest
from pytest_zeno.runtime.reference import ALL, Quirks, ReferenceInstance

if TYPE_CHECKING:
    from pytest_zeno.isolation.remote import RemoteInstance
    from pytest_zeno.runtime.module import GuestModule
    from pytest_zeno.runtime.reference import Text


class ReferenceGuest(Guest):
    """One instance of a plugin as the reference host runs it, or with some of its quirks.

    With `Quirks.traps` it goes on after a trap and after an answer that cannot be read. See
    `Guest` for the other parameters and what it raises.
    """

    instance: ReferenceInstance | RemoteInstance

    def __init__(self, module: GuestModule, *, quirks: Quirks = ALL, **parts: Any) -> None:
        self.quirks = quirks
        super().__init__(module, **parts)

    @property
    def text(self) -> Text | None:
        """Where the last answer lay in the guest's memory."""
        return self.instance.text

    @property
    def output(self) -> bytes:
        """What the guest wrote to stdout and stderr."""
        return self.instance.output()

    def _open(self, module: GuestModule) -> ReferenceInstance | RemoteInstance:
        opened = self._worker.open_reference if self._worker else ReferenceInstance
        return opened(module, self._gate, self.limits, plugin=self.plugin, quirks=self.quirks)
