"""The gate: every host call of a plugin passes here, in every phase (PERMISSIONS.md, General 3, 4).

One call: the request, copied once, goes to the permission of its kind, which returns the canonical
resource; the service gets that and nothing else; the ledger notes who decided and what came of it.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pytest_zeno.errors import LimitError, Phase, ZenoError
from pytest_zeno.host.ledger import KEPT_BYTES, Entry, Trace
from pytest_zeno.permissions import database, env, filesystem, network, scope
from pytest_zeno.permissions.refusal import Code, Refused
from pytest_zeno.runtime.abi import ANSWER_NUMBERS, HOST_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_zeno.host.services import Services
    from pytest_zeno.limits import Limits
    from pytest_zeno.manifest.grants import Grants
    from pytest_zeno.services.log import LogRecord

Answer = tuple[str, bytes | bool]
"""What decided, and what the guest gets."""

_encode: Final = msgspec.json.Encoder().encode
_ENV: Final = HOST_FUNCTIONS.index("host_env_get")
_NUMBERS: Final = frozenset(HOST_FUNCTIONS.index(name) for name in ANSWER_NUMBERS)
_OUTSIDE: Final = "abi.outside_memory"


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
        self.traces: list[Trace] = []
        """What the present entry asked so far; log lines included."""
        self._logs: list[LogRecord] = []
        self._grants = grants
        self._services = services
        self._limits = limits
        self._defaults = defaults or {}
        self._left = limits.host_calls
        self._handlers: tuple[Callable[[bytes], Answer], ...] = (
            self._no_log,
            self._database,
            self._http,
            self._scope_get,
            self._scope_set,
            self._file_read,
            self._file_write,
            self._env,
        )

    def take(self, slot: str = "") -> tuple[Entry, tuple[LogRecord, ...]]:
        """Return what the entry that ended asked and logged, and begin a new page."""
        entry = Entry(self.plugin, self.phase, slot, self.traces)
        logs = tuple(self._logs)
        self.traces = []
        self._logs = []
        self._left = self._limits.host_calls
        return entry, logs

    # -- runtime.instance.HostCalls ---------------------------------------------------------------

    def answer(self, function: int, request: bytes, /) -> bytes | bool:
        """Answer a host call."""
        started = perf_counter()
        self._count()
        try:
            rule, reply = self._handlers[function](request)
            if reply.__class__ is bytes and len(reply) > self._limits.reply:
                raise Refused("limit_exceeded", "reply.size", f"{len(reply)} bytes")
        except Refused as refusal:
            code, rule, detail = refusal.code, refusal.rule, refusal.detail
            reply = _refusal(function, refusal)
            self._note(function, request, code, rule, detail, reply, started)
        except ZenoError:
            raise
        except Exception as error:  # noqa: BLE001 (the guest must not learn what failed)
            detail = f"{type(error).__name__}: {error}"
            reply = _refusal(function, Refused("internal", "service.failed", detail))
            self._note(function, request, "internal", "service.failed", detail, reply, started)
        else:
            self._note(function, request, "", rule, "", reply, started)
        return reply

    def outside(self, function: int, pointer: int, size: int, /) -> bytes | bool:
        """Answer a host call whose request lies outside the memory: the plugin's breach."""
        self._count()
        reply = _refusal(function, Refused("invalid_request", _OUTSIDE))
        detail = f"{size} bytes at {pointer} lie outside the memory"
        self._breach(HOST_FUNCTIONS[function], "invalid_request", _OUTSIDE, detail, reply)
        return reply

    def log(self, level: bytes, message: bytes, size: int, /) -> None:
        """Keep a log line; one that is not UTF-8 is dropped and counted (ABI.md section 6)."""
        try:
            record = self._services.log.add(self.plugin, self.phase, level, message, size)
        except Refused as refusal:
            self._breach("host_log", refusal.code, refusal.rule, refusal.detail, request=message)
            return
        self._logs.append(record)
        self.traces.append(Trace("host_log", message, "", "log.always", "", None, 0.0))

    def log_outside(self, pointer: int, /) -> None:
        """Note a log line that lies outside the memory."""
        self._breach("host_log", "invalid_request", _OUTSIDE, f"a log line at {pointer}")

    def log_dropped(self, count: int, /) -> None:
        """Note log lines above the limits, with one notice among the lines that were kept."""
        notice = f"{count} log lines above the limits were dropped"
        self._logs.append(self._services.log.notice(self.plugin, self.phase, notice))
        self._breach("host_log", "limit_exceeded", "log.limit", notice)

    def nested(self, count: int, /) -> None:
        """Note host calls made while alloc answered another one (PERMISSIONS.md, Limits)."""
        detail = f"{count} host calls from inside alloc, while it made room for a reply"
        self._breach("alloc", "limit_exceeded", "abi.nested_call", detail)

    def no_room(self, pointer: int, size: int, /) -> None:
        """Note that alloc gave no room for a reply: the guest got 0."""
        detail = f"alloc({size}) returned {pointer}, where no room for the reply is"
        self._breach("alloc", "limit_exceeded", "abi.alloc", detail)

    # -- one function each -------------------------------------------------------------------------

    def _no_log(self, _request: bytes) -> Answer:
        raise Refused("internal", "abi.function", "log lines come through the ring")

    def _env(self, request: bytes) -> Answer:
        decision = env.decide(self._grants, request)
        value = self._services.env.get(decision.resource)
        return decision.rule, (value or self._defaults.get(decision.resource, "")).encode()

    def _scope_get(self, request: bytes) -> Answer:
        decision = scope.decide_get(self._grants, request, self.phase)
        return decision.rule, _success({"value": self._services.scope.read(decision.resource)})

    def _scope_set(self, request: bytes) -> Answer:
        decision = scope.decide_set(self._grants, request, self.phase, self._limits)
        self._services.scope.write(decision.resource.key, decision.resource.value)
        return decision.rule, True

    def _file_read(self, request: bytes) -> Answer:
        decision = filesystem.decide_read(self._grants, request)
        content = self._services.files.read(self.plugin, decision.resource)
        return decision.rule, _success({"content": content})

    def _file_write(self, request: bytes) -> Answer:
        decision = filesystem.decide_write(self._grants, request, self._limits)
        self._services.files.write(self.plugin, decision.resource)
        return decision.rule, True

    def _database(self, request: bytes) -> Answer:
        decision = database.decide(self._grants, request, self._limits)
        return decision.rule, _success(self._services.databases.query(decision.resource))

    def _http(self, request: bytes) -> Answer:
        decision = network.decide(self._grants, request, self._limits)
        return decision.rule, _success(self._services.http.send(decision.resource))

    # -- keeping the ledger ------------------------------------------------------------------------

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise LimitError(
                f"more than {self._limits.host_calls} host calls in one entry",
                code="limit.host_calls",
                hint="look for a loop around a host call, or raise Limits(host_calls=...)",
            )

    def _note(
        self,
        function: int,
        request: bytes,
        code: Code | str,
        rule: str,
        detail: str,
        reply: bytes | bool,
        started: float,
    ) -> None:
        kept = reply if isinstance(reply, bool) else reply[:KEPT_BYTES]
        seconds = perf_counter() - started
        name, asked = HOST_FUNCTIONS[function], request[:KEPT_BYTES]
        self.traces.append(Trace(name, asked, code, rule, detail, kept, seconds))

    def _breach(
        self,
        function: str,
        code: Code,
        rule: str,
        detail: str,
        reply: bytes | bool | None = None,
        request: bytes = b"",
    ) -> None:
        self.traces.append(Trace(function, request, code, rule, detail, reply, 0.0))


def _success(data: Any) -> bytes:
    return _encode({"success": True, "data": data})


def _refusal(function: int, refusal: Refused) -> bytes | bool:
    """What the guest gets for a call that is not served (PERMISSIONS.md, General)."""
    if function in _NUMBERS:
        return False
    if function == _ENV:
        return b""
    return _encode({"success": False, "error": refusal.text, "code": refusal.code})
