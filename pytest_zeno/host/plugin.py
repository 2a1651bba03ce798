"""A loaded plugin: who it says it is, what it offers, and calls into it.

What becomes of an instance whose entry fails is decided here and nowhere else (docs/recovery.md):
a trap, an exit, a limit, a protocol error or an interrupt is its end, and it is never entered
again. The next call makes a fresh one, through start, `plugin_init` and `plugin_register_slots`,
and is the only one that meets what fails in them. Calls that are refused (``closed.busy``), host
calls that fail and parameters that are no JSON end nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ClosedError, Phase, ZenoError
from pytest_zeno.host.closing import Closing
from pytest_zeno.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_zeno.host.guest import Guest
    from pytest_zeno.host.result import Result
    from pytest_zeno.isolation.worker import Worker
    from pytest_zeno.manifest import Manifest
    from pytest_zeno.protocol.metadata import Metadata
    from pytest_zeno.protocol.slots import Slots

_TURN: Final = 0
"""The key of `Plugin._turn`."""


class Plugin(Closing):
    """A plugin that `ZenoHost.load` has loaded and checked.

    Calls never overlap: one from another thread meanwhile raises ClosedError (``closed.busy``).
    A trap, an exit, an exhausted limit or a protocol error ends the instance; the next call runs
    on a fresh one (ABI.md section 5).

    Attributes:
        path: the manifest, or the module of a bare plugin.
        manifest: what `manifest.yaml` says; None for a bare module.
        metadata: what `plugin_init` answered.
        slots: what the plugin offers, in its own order; ``slots["hello.greet"]`` finds one.
    """

    def __init__(
        self,
        path: Path,
        manifest: Manifest | None,
        metadata: Metadata,
        slots: Slots,
        guest: Guest,
        renew: Callable[[], Guest],
        worker: Worker | None = None,
    ) -> None:
        self.path = path
        self.manifest = manifest
        self.metadata = metadata
        self.slots = slots
        self._guest = guest
        self._renew = renew
        self._worker = worker
        self._closed = False
        self._turn: dict[int, None] = {_TURN: None}
        """Holds its key while nobody makes a fresh instance."""

    def __repr__(self) -> str:
        state = " closed" if self._closed else ""
        return f"<Plugin {visible(self.name)} {self.metadata.version}{state}>"

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
        return self._living("", "").memory_size

    def call(self, slot: str, /, **parameters: Any) -> Result:
        """Call a slot and return its response; a failure response is a result, not an exception.

        Raises:
            TrapError, ExitError, LimitError: the guest did not come back in an orderly way.
            ProtocolError: it answered what the contract does not allow.
            ClosedError: the plugin is closed, or another thread is inside.
            ValueError: the parameters cannot be said in JSON (NaN, integers beyond 64 bits).
        """
        __tracebackhide__ = True
        guest = self._guest
        try:
            return (self._living("execute", slot) if guest.ended else guest).call(slot, parameters)
        except ZenoError as error:
            raise error.with_traceback(None) from None  # the plugin's failure, not our way to it

    def send(self, slot: str, request: bytes) -> Result:
        """Call a slot with a request's bytes as they are, well-formed or not; see `call`."""
        __tracebackhide__ = True
        try:
            return self._living("execute", slot).send(slot, request)
        except ZenoError as error:
            raise error.with_traceback(None) from None

    def close(self) -> None:
        """Call `plugin_cleanup` and free the instance; safe to call twice.

        Raises what the cleanup raises, after everything is freed, and ClosedError
        (``closed.busy``) while another thread is inside: then nothing is done.
        """
        if self._closed:
            return
        self._closed = True
        guest = self._guest
        try:
            if not guest.ended:
                guest.cleanup()
        except ClosedError:
            self._closed = guest.ended
            raise
        finally:
            if self._closed:
                guest.close()
                if self._worker is not None:
                    self._worker.close()

    def _living(self, phase: Phase, slot: str) -> Guest:
        """Return the guest, a fresh one when the last call was its end."""
        if self._closed:
            raise self._refusal(phase, slot)
        if self._guest.ended:
            try:
                del self._turn[_TURN]
            except KeyError:
                raise self._refusal(phase, slot) from None
            try:
                self._replace()
            finally:
                self._turn[_TURN] = None
            if self.closed:  # by another thread meanwhile
                self._guest.close()
                raise self._refusal(phase, slot)
        return self._guest

    def _replace(self) -> None:
        if self._guest.ended:
            self._guest.close()
            self._guest = self._renew()

    def _refusal(self, phase: Phase, slot: str) -> ClosedError:
        what, code, hint = (
            ("closed", "closed.plugin", "load it again, or call it inside its host's `with` block")
            if self._closed
            else ("busy: a fresh instance begins", "closed.busy", "give each thread its own plugin")
        )
        name = visible(self.name)
        return ClosedError(
            f"the plugin {name} is {what}",
            code=code,
            plugin=name,
            phase=phase,
            slot=visible(slot),
            hint=hint,
        )
