"""The ledger: every host call a plugin made, what was decided and why (PERMISSIONS.md, General 7).

The guest learns a fixed text; what stands here is for the plugin's author. A call costs one tuple
while the guest runs, and becomes a `HostCall` when somebody looks.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_zeno.limits import KIB
from pytest_zeno.text import visible_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.errors import Phase

KEPT_BYTES: Final = 64 * KIB
"""How much of a request and of a reply a trace keeps."""

KEPT_CALLS: Final = 100_000
"""How many host calls a host's ledger keeps; the oldest go first."""

_SHOWN: Final = 60


class Trace(NamedTuple):
    """One host call as it is noted down while the guest waits."""

    function: str
    request: bytes
    code: str
    """"" when it was served, else the code of PERMISSIONS.md's table."""
    rule: str
    detail: str
    reply: bytes | bool | None
    seconds: float


@dataclass(frozen=True, slots=True, repr=False)
class HostCall:
    """One host call: who asked for what, who decided, and what the guest got.

    ``request`` and ``reply`` keep at most 64 KiB; ``reply`` is a bool for functions that answer
    1 or 0 and None for `host_log`. ``seconds`` is the time the host took.
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
    reply: bytes | bool | None
    seconds: float

    def __repr__(self) -> str:
        shown = visible_bytes(self.request, _SHOWN)
        verdict = "served" if self.allowed else self.code
        return f"<HostCall {self.function} {shown}: {verdict} ({self.rule})>"


class Entry:
    """The host calls of one entry into a guest."""

    __slots__ = ("phase", "plugin", "slot", "traces")

    def __init__(self, plugin: str, phase: Phase, slot: str, traces: list[Trace]) -> None:
        self.plugin = plugin
        self.phase: Phase = phase
        self.slot = slot
        self.traces = traces

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

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[HostCall]:
        for entry in tuple(self._entries):
            yield from entry.calls

    def __repr__(self) -> str:
        return f"<Ledger {self._size} host calls>"

    def add(self, entry: Entry) -> None:
        """Keep the host calls of one entry."""
        self._entries.append(entry)
        self._size += len(entry.traces)
        while self._size > self._most and len(self._entries) > 1:
            self._size -= len(self._entries.popleft().traces)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._size = 0
