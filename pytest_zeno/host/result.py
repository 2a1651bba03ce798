"""What a slot call gave: the response, and what it cost."""

from __future__ import annotations

from typing import Any

import msgspec

from pytest_zeno.host.ledger import Entry, HostCall  # noqa: TC001 (help(Result) resolves them)
from pytest_zeno.limits import PAGE
from pytest_zeno.protocol.response import Response  # noqa: TC001 (as above)
from pytest_zeno.services.log import LogRecord  # noqa: TC001 (as above)
from pytest_zeno.text import visible


class Result(msgspec.Struct, frozen=True, gc=False, eq=False):
    """The answer of one slot call (ABI.md section 4, Response).

    A failure response is a result like any other: ``success`` is False and ``error`` says why.
    Results are equal when ``success``, ``data`` and ``error`` are; what a call cost, logged and
    asked of the host plays no part.
    """

    response: Response
    raw: bytes
    """The response's bytes, without the NUL."""
    pages: int
    """The guest's linear memory after the call, in pages of 64 KiB."""
    fuel: int | None = None
    """The fuel burnt; None unless the host measures it (``ZenoHost(measure_fuel=True)``)."""
    logs: tuple[LogRecord, ...] = ()
    """What the guest logged during the call."""
    entry: Entry | None = None

    @property
    def success(self) -> bool:
        """Whether the slot did what it was asked."""
        return self.response.success

    @property
    def data(self) -> dict[str, Any] | None:
        """What the slot answered."""
        data = self.response.data
        return None if data is msgspec.UNSET else data

    @property
    def error(self) -> str | None:
        """Why the slot failed."""
        error = self.response.error
        return None if error is msgspec.UNSET else error

    @property
    def memory(self) -> int:
        """The guest's linear memory after the call, in bytes."""
        return self.pages * PAGE

    @property
    def host_calls(self) -> tuple[HostCall, ...]:
        """What the guest asked of the host during the call, each with verdict and reason."""
        return self.entry.calls if self.entry else ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result):
            return NotImplemented
        mine = (self.success, self.data, self.error)
        return mine == (other.success, other.data, other.error)

    __hash__ = None  # type: ignore[assignment]  # `data` is a dict

    def __repr__(self) -> str:
        """Show the response, and no more."""
        body = f"data={self.data!r}" if self.success else f"error={self.error!r}"
        return f"<Result {'success' if self.success else 'failure'} {visible(body)}>"
