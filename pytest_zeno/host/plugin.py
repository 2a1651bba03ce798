"""A loaded plugin: who it says it is, what it offers, and calls into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_zeno.errors import ClosedError
from pytest_zeno.protocol.request import encode_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from pytest_zeno.host.guest import Guest
    from pytest_zeno.host.result import Result
    from pytest_zeno.manifest import Manifest
    from pytest_zeno.protocol.metadata import Metadata
    from pytest_zeno.protocol.slots import Slots


class Plugin:
    """A plugin that `ZenoHost.load` has loaded and checked.

    Calls never overlap: one from another thread meanwhile raises ClosedError (``closed.busy``).
    A trap, an exit, an exhausted limit or a protocol error ends the instance; the next call runs
    on a fresh one (ABI.md section 5).
    """

    def __init__(
        self,
        path: Path,
        manifest: Manifest | None,
        metadata: Metadata,
        slots: Slots,
        guest: Guest,
        renew: Callable[[], Guest],
    ) -> None:
        self.path = path
        """The manifest, or the module of a bare plugin."""
        self.manifest = manifest
        """None for a bare module."""
        self.metadata = metadata
        self.slots = slots
        """What the plugin offers, in its own order."""
        self._guest = guest
        self._renew = renew
        self._closed = False

    def __repr__(self) -> str:
        return f"<Plugin {self.name} {self.metadata.version}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.metadata.name

    @property
    def closed(self) -> bool:
        """Whether it was closed: its name and its slots are free again."""
        return self._closed

    @property
    def memory(self) -> int:
        """The size of the guest's linear memory, in bytes."""
        return self._living().memory_size

    def call(self, slot: str, /, **parameters: Any) -> Result:
        """Call a slot and return its response; a failure response is a result, not an exception.

        Raises:
            TrapError, ExitError, LimitError: the guest did not come back in an orderly way.
            ProtocolError: it answered what the contract does not allow.
            ClosedError: the plugin is closed, or another thread is inside.
            ValueError: the parameters cannot be said in JSON (NaN, integers beyond 64 bits).
        """
        request = encode_request(slot, parameters)
        guest = self._guest
        return (self._living() if guest.ended else guest).send(slot, request)

    def send(self, slot: str, request: bytes) -> Result:
        """Call a slot with a request's bytes as they are, well-formed or not; see `call`."""
        return self._living().send(slot, request)

    def close(self) -> None:
        """Call `plugin_cleanup` and free the instance; safe to call twice.

        Raises what the cleanup raises, after everything is freed.
        """
        if self._closed:
            return
        self._closed = True
        try:
            if not self._guest.ended:
                self._guest.cleanup()
        finally:
            self._guest.close()

    def _living(self) -> Guest:
        """Return the guest, a fresh one when the last call was its end."""
        if self._closed:
            raise ClosedError(
                f"the plugin {self.name} is closed",
                code="closed.plugin",
                plugin=self.name,
                hint="load it again, or call it inside its host's `with` block",
            )
        if self._guest.ended:
            self._guest.close()
            self._guest = self._renew()
        return self._guest
