"""The gate: every host call of a plugin passes here, in every phase (PERMISSIONS.md, General 3, 4).

One call: the request, copied once, goes to the permission of its kind, which returns the canonical
resource; the service, or a fault in its place, gets that and nothing else; the ledger notes who
decided and what came of it.
"""

from __future__ import annotations

import math
from threading import get_ident
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, NoReturn

import msgspec

from pytest_zeno.errors import Phase, ZenoError
from pytest_zeno.host.ledger import EACH, KEPT_BYTES, Entry, Trace
from pytest_zeno.limits import exceeded
from pytest_zeno.permissions.deciding import deciders
from pytest_zeno.permissions.refusal import Code, Refused
from pytest_zeno.runtime.abi import ANSWER_NUMBERS, HOST_FUNCTIONS
from pytest_zeno.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_zeno.errors import LimitError
    from pytest_zeno.host.faults import Met
    from pytest_zeno.host.services import Services
    from pytest_zeno.limits import Limits
    from pytest_zeno.manifest.grants import Grants
    from pytest_zeno.permissions.filesystem import FileWrite
    from pytest_zeno.permissions.scope import ScopeWrite
    from pytest_zeno.services.log import LogRecord

Reply = bytes | int
"""What the guest gets: a text, or a number."""

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_VALUE: Final = b'{"success":true,"data":{"value":'
_ENDS: Final = b"}}"
_LOG: Final = HOST_FUNCTIONS.index("host_log")
_ENV: Final = HOST_FUNCTIONS.index("host_env_get")
_NUMBERS: Final = frozenset(HOST_FUNCTIONS.index(name) for name in ANSWER_NUMBERS)
_OUTSIDE: Final = "abi.outside_memory"

_answering: Final[dict[int, int]] = {}
"""How many host calls a thread is answering, each within the guest that the one before called.

Each guest has a wasm stack of its own on the thread's, which would be full at some depth: a crash,
and no trap.
"""


class Gate:
    """Answers the host calls of one plugin; `runtime.instance.HostCalls` is its interface.

    Args:
        plugin: the name that the ledger and log records carry.
        grants: what the plugin may do.
        services: what serves a call that is allowed.
        limits: how much of it.
        defaults: values of configuration parameters, by their environment name.
    """

    def __init__(
        self,
        plugin: str,
        grants: Grants,
        services: Services,
        limits: Limits,
        defaults: Mapping[str, str] | None = None,
    ) -> None:
        self.plugin = plugin
        self.phase: Phase = "start"
        """What an entry is that was not begun by `begin`."""
        self.until = math.inf
        """When the present entry ends, on the monotonic clock."""
        self.notes: dict[int, Entry] = {}
        """What entries asked so far, by thread: one may come in before another has read its own."""
        self._services = services
        self._most_calls, self._most_nested = limits.host_calls, limits.nesting
        self._largest = limits.reply
        self._defaults = defaults or {}
        self._faults = services.faults.present
        decide = {"host_log": _no_log, **deciders(grants, limits)}
        self._decide = tuple(decide[name] for name in HOST_FUNCTIONS)
        self._serve: tuple[Callable[[Any], Reply], ...] = (
            _no_log,
            lambda query: _success(services.db.query(query)),
            lambda request: _success(services.http.send(request, self.until)),
            lambda key: _VALUE + _encode(services.scope.find(key)) + _ENDS,
            self._write_scope,
            lambda file: _success({"content": services.files.read(self.plugin, file)}),
            self._write_file,
            self._variable,
        )

    def begin(self, phase: Phase) -> Entry:
        """Begin a page of notes for an entry of this thread."""
        notes = self.notes[get_ident()] = Entry(self.plugin, phase, self._most_calls)
        return notes

    def resume(self, outer: Entry | None) -> None:
        """Go back to the page that `begin` has covered: the entry was refused."""
        if outer is None:
            self.notes.pop(get_ident(), None)
        else:
            self.notes[get_ident()] = outer

    def take(self, slot: str = "") -> tuple[Entry | None, tuple[LogRecord, ...]]:
        """Return what this thread's entry asked and logged; None when it asked nothing."""
        notes = self.notes.pop(get_ident(), None)
        if notes is None or not (notes.traces or notes.dropped):
            return None, ()
        notes.slot = slot
        if notes.dropped:
            notes.say_dropped()
        return notes, tuple(notes.logs)

    # -- runtime.instance.HostCalls ---------------------------------------------------------------

    def answer(self, function: int, request: bytes, /) -> Reply:
        """Answer a host call; while it is answered, others of this thread are nested in it."""
        thread = get_ident()
        depth = _answering.get(thread, 0)
        if depth >= self._most_nested:
            raise self._too_deep()
        try:
            _answering[thread] = depth + 1
            return self._answered(function, request, thread)
        finally:
            if depth:
                _answering[thread] = depth
            else:
                _answering.pop(thread, None)

    def _answered(self, function: int, request: bytes, thread: int) -> Reply:
        started = perf_counter()
        notes = self._counted(thread)
        code: Code | str = ""
        detail, reply = "", None
        try:
            decision = self._decide[function](request, notes.phase)
            rule = decision.rule
            if function in self._faults:
                rule, detail, reply = self._met(function, request, rule, notes)
            if reply is None:
                reply = self._serve[function](decision.resource)
            if reply.__class__ is bytes and len(reply) > self._largest:
                raise Refused("limit_exceeded", "reply.size", f"{len(reply)} bytes")
        except Refused as refusal:
            code, rule, detail = refusal.code, refusal.rule, refusal.detail
            reply = _refusal(function, refusal)
        except ZenoError:
            raise
        except Exception as error:  # noqa: BLE001 (the guest must not learn what failed)
            code, rule = "internal", "service.failed"
            detail = visible(f"{type(error).__name__}: {error}")
            reply = _refusal(function, Refused("internal", rule, detail))
        asked, kept, size = request[:KEPT_BYTES], reply, 0
        if reply.__class__ is bytes:
            kept = reply[:KEPT_BYTES]
            size = len(kept)
        seconds = perf_counter() - started
        trace = Trace(HOST_FUNCTIONS[function], asked, code, rule, detail, kept, seconds)
        notes.add(trace, len(asked) + size)
        return reply

    def outside(self, function: int, pointer: int, size: int, /) -> Reply:
        """Answer a host call whose request lies outside the memory: the plugin's breach."""
        self._counted(get_ident())
        reply = _refusal(function, Refused("invalid_request", _OUTSIDE))
        detail = f"{size} bytes at {pointer} lie outside the memory"
        self._breach(HOST_FUNCTIONS[function], "invalid_request", _OUTSIDE, detail, reply)
        return reply

    def log(self, level: bytes, message: bytes, size: int, /) -> None:
        """Keep a log line; one that is not UTF-8 is dropped and counted (ABI.md section 6)."""
        notes = self.notes.get(get_ident()) or self.begin(self.phase)
        rule, detail = "log.always", ""
        try:
            if _LOG in self._faults:
                rule, detail, _ = self._met(_LOG, message, rule, notes)
            record = self._services.log.add(self.plugin, notes.phase, level, message, size)
        except Refused as refusal:
            asked = message[:KEPT_BYTES]
            self._breach("host_log", refusal.code, refusal.rule, refusal.detail, request=asked)
            return
        notes.logs.append(record)
        asked = message[:KEPT_BYTES]
        # Always kept: log lines have limits of their own.
        notes.room -= EACH + len(asked)
        notes.traces.append(Trace("host_log", asked, "", rule, detail, None, 0.0))

    def log_outside(self, pointer: int, /) -> None:
        """Note a log line that lies outside the memory."""
        self._breach("host_log", "invalid_request", _OUTSIDE, f"a log line at {pointer}")

    def log_dropped(self, count: int, /) -> None:
        """Note log lines above the limits, with one notice among the lines that were kept."""
        notes = self._present()
        notice = f"{count} log lines above the limits were dropped"
        notes.logs.append(self._services.log.notice(self.plugin, notes.phase, notice))
        self._breach("host_log", "limit_exceeded", "log.limit", notice)

    def nested(self, count: int, /) -> None:
        """Note host calls made while alloc answered another one (PERMISSIONS.md, Limits)."""
        detail = f"{count} host calls from inside alloc, while it made room for a reply"
        self._breach("alloc", "limit_exceeded", "abi.nested_call", detail)

    def no_room(self, pointer: int, size: int, /) -> None:
        """Note that alloc gave no room for a reply: the guest got 0."""
        detail = f"alloc({size}) returned {pointer}, where no room for the reply is"
        self._breach("alloc", "limit_exceeded", "abi.alloc", detail)

    def too_early(self, count: int) -> None:
        """Note host calls made during start: each got 0 (PERMISSIONS.md, Limits)."""
        detail = f"{count} host calls during start, where each is answered by 0"
        self._breach("start", "unavailable", "abi.start", detail)

    # -- services ----------------------------------------------------------------------------------

    def _met(self, function: int, request: bytes, rule: str, notes: Entry) -> Met:
        return self._services.faults.meet(function, request, rule, notes, self.until)

    def _variable(self, name: str) -> bytes:
        known = self._services.env
        value = known.get(name) if name in known else self._defaults.get(name, "")
        return value.encode()

    def _write_scope(self, write: ScopeWrite) -> bool:
        self._services.scope.write(write.key, write.value)
        return True

    def _write_file(self, write: FileWrite) -> bool:
        self._services.files.write(self.plugin, write)
        return True

    # -- keeping the ledger ------------------------------------------------------------------------

    def _present(self) -> Entry:
        return self.notes.get(get_ident()) or self.begin(self.phase)

    def _counted(self, thread: int) -> Entry:
        notes = self.notes.get(thread) or self.begin(self.phase)
        notes.left -= 1
        if notes.left < 0:
            most = self._most_calls
            text = f"more than {most} host calls in one entry"
            raise exceeded("host_calls", text, "look for a loop around a host call", allowed=most)
        return notes

    def _too_deep(self) -> LimitError:
        """Return the error for host calls that call plugins that make host calls, and so on."""
        most = self._most_nested
        text = f"a host call that is nested in {most} others, each of another plugin"
        return exceeded("nesting", text, "look for plugins that call each other", allowed=most)

    def _breach(
        self,
        function: str,
        code: Code,
        rule: str,
        detail: str,
        reply: Reply | None = None,
        request: bytes = b"",
    ) -> None:
        trace = Trace(function, request, code, rule, detail, reply, 0.0)
        self._present().add(trace, len(request) + len(detail))


def _no_log(*_: object) -> NoReturn:
    raise Refused("internal", "abi.function", "log lines come through the ring")


def _success(data: Any) -> bytes:
    return _encode({"success": True, "data": data})


def _refusal(function: int, refusal: Refused) -> Reply:
    """What the guest gets for a call that is not served (PERMISSIONS.md, General)."""
    if function in _NUMBERS:
        return False
    if function == _ENV:
        return b""
    return _encode({"success": False, "error": refusal.text, "code": refusal.code})
