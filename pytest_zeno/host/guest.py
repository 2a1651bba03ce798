"""A plugin's running module behind its gate: bytes in, bytes out, one entry at a time."""

from __future__ import annotations

from contextlib import suppress
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_zeno.errors import ClosedError, ZenoError
from pytest_zeno.host.closing import Closing
from pytest_zeno.host.gate import Gate
from pytest_zeno.host.ledger import HostCall, Ledger
from pytest_zeno.host.result import Result
from pytest_zeno.protocol.request import (
    HIGHEST,
    LOWEST,
    PLAIN,
    Request,
    encode_request,
    write,
)
from pytest_zeno.protocol.response import SHORT, UNREADABLE, decode_response, parse
from pytest_zeno.runtime import open_instance
from pytest_zeno.runtime.instance import check_module
from pytest_zeno.text import visible, visible_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self, TypeGuard

    from pytest_zeno.errors import Phase
    from pytest_zeno.host.ledger import Entry
    from pytest_zeno.host.services import Services
    from pytest_zeno.isolation.remote import RemoteInstance
    from pytest_zeno.isolation.worker import Worker
    from pytest_zeno.limits import Limits
    from pytest_zeno.manifest.grants import Grants
    from pytest_zeno.protocol.response import Response
    from pytest_zeno.runtime.instance import Instance
    from pytest_zeno.runtime.module import GuestModule
    from pytest_zeno.services.log import LogRecord

    _Noted = tuple[int | None, Entry | None, tuple[LogRecord, ...]]

T = TypeVar("T")


class Guest(Closing):
    """One instance of a plugin, started; it ends with `close`, or with the first failure.

    Args:
        module: the plugin's module.
        grants: what it may do; the gate asks them at every host call.
        services: what serves its host calls.
        limits: what it may use.
        plugin: the name that errors, log records and the ledger carry.
        ledger: where host calls are kept; one of its own by default.
        defaults: values of configuration parameters, by their environment name.
        measure_fuel: count fuel, at the price of the fast call path.
        worker: the process that it runs in; this one by default.
        alone: whether the worker ends with it.

    Raises:
        LoadError: the module breaks the contract or cannot be instantiated.
        TrapError, ExitError, LimitError: its start function failed.
    """

    def __init__(
        self,
        module: GuestModule,
        *,
        grants: Grants,
        services: Services,
        limits: Limits,
        plugin: str = "",
        ledger: Ledger | None = None,
        defaults: Mapping[str, str] | None = None,
        measure_fuel: bool = False,
        worker: Worker | None = None,
        alone: bool = False,
    ) -> None:
        check_module(module, plugin)
        self.plugin = plugin
        self.limits = limits
        self.ledger = Ledger() if ledger is None else ledger
        self.logs: tuple[LogRecord, ...] = ()
        """What the last entry logged."""
        self.entry: Entry | None = None
        """What the last entry asked of the host; None when it asked nothing."""
        self.fuel: int | None = None
        """The fuel burnt by the last entry; None when it is not counted."""
        self.ended = False
        """Whether it is closed, or has failed; it cannot be entered again."""
        self._metered = measure_fuel
        self._gate = Gate(plugin, grants, services, limits, defaults)
        self._worker = worker
        self._alone = alone
        self.instance = self._open(module)
        if self.instance.refused_at_start:
            self._gate.too_early(self.instance.refused_at_start)
            self._collect("")
        self.call = self._make_call()
        """Call a slot with parameters after `register`; see `send`."""

    def __repr__(self) -> str:
        state = "ended" if self.ended else self._gate.phase
        return f"<Guest {self.plugin} {state}>"

    def _open(self, module: GuestModule) -> Instance | RemoteInstance:
        opened = self._worker.open_instance if self._worker else open_instance
        return opened(module, self._gate, self.limits, plugin=self.plugin, metered=self._metered)

    @property
    def host_calls(self) -> tuple[HostCall, ...]:
        """What the last entry asked of the host."""
        return self.entry.calls if self.entry else ()

    @property
    def memory_size(self) -> int:
        """The size of the linear memory in bytes."""
        return self.instance.memory_size

    def init(self) -> bytes:
        """Call `plugin_init` and return the metadata's text."""
        return self._enter("init", self.instance.init)

    def register(self) -> bytes:
        """Call `plugin_register_slots` and return the slot list's text."""
        text = self._enter("register", self.instance.register)
        self._gate.phase = "execute"
        return text

    def ready(self) -> Self:
        """Return the guest after `init` and `register`; it is closed when one of them fails."""
        try:
            self.init()
            self.register()
        except BaseException:
            self.close()
            raise
        return self

    def rename(self, plugin: str) -> None:
        """Give a bare module the name it has for itself, in errors, log records and the ledger."""
        self.plugin = self._gate.plugin = self.instance.plugin = plugin

    def execute(self, slot: str | bytes, request: bytes) -> bytes:
        """Call `plugin_execute` with a slot's name and a request; return the response's text.

        Raises TrapError, ExitError, LimitError or ProtocolError, after which the guest is at its
        end, and ClosedError when it is.
        """
        name = slot if isinstance(slot, bytes) else slot.encode()
        return self._enter("execute", lambda: self.instance.execute(name, request), slot)

    def cleanup(self) -> None:
        """Call `plugin_cleanup`."""
        self._enter("cleanup", self.instance.cleanup)

    def close(self) -> None:
        """Free the instance; safe to call twice. Raises ClosedError while a thread is inside."""
        self.instance.close()
        self.ended = True
        if self._alone and self._worker is not None:
            self._worker.close()

    def send(self, slot: str, request: bytes) -> Result:
        """Call `plugin_execute` after `register`, and read the response.

        What the guest logged and asked stands in the result alone. A response that the contract
        does not allow raises ProtocolError or LimitError, and is the guest's end, too (ABI.md
        section 5).
        """
        try:
            answer = self.instance.execute(slot.encode(), request)
            response = decode_response(answer, self.limits)
        except BaseException as failure:
            self._failed("execute", slot, failure)
            raise
        return self._result(slot, response, answer)

    def _make_call(self) -> Callable[[str, dict[str, Any]], Result]:
        """Return `call`, which every slot call goes through, with all it needs at hand.

        `encode_request`, `send` and `decode_response` are written out in it for plain parameters
        and short answers: each frame that is saved is 3 % of a call.
        """
        instance, limits, metered = self.instance, self.limits, self._metered
        notes, last, name = self._gate.notes, "", b""
        # So short an answer has neither more levels nor more values than the limits allow.
        short = min(SHORT, 2 * limits.json_depth, 2 * limits.json_nodes)

        def call(slot: str, parameters: dict[str, Any]) -> Result:
            nonlocal last, name
            for value in parameters.values():
                kind = value.__class__
                if kind not in PLAIN and not (kind is int and LOWEST <= value <= HIGHEST):
                    return self.send(slot, encode_request(slot, parameters))
            request = write(Request(slot, parameters))
            try:
                if slot is not last:
                    last, name = slot, slot.encode()
                answer = instance.execute(name, request)
                if known := len(answer) <= short:
                    try:
                        response = parse(answer)
                        known = write(response) == answer
                    except UNREADABLE:
                        known = False
                if not (known and (response.success or response.error)):
                    response = decode_response(answer, limits)
            except BaseException as failure:
                self._failed("execute", slot, failure)
                raise
            if notes or metered:
                return self._result(slot, response, answer)
            return Result(response, answer, instance.pages)

        return call

    def _result(self, slot: str, response: Response, answer: bytes) -> Result:
        fuel, entry, logs = self._collect(slot)
        return Result(response, answer, self.instance.pages, fuel, logs, entry)

    def _enter(self, phase: Phase, run: Callable[[], T], slot: str | bytes = "") -> T:
        gate = self._gate
        outer = gate.notes.get(get_ident())
        gate.begin(phase)
        try:
            answer = run()
        except BaseException as error:
            if _was_refused(error):
                gate.resume(outer)  # there is one when a plugin is called from its own host call
            self._failed(phase, slot, error)
            raise
        gate.phase = phase
        self._collect(slot)
        return answer

    def _collect(self, slot: str | bytes) -> _Noted:
        """Move what was noted during an entry to `fuel`, `logs`, `entry` and the ledger.

        It is returned, too: other threads' entries overwrite the attributes.
        """
        self.fuel = fuel = self.instance.take_fuel() if self._metered else None
        self.entry, self.logs = entry, logs = self._gate.take(_shown(slot))
        if entry is not None:
            self.ledger.add(entry)
        return fuel, entry, logs

    def _failed(self, phase: Phase, slot: str | bytes, error: BaseException) -> None:
        """Give an error what it does not know yet; a refused response ends the instance here."""
        if _was_refused(error):
            self.ended = self.instance.closed
            error.plugin, error.phase, error.slot = self.plugin, phase, _shown(slot)
            return
        _, entry, logs = self._collect(slot)
        self.ended = self.instance.closed
        if not isinstance(error, ZenoError):
            return
        if not error.phase:
            error.plugin, error.phase, error.slot = self.plugin, phase, _shown(slot)
            with suppress(ClosedError):  # another thread has come in meanwhile
                self.close()
            self.ended = True
        error.logs, error.host_calls = logs, entry.calls if entry else ()


def new_worker() -> Worker:
    """Return a process for the guests of one plugin; it starts with the first of them."""
    from pytest_zeno.isolation.worker import Worker

    return Worker()


def _was_refused(error: BaseException) -> TypeGuard[ClosedError]:
    """Whether the instance let nobody in: what the gate noted is not this entry's."""
    return isinstance(error, ClosedError) and not error.phase


def _shown(slot: str | bytes) -> str:
    if isinstance(slot, bytes):
        return visible_bytes(slot)
    if not isinstance(slot, str):
        raise TypeError(f"a slot's name is a text, not {slot!r}")
    return visible(slot)
