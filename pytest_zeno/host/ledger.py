"""The ledger: every host call a plugin made, what was decided and why (PERMISSIONS.md, General 7).

The guest learns a fixed text; what stands here is for the plugin's author. A call costs one trace
while the guest runs, and becomes a `HostCall` when somebody looks.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final

import msgspec

from pytest_zeno.limits import KIB, MIB
from pytest_zeno.text import visible_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.errors import Phase
    from pytest_zeno.services.log import LogRecord

KEPT_BYTES: Final = 64 * KIB
"""How much of a request and of a reply a trace keeps."""

KEPT_CALLS: Final = 100_000
"""How many host calls a host's ledger keeps; the oldest go first."""

KEPT_OF_ENTRY: Final = 32 * MIB
"""How much one entry's notes may weigh; host calls above that are counted alone."""

KEPT_WEIGHT: Final = 4 * KEPT_OF_ENTRY
"""How much a host's ledger may weigh."""

EACH: Final = 256
"""What a trace weighs beside its request and its reply, in bytes."""

_SHOWN: Final = 60


class Trace(msgspec.Struct, frozen=True, gc=False):
    """One host call as it is noted down while the guest waits."""

    function: str
    request: bytes
    code: str
    """"" when it was served, else the code of PERMISSIONS.md's table."""
    rule: str
    detail: str
    reply: bytes | int | None
    seconds: float


@dataclass(frozen=True, slots=True, repr=False)
class HostCall:
    """One host call: who asked for what, who decided, and what the guest got.

    ``request`` and ``reply`` keep at most 64 KiB; ``reply`` is a number for functions that
    answer one (True is 1, False 0) and None for `host_log`. ``seconds`` is what the host took.
    """

    plugin: str
    phase: Phase
    slot: str
    function: str
    request: bytes
    allowed: bool
    """Whether the call was served."""
    code: str
    """Why not, as the guest learns it: ``permission_denied``, ``not_found``…; "" when served."""
    rule: str
    """What decided: the grant that allows it, or the rule that refuses it."""
    detail: str
    """The reason in words, for the author's eyes only."""
    reply: bytes | int | None
    seconds: float = field(compare=False)

    def __repr__(self) -> str:
        shown = visible_bytes(self.request, _SHOWN)
        verdict = "served" if self.allowed else self.code
        return f"<HostCall {self.function} {shown}: {verdict} ({self.rule})>"


class Entry:
    """One entry into a guest: the host calls it made, and how many it may still make."""

    __slots__ = ("dropped", "left", "logs", "phase", "plugin", "room", "slot", "stalled", "traces")

    def __init__(self, plugin: str, phase: Phase, left: int = 0) -> None:
        self.plugin = plugin
        self.phase: Phase = phase
        self.slot = ""
        self.left = left
        self.room = KEPT_OF_ENTRY
        self.dropped = 0
        self.stalled = 0.0
        """Seconds that faults have let pass (`host.faults`)."""
        self.traces: list[Trace] = []
        self.logs: list[LogRecord] = []

    def add(self, trace: Trace, weight: int) -> None:
        """Keep a trace of so many bytes, or count it when there is no room left."""
        weight += EACH
        if weight <= self.room:
            self.room -= weight
            self.traces.append(trace)
        else:
            self.dropped += 1

    def say_dropped(self) -> None:
        """Add one notice of the host calls that had no room."""
        detail = f"{self.dropped} more host calls were not written down"
        self.traces.append(Trace("ledger", b"", "", "ledger.full", detail, None, 0.0))

    @property
    def calls(self) -> tuple[HostCall, ...]:
        """The host calls in order."""
        return tuple(self._call(trace) for trace in self.traces)

    def _call(self, trace: Trace) -> HostCall:
        return HostCall(
            self.plugin,
            self.phase,
            self.slot,
            trace.function,
            trace.request,
            not trace.code,
            trace.code,
            trace.rule,
            trace.detail,
            trace.reply,
            trace.seconds,
        )


class Ledger:
    """A host's ledger: the host calls of all its plugins, in order; the oldest are forgotten."""

    def __init__(self, most: int = KEPT_CALLS) -> None:
        self._entries: deque[Entry] = deque()
        self._most = most
        self._size = 0
        self._weight = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[HostCall]:
        for entry in tuple(self._entries):
            yield from entry.calls

    def __getitem__(self, at: int) -> HostCall:
        return tuple(self)[at]

    def __repr__(self) -> str:
        return f"<Ledger {self._size} host calls>"

    def add(self, entry: Entry) -> None:
        """Keep the host calls of one entry."""
        with self._lock:
            self._entries.append(entry)
            self._size += len(entry.traces)
            self._weight += KEPT_OF_ENTRY - entry.room
            while self._is_full() and len(self._entries) > 1:
                oldest = self._entries.popleft()
                self._size -= len(oldest.traces)
                self._weight -= KEPT_OF_ENTRY - oldest.room

    def _is_full(self) -> bool:
        return self._size > self._most or self._weight > KEPT_WEIGHT

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._size = self._weight = 0
