"""Where the guests of one plugin run: in one process at a time, a new one after each end."""

from __future__ import annotations

import dataclasses
import itertools
from threading import RLock
from typing import TYPE_CHECKING, Any

from pytest_zeno.isolation.remote import RemoteInstance
from pytest_zeno.isolation.spare import spares

if TYPE_CHECKING:
    from pytest_zeno.isolation.process import Process
    from pytest_zeno.limits import Limits
    from pytest_zeno.runtime.instance import HostCalls
    from pytest_zeno.runtime.module import GuestModule
    from pytest_zeno.runtime.reference import Quirks


class Worker:
    """A process that guests of one plugin run in.

    It starts with the first instance. When it dies, or is killed for being late, what ran in it
    ends with a typed error, and the next instance has a new process. Entries of its instances
    never overlap: who comes meanwhile waits.
    """

    def __init__(self) -> None:
        self._process: Process | None = None
        self._leased = False
        self._lock = RLock()
        """One conversation at a time; the thread that answers a host call may begin another."""
        self._numbers = itertools.count(1)

    def __repr__(self) -> str:
        return f"<Worker {self._process.pid if self._process else 'idle'}>"

    @property
    def pid(self) -> int | None:
        """The number of the process; None before it starts."""
        return self._process.pid if self._process else None

    def open_instance(
        self,
        module: GuestModule,
        calls: HostCalls,
        limits: Limits,
        *,
        plugin: str = "",
        metered: bool = False,
    ) -> RemoteInstance:
        """Return a started instance in the worker; as `runtime.open_instance`."""
        metered = metered or limits.fuel is not None
        return self._open(module, calls, limits, plugin, way="plain", metered=metered)

    def open_measured(
        self, module: GuestModule, calls: HostCalls, limits: Limits, *, plugin: str = ""
    ) -> RemoteInstance:
        """Return a measured instance in the worker; as `runtime.measured.MeasuredInstance`."""
        return self._open(module, calls, limits, plugin, way="measured", metered=True)

    def open_reference(
        self,
        module: GuestModule,
        calls: HostCalls,
        limits: Limits,
        *,
        plugin: str = "",
        quirks: Quirks,
    ) -> RemoteInstance:
        """Return an instance with quirks in the worker; as `runtime.reference`."""
        named = dataclasses.asdict(quirks)
        return self._open(module, calls, limits, plugin, way="reference", quirks=named)

    def close(self) -> None:
        """End the process; safe to call twice."""
        with self._lock:
            process, self._process = self._process, None
            if process is not None:
                process.end()
            if self._leased:
                self._leased = False
                spares.release()

    def _open(
        self, module: GuestModule, calls: HostCalls, limits: Limits, plugin: str, **how: Any
    ) -> RemoteInstance:
        module.compiled(metered=how.get("metered", False))  # so that it is in the cache
        with self._lock:
            number = next(self._numbers)
            made = RemoteInstance(self._living(), self._lock, number, calls, limits, plugin)
            made.open(module, **how)
        return made

    def _living(self) -> Process:
        """Return the process, a new one when there is none."""
        process = self._process
        if process is None or not process.running:
            if process is not None:
                process.end()
                self._process = None
            if not self._leased:
                self._leased = True
                spares.lease()
            process = self._process = spares.take()
        return process
