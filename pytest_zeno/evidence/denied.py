"""What a plugin does when everything is denied: an operator may grant less than it asks for.

Only slots that answer in an orderly way with their permissions are asked: what is wrong anyway is
another rule's. What goes wrong here has codes of its own (``denied.trap.unreachable``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import LimitError, ZenoError
from pytest_zeno.evidence import requests
from pytest_zeno.evidence.exchanges import MOST_SLOTS, put
from pytest_zeno.manifest.grants import Grants
from pytest_zeno.protocol.response import decode_response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.evidence.exchanges import Exchange
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.limits import Limits
    from pytest_zeno.protocol.slots import Slot

_DENIED: Final = "denied"


@dataclass(frozen=True, slots=True)
class Denied:
    """What a plugin without permissions says of itself, and what is wrong with its answers.

    ``failures`` are by slot.
    """

    metadata: bytes
    slot_list: bytes
    failures: dict[str, ZenoError]


def deny(subject: Subject) -> Denied:
    """Start a plugin without any permission, and put its valid request to each orderly slot.

    Raises what keeps it from being asked with its permissions; and without them, renamed.
    """
    asked = orderly_slots(subject)
    try:
        with subject.fresh(grants=Grants()) as guest:
            metadata, slot_list = guest.init(), guest.register()
    except ZenoError as error:
        raise renamed(error, _DENIED, "without permissions") from None
    return Denied(metadata, slot_list, dict(_failures(subject, asked)))


def _failures(subject: Subject, slots: tuple[Slot, ...]) -> Iterator[tuple[str, ZenoError]]:
    for slot in slots:
        with subject.guest(grants=Grants()) as guest:
            error = trouble(put(requests.valid(slot), guest), subject.limits)
        if error is not None:
            yield slot.name, renamed(error, _DENIED, "with every permission denied")
        if isinstance(error, LimitError):
            return


def orderly_slots(subject: Subject) -> tuple[Slot, ...]:
    """Return the slots that answer their valid request as the contract wants it."""
    return tuple(
        one.slot
        for one in subject.exchanges
        if one.kind == "valid" and one.slot and trouble(one, subject.limits) is None
    )[:MOST_SLOTS]


def trouble(one: Exchange, limits: Limits) -> ZenoError | None:
    """Return what is wrong with an exchange: it was no call that came back with a response."""
    if one.failures or one.response is None:
        return next(iter(one.failures), None)
    try:
        decode_response(one.response, limits)
    except ZenoError as error:
        error.phase, error.slot = "execute", one.ask.name
        return error
    return None


def renamed(error: ZenoError, family: str, when: str) -> ZenoError:
    """Return an error with a code and a message that say under what circumstances it came."""
    error.code = f"{family}.{error.code}"
    error.message = f"{when}: {error.message}"
    return error
