"""A plugin with several instances, for calls from several threads at once.

An instance is lent to one call at a time, so a store is never entered twice. The one used last is
lent first: calls that follow each other meet one instance, and with it one state. Instances are
made when they are needed, and what ends one (docs/recovery.md) touches no other.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Condition, get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any

from pytest_zeno.errors import ClosedError, ZenoError
from pytest_zeno.host.plugin import Plugin
from pytest_zeno.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.errors import Phase
    from pytest_zeno.host.guest import Guest
    from pytest_zeno.host.result import Result


class PooledPlugin(Plugin):
    """A plugin that up to `instances` threads can be inside of (``load(path, instances=...)``).

    A call that finds all of them taken waits for one, for as long as a call may take
    (`Limits.timeout`), and then raises ClosedError (``closed.busy``). So does at once a call from
    the plugin's own host call: it might wait for itself.
    """

    def __init__(self, *parts: Any, instances: int) -> None:
        super().__init__(*parts)
        self.instances = instances
        self._idle: list[Guest] = [self._guest]
        self._living_ones = 1
        """Instances that are idle, lent, or being made."""
        self._inside: list[int] = []
        """The threads that have an instance, each as often as it has one."""
        self._change = Condition()

    @property
    def memory(self) -> int:
        """The size of the largest linear memory among the instances that are not lent, in bytes."""
        with self._change:
            return max((guest.memory_size for guest in self._idle), default=0)

    def call(self, slot: str, /, **parameters: Any) -> Result:
        """Call a slot on an instance that is free; see `Plugin.call`."""
        __tracebackhide__ = True
        try:
            with self._lent(slot) as guest:
                return guest.call(slot, parameters)
        except ZenoError as error:
            raise error.with_traceback(None) from None

    def send(self, slot: str, request: bytes) -> Result:
        """Call a slot with a request's bytes as they are; see `Plugin.send`."""
        __tracebackhide__ = True
        try:
            with self._lent(slot) as guest:
                return guest.send(slot, request)
        except ZenoError as error:
            raise error.with_traceback(None) from None

    def close(self) -> None:
        """Call `plugin_cleanup` of each instance and free it; see `Plugin.close`."""
        with self._change:
            if self._closed:
                return
            if len(self._idle) < self._living_ones:
                raise self._busy("cleanup", "")
            self._closed = True
            guests, self._idle = self._idle, []
        errors = [error for guest in guests if (error := _ended(guest)) is not None]
        for other in errors[1:]:
            errors[0].add_note(str(other))
        if errors:
            raise errors[0]

    @contextmanager
    def _lent(self, slot: str) -> Iterator[Guest]:
        guest = self._take(slot)
        try:
            guest = guest or self._renew()
            yield guest
        finally:
            self._give_back(guest)

    def _take(self, slot: str) -> Guest | None:
        """Take an idle instance; None is the right to make one."""
        until = monotonic() + self._guest.limits.timeout
        with self._change:
            while not self._idle and self._living_ones >= self.instances and not self._closed:
                waits = get_ident() not in self._inside
                if not (waits and self._change.wait(until - monotonic())):
                    raise self._busy("execute", slot)
            if self._closed:
                raise self._refusal("execute", slot)
            self._inside.append(get_ident())
            if self._idle:
                return self._idle.pop()
            self._living_ones += 1
            return None

    def _give_back(self, guest: Guest | None) -> None:
        """Take back what was lent: an instance that lives, or the right to make one."""
        ended = guest is None or guest.ended
        if guest is not None and ended:
            guest.close()
        with self._change:
            self._inside.remove(get_ident())
            if guest is not None and not ended:
                self._idle.append(guest)
            else:
                self._living_ones -= 1
            self._change.notify()

    def _busy(self, phase: Phase, slot: str) -> ClosedError:
        name = visible(self.name)
        return ClosedError(
            f"the plugin {name} is busy: each of its {self.instances} instances is in a call",
            code="closed.busy",
            plugin=name,
            phase=phase,
            slot=visible(slot),
            hint="load it with more instances, or call it from fewer threads",
        )


def _ended(guest: Guest) -> BaseException | None:
    """Clean up and free an instance; return what went wrong."""
    try:
        if not guest.ended:
            guest.cleanup()
    except BaseException as error:  # noqa: BLE001 (raised when all are freed)
        return error
    finally:
        guest.close()
    return None
