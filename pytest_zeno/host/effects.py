"""What a fault does in place of a host function's service: fail, stall, answer garbage."""

from __future__ import annotations

import math
from time import monotonic
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import LimitError
from pytest_zeno.host.ledger import KEPT_BYTES, Trace
from pytest_zeno.limits import wider
from pytest_zeno.permissions.refusal import TEXTS, Code, Refused
from pytest_zeno.protocol.describe import nearest
from pytest_zeno.runtime.abi import ANSWER_NUMBERS
from pytest_zeno.text import visible, visible_bytes

if TYPE_CHECKING:
    from pytest_zeno.host.ledger import Entry

PATIENCE: Final = {"host_db_query": 1.0, "host_http_request": 10.0}
"""How many seconds the host waits for a service (PERMISSIONS.md, network and database); for
others as long as the call may take."""

_HIGHEST: Final = 2**31 - 1
_SHOWN: Final = 40


class Failure:
    """The function fails: with an error reply, 0, the empty value, or a lost log line."""

    kind: Final = "fail"

    def __init__(self, error: str | None, code: Code) -> None:
        if code not in TEXTS:
            known = ", ".join(TEXTS)
            raise ValueError(f"{code!r} is no code of a refusal: {known}. {nearest(code, TEXTS)}")
        self.error = _encodable(TEXTS[code] if error is None else error)
        self.code: Code = code

    def __str__(self) -> str:
        return f"fails with {self.code}: {visible(self.error)}"


class Stall:
    """The function takes its time, which passes for the call's limit alone."""

    kind: Final = "stall"

    def __init__(self, seconds: float) -> None:
        if not seconds > 0:
            raise ValueError(f"`seconds` is {seconds}, expected a number above 0")
        self.seconds = seconds

    def __str__(self) -> str:
        return f"stalls for {self.seconds:g} s"


class Garbage:
    """The function answers bytes, or a number, that no host following the contract would."""

    kind: Final = "garbage"

    def __init__(self, function: str, reply: bytes | int) -> None:
        if function == "host_log":
            raise ValueError("host_log answers nothing, so there is no garbage; let it `fail`")
        number = function in ANSWER_NUMBERS
        if number and not (isinstance(reply, int) and 0 <= reply <= _HIGHEST):
            raise ValueError(f"{function} answers a number from 0 to {_HIGHEST}, not {reply!r}")
        if not number and not isinstance(reply, bytes):
            raise ValueError(f"{function} answers a text: give its bytes, not {reply!r}")
        self.reply = reply

    def __str__(self) -> str:
        reply = self.reply
        return f"answers {visible_bytes(reply, _SHOWN) if isinstance(reply, bytes) else reply!r}"


Effect = Failure | Stall | Garbage


class Injected(Refused):
    """A call that fails because a test wants it to; the guest reads the test's own text."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(failure.code, "fault.fail", detail)
        self._error = failure.error

    @property
    def text(self) -> str:
        """What the guest reads."""
        return self._error


def let_pass(
    seconds: float, function: str, request: bytes, detail: str, entry: Entry, until: float
) -> None:
    """Let time pass for an entry. Raises Refused or LimitError, whichever comes first."""
    patience = PATIENCE.get(function, math.inf)
    entry.stalled += min(seconds, patience)
    if monotonic() + entry.stalled >= until:
        asked = request[:KEPT_BYTES]
        entry.add(Trace(function, asked, "timeout", "fault.stall", detail, None, 0.0), len(asked))
        text = f"the time limit has passed while {function} stalled for {seconds:g} s"
        advice = f"let it stall for less, {wider('timeout')}"
        raise LimitError(text, code="limit.time", hint=advice)
    if seconds > patience:
        raise Refused("timeout", "fault.stall", detail)


def _encodable(text: str) -> str:
    try:
        text.encode()
    except (AttributeError, UnicodeEncodeError):
        raise ValueError(f"`error` is {text!r}, expected a text that can be UTF-8") from None
    return text
