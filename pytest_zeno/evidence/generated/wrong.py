"""What is wrong with the answer to a case, found with fresh guests, and how it is told."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from pytest_zeno.errors import ProtocolError, ZenoError
from pytest_zeno.evidence.exchanges import Exchange, put
from pytest_zeno.evidence.generated.cases import Case, Trait
from pytest_zeno.evidence.generated.shrink import smallest
from pytest_zeno.evidence.generated.written import written_call, written_send
from pytest_zeno.evidence.requests import Ask
from pytest_zeno.protocol.response import check_response
from pytest_zeno.text import visible_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_zeno.evidence.subject import Subject

Breach = Literal[Trait, "aftermath"]
"""The trait of a case that is answered wrongly; ``aftermath`` where the usual call is that
follows one."""

BREACHES: Final[tuple[Breach, ...]] = get_args(Breach)

Cause = tuple[str, tuple[str, ...]]
"""What tells two failures apart: code and backtrace."""

MOST_SECONDS: Final = 5.0
"""How long a smaller call is looked for."""

_SHOWN: Final = 160


@dataclass(frozen=True, slots=True)
class Wrong:
    """A case that is not answered as it should be: what is wrong, and what came.

    ``then`` is the usual call that followed the case, where that is what failed.
    """

    case: Case
    error: ZenoError
    answer: Exchange
    then: str = ""
    instead: bytes = b""

    @property
    def cause(self) -> Cause:
        """What tells this failure from others."""
        return self.error.code, getattr(self.error, "backtrace", ())

    def told(self, kind: Breach) -> ZenoError:
        """Return the error as the rule on this kind of breach tells it, with the calls to paste."""
        name, error = self.case.slot.name, copy.copy(self.error)
        call = (
            written_send(name, self.case.request)
            if self.case.trait == "escape"
            else written_call(name, self.case.parameters)
        )
        lines = [_shown(self.answer.response) or error.code]
        if self.instead:
            lines.append(f"instead of {_shown(self.instead)}")
        error.code, error.phase, error.slot = f"generated.{kind}", "execute", name
        vars(error)["call"] = "; ".join(filter(None, (call, self.then)))
        vars(error)["observed"] = "\n".join(filter(None, lines))
        return error


def _shown(response: bytes | None) -> str:
    return visible_bytes(response or b"", _SHOWN)


def disorder(one: Exchange) -> ZenoError | None:
    """Return what is wrong with a response, be it success or failure; None if nothing is."""
    for failure in one.failures:
        return failure
    for problem in check_response(one.value):
        if not problem.warning:
            error = ProtocolError(problem.message, code=problem.code, hint=problem.hint)
            error.phase, error.slot = "execute", one.ask.name
            return error
    return None


class Judge:
    """Says what is wrong with answers; what it compares and confirms, it asks of fresh guests."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._firsts: dict[bytes, Exchange] = {}
        self._steady: dict[bytes, bool] = {}

    def judge(self, case: Case, one: Exchange) -> Wrong | None:
        """Return what is wrong with an answer to a case, None if nothing is."""
        error = disorder(one)
        if error is not None:
            # A slot that answers what it was given is as deep in the response, and deeper.
            return None if error.code == "limit.json_depth" else Wrong(case, error, one)
        difference = self._difference(case, one)
        if not difference or case.alike is None:
            return None
        error = ProtocolError(difference, code=f"different.{case.trait}")
        other = self._known(case.slot.name, case.alike)
        return Wrong(case, error, one, instead=other.response or b"")

    def alone(self, case: Case) -> Wrong | None:
        """Return what is wrong with a fresh guest's answer to a case, None if nothing is."""
        return self.judge(case, self._known(case.slot.name, case.request))

    def before(self, case: Case, usual: bytes) -> Wrong | None:
        """Return what is wrong with a fresh guest's answer to the usual call, after a case."""
        one = self.first(case.slot.name, case.request, usual)
        error = disorder(one)
        if error is None or one.ask.request != usual:
            return None
        return Wrong(case, error, one, then=written_send(case.slot.name, usual))

    def first(self, name: str, *requests: bytes) -> Exchange:
        """Return a fresh guest's answer to the last of its first requests, or its failure."""
        with self._subject.guest() as guest:
            for request in requests:
                one = put(Ask("generated", name, request), guest)
                if one.failures:
                    break
        return one

    def _known(self, name: str, request: bytes) -> Exchange:
        if request not in self._firsts:
            self._firsts[request] = self.first(name, request)
        return self._firsts[request]

    def _is_steady(self, name: str, request: bytes) -> bool:
        """Whether two fresh guests answer a request in the same way, and orderly."""
        if request not in self._steady:
            one, other = self._known(name, request), self.first(name, request)
            self._steady[request] = disorder(one) is None and one.value == other.value
        return self._steady[request]

    def _difference(self, case: Case, one: Exchange) -> str:
        """Return how an answer differs from that to a request which means the same; "" if not."""
        name, alike = case.slot.name, case.alike
        if alike is None or not self._is_steady(name, alike):
            return ""
        other = self._known(name, alike)
        if case.trait == "escape":
            return "" if one.value == other.value else "text in escapes is not the same text"
        if one.success != other.success:
            return "a parameter that is no input changes the answer"
        if one.value != other.value and self._is_taken(case, one):
            return "a parameter that is no input is taken for one"
        return ""

    def _is_taken(self, case: Case, one: Exchange) -> bool:
        """Whether the answer is that to a call whose parameters are what leads astray."""
        return bool(case.taken) and one.value == self._known(case.slot.name, case.unlike).value


def smallest_wrong(case: Case, wrong: Wrong, judge: Callable[[Case], Wrong | None]) -> Wrong:
    """Return the same failure of the smallest call that has it."""
    end = time.monotonic() + MOST_SECONDS
    seen: dict[bytes, bool] = {}

    def breaks(smaller: Case) -> bool:
        request = smaller.request
        if request not in seen:
            found = judge(smaller) if time.monotonic() < end else None
            seen[request] = found is not None and found.error.code == wrong.error.code
        return seen[request]

    return judge(smallest(case, breaks)) or wrong
