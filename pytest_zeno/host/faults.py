"""Faults: host functions that are told to fail, to stall or to answer garbage (docs/faults.md).

A fault stands between permission and service, in one place of the gate: a call that is refused
never meets one, and what meets one is not served. The ledger names it as the rule that decided.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import ExpectationError
from pytest_zeno.host.effects import Failure, Garbage, Injected, Stall, let_pass
from pytest_zeno.protocol.describe import nearest
from pytest_zeno.runtime.abi import HOST_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.host.effects import Effect
    from pytest_zeno.host.ledger import Entry
    from pytest_zeno.permissions.refusal import Code

Met = tuple[str, str, bytes | int | None]
"""What decided, the reason in words, and the reply; None when the service gives it."""


class Fault:
    """One fault, made by `Faults`; ``requests`` are those that met it, in order."""

    def __init__(
        self, function: str, effect: Effect, nth: int | None, times: int | None, *, optional: bool
    ) -> None:
        for name, number in (("nth", nth), ("times", times)):
            if number is not None and number < 1:
                raise ValueError(f"`{name}` is {number}, expected a number above 0, or None")
        self.function = function
        self.effect = effect
        self.first = nth or 1
        self.times = times or (1 if nth else None)
        self.optional = optional
        self.calls = 0
        """How many calls of the function there were since."""
        self.requests: list[bytes] = []

    def __repr__(self) -> str:
        return f"<Fault {self}, {len(self.requests)} of {self.calls} calls>"

    def __str__(self) -> str:
        return f"{self.function} {self.effect}"

    @property
    def unmet(self) -> str:
        """What was expected of it and did not come; "" when nothing is missing."""
        wanted = self.times or 1
        if self.optional or len(self.requests) >= wanted:
            return ""
        last = self.first + wanted - 1
        return f"{self}, which takes {last} calls that are granted; there were {self.calls}"

    def counts(self) -> bool:
        """Count a call; return whether it is one that the fault is for."""
        self.calls += 1
        return self.first <= self.calls and (
            self.times is None or self.calls < self.first + self.times
        )


class Faults:
    """The faults of a host: what its host functions do in place of serving; at first none.

    Each takes a host function's name and, to choose among its calls from now on: `nth` for that
    one alone, counted from 1; `times` for so many, from `nth` on; without either, every one. Calls
    that no permission covers are not counted. Of several faults that are due the first has its
    way. `verify` expects each to be met, unless it is `optional`.
    """

    def __init__(self) -> None:
        self.strict = True
        """Whether `verify` minds faults that were not met."""
        self.present: Final[dict[int, list[Fault]]] = {}
        """The faults by the function's number; the gate looks here at every host call."""
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"<Faults {'; '.join(map(str, self)) or 'none'}>"

    def __iter__(self) -> Iterator[Fault]:
        return iter([fault for faults in tuple(self.present.values()) for fault in faults])

    # -- for tests ---------------------------------------------------------------------------------

    def fail(
        self,
        function: str,
        *,
        error: str | None = None,
        code: Code = "internal",
        nth: int | None = None,
        times: int | None = None,
        optional: bool = False,
    ) -> Fault:
        """Let a host function fail, as the contract says that it does.

        A reply has `code` and the text `error`, by default the contract's for that code.
        `host_scope_set` and `host_file_write` answer 0, `host_env_get` nothing, and the line of a
        `host_log` is lost. Raises ValueError for another function, code or number.
        """
        return self._add(function, Failure(error, code), nth, times, optional=optional)

    def stall(
        self,
        function: str,
        *,
        seconds: float,
        nth: int | None = None,
        times: int | None = None,
        optional: bool = False,
    ) -> Fault:
        """Let a host function take `seconds` before it serves. Nobody waits.

        The time counts against the limit of the call: once that has passed, the call ends with
        LimitError (``limit.time``). HTTP and databases end with the error ``timeout`` before, when
        the host would have lost its patience (`effects.PATIENCE`). Raises ValueError as `fail`.
        """
        return self._add(function, Stall(seconds), nth, times, optional=optional)

    def garbage(
        self,
        function: str,
        reply: bytes | int,
        *,
        nth: int | None = None,
        times: int | None = None,
        optional: bool = False,
    ) -> Fault:
        """Let a host function answer the bytes of `reply`; those that answer a number, that one.

        Raises ValueError as `fail` does, and for `host_log`, which answers nothing.
        """
        checked = _known(function)
        return self._add(checked, Garbage(checked, reply), nth, times, optional=optional)

    def clear(self) -> None:
        """Forget the faults."""
        with self._lock:
            self.present.clear()

    def verify(self) -> None:
        """Raise ExpectationError for faults that were not met: such a test has tested nothing.

        The fixture `zeno_host` calls it after each test that passed.
        """
        unmet = [fault.unmet for fault in self if fault.unmet]
        if self.strict and unmet:
            raise ExpectationError(
                "; ".join(f"not met: {one}" for one in unmet),
                code="faults.unmet",
                hint="look into host.ledger for what the plugin asked, give optional=True to a "
                "fault that may stay unused, or set host.faults.strict = False",
            )

    # -- for the gate ------------------------------------------------------------------------------

    def meet(self, function: int, request: bytes, rule: str, entry: Entry, until: float) -> Met:
        """Let the fault that is due, if any, have its way with a call that `rule` allows.

        `until` is when the call that it is part of ends, on the monotonic clock. Raises Refused,
        and LimitError when a stall takes longer.
        """
        with self._lock:
            due = [fault for fault in self.present.get(function, ()) if fault.counts()]
            if not due:
                return rule, "", None
            due[0].requests.append(request)
        detail, effect = f"{due[0]}; {rule} allows it", due[0].effect
        if isinstance(effect, Failure):
            raise Injected(effect, detail)
        if isinstance(effect, Garbage):
            return "fault.garbage", detail, effect.reply
        let_pass(effect.seconds, due[0].function, request, detail, entry, until)
        return "fault.stall", detail, None

    def _add(
        self,
        function: str,
        effect: Effect,
        nth: int | None,
        times: int | None,
        *,
        optional: bool,
    ) -> Fault:
        fault = Fault(_known(function), effect, nth, times, optional=optional)
        with self._lock:
            self.present.setdefault(HOST_FUNCTIONS.index(function), []).append(fault)
        return fault


def _known(function: str) -> str:
    if function in HOST_FUNCTIONS:
        return function
    raise ValueError(
        f"{function!r} is no host function: {', '.join(HOST_FUNCTIONS)}. "
        f"{nearest(str(function), HOST_FUNCTIONS)}".rstrip()
    )
