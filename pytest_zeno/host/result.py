"""What a slot call gave: the response, and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from pytest_zeno.host.ledger import Entry, HostCall
    from pytest_zeno.services.log import LogRecord


class Result(msgspec.Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """The answer of one slot call (ABI.md section 4, Response).

    A failure response is a result like any other: ``success`` is False and ``error`` says why.
    """

    success: bool
    data: dict[str, Any] | None
    error: str | None
    raw: bytes
    """The response's bytes, without the NUL."""
    memory: int
    """The guest's linear memory after the call, in bytes."""
    fuel: int | None = None
    """The fuel burnt; None unless the host measures it (``ZenoHost(measure_fuel=True)``)."""
    logs: tuple[LogRecord, ...] = ()
    """What the guest logged during the call."""
    entry: Entry | None = None

    @property
    def host_calls(self) -> tuple[HostCall, ...]:
        """What the guest asked of the host during the call, each with verdict and reason."""
        return self.entry.calls if self.entry else ()

    def __repr__(self) -> str:
        """Show the response, and no more."""
        body = f"data={self.data!r}" if self.success else f"error={self.error!r}"
        return f"<Result {'success' if self.success else 'failure'} {body}>"
