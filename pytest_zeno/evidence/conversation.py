"""One conversation, held again under other circumstances: where do the answers differ?

It leaves bytes behind in the memory: before each request that is compared comes a longer one, so
that who reads too far finds something there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.evidence import requests
from pytest_zeno.protocol.strict import decode
from pytest_zeno.text import visible_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_zeno.evidence.exchanges import Exchange
    from pytest_zeno.host.guest import Guest

MOST_SECONDS: Final = 1.0
"""How long one conversation goes on, of this thread's work: no guest can wait, and of two that are
compared, a machine that is busy with something else must not cut one short."""

_SHOWN: Final = 160
_ROUNDS: Final = 2

Question = tuple[str, dict[str, Any]]
"""A slot's name and parameters."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Answer:
    """What was asked and what came: a JSON value, bytes that are none, or an error."""

    asked: str
    request: bytes = b""
    said: Any = None
    raw: bytes = b""
    error: ZenoError | None = None

    @property
    def shown(self) -> str:
        """The answer on one line, for a finding."""
        return self.error.message if self.error else visible_bytes(self.raw, _SHOWN)

    @property
    def question(self) -> str:
        """The request on one line, for a finding."""
        return visible_bytes(self.request, _SHOWN)

    @property
    def success(self) -> bool | None:
        """What a response says; None when it says neither, or is none."""
        said = self.said.get("success") if isinstance(self.said, dict) else None
        return said if isinstance(said, bool) else None

    def __eq__(self, other: object) -> bool:
        """Return whether the same came: the same value, or an error each time."""
        if not isinstance(other, Answer):
            return NotImplemented
        return (self.said, self.error is None) == (other.said, other.error is None)

    __hash__ = None  # type: ignore[assignment]  # values are dicts


Answers = tuple[Answer, ...]
Difference = tuple[Answer, Answer]
"""The contract's answer and the other one."""


def questions(exchanges: Iterable[Exchange]) -> Iterator[Question]:
    """Yield what is asked: the requests that were answered when each was made for itself."""
    asked = [
        (one.slot, one.kind)
        for one in exchanges
        if one.kind in ("valid", "awkward") and one.slot is not None and one.response is not None
    ]
    for _ in range(_ROUNDS):
        for slot, kind in asked:
            yield requests.LONGER
            make = requests.parameters_of if kind == "valid" else requests.awkward_of
            yield slot.name, make(slot)


def converse(
    make: Callable[[], Guest],
    asked: Iterable[Question],
    write: Callable[[str, dict[str, Any]], bytes] = requests.encoded,
) -> Answers:
    """Hold a conversation with a guest of its own, from its start to the first error.

    `write` makes a request's bytes.
    """
    answers = []
    what, request = "the start", b""
    end = time.thread_time() + MOST_SECONDS
    try:
        with make() as guest:
            answers.append(Answer(what))
            what = "plugin_init"
            answers.append(_answer(what, guest.init()))
            what = "plugin_register_slots"
            answers.append(_answer(what, guest.register()))
            for what, parameters in asked:
                request = write(what, parameters)
                answers.append(ask(guest, what, request))
                if time.thread_time() > end:
                    break
    except ZenoError as error:
        answers.append(Answer(what, request, error=error))
    return tuple(answers)


def difference(ours: Answers, again: Answers, theirs: Answers) -> Difference | None:
    """Return the first answer that came otherwise, of those that came the same `again`."""
    for one, twin, other in zip(ours, again, theirs, strict=False):
        if one == twin and one.error is None and one != other:
            return one, other
    return None


def ask(guest: Guest, slot: str, request: bytes) -> Answer:
    """Ask one question. Raises what `Guest.execute` raises."""
    return _answer(slot, guest.execute(slot, request), request)


def _answer(asked: str, raw: bytes, request: bytes = b"") -> Answer:
    try:
        said = decode(raw)
    except ZenoError:
        said = raw
    return Answer(asked, request, said, raw)
