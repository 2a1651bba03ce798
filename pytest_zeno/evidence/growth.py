"""How the work of a call grows with its request: fuel for a request, and for one twice as large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.evidence.exchanges import MOST_SLOTS
from pytest_zeno.evidence.requests import EXTRA, encoded, parameters_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_zeno.evidence.measured import MeasuredGuest
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.protocol.slots import Slot

STEEP: Final = 3.0
"""From which factor on the work grows faster than the request; 4 is its square."""

_TEXT: Final = 4096
_ITEMS: Final = 500
_MEMBERS: Final = 250
_TIMES: Final = 3
"""How often what looks steep is measured again: a collection may fall into a call."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What a call burnt: `small` for a request of a shape, `large` for one twice as large."""

    slot: str
    shape: str
    small: int
    large: int

    @property
    def factor(self) -> float:
        """How many times more the larger request took."""
        return self.large / max(1, self.small)


def measure_growth(subject: Subject) -> tuple[Growth, ...]:
    """Return how the work of each slot grows, for each shape of request that it answers."""
    return tuple(
        found
        for slot in subject.slots[:MOST_SLOTS]
        for shape, make in _SHAPES.items()
        if (found := _growth(subject, slot, shape, make)) is not None
    )


def _growth(
    subject: Subject, slot: Slot, shape: str, make: Callable[[Slot, int], dict[str, Any]]
) -> Growth | None:
    small, large = (encoded(slot.name, make(slot, times)) for times in (1, 2))
    with subject.measured_guest() as guest:
        try:
            guest.execute(slot.name, large)  # buffers grow, what is lazy is done
            found = Growth(slot.name, shape, *_fuels(guest, slot.name, small, large))
            again = range(_TIMES if found.factor > STEEP else 0)
            for _ in again:
                fuels = _fuels(guest, slot.name, small, large)
                least = map(min, fuels, (found.small, found.large))
                found = Growth(slot.name, shape, *least)
        except ZenoError:
            return None  # the exchanges tell of it
    return found


def _fuels(guest: MeasuredGuest, name: str, *requests: bytes) -> Iterator[int]:
    for request in requests:
        guest.execute(name, request)
        yield guest.fuel


def _long_text(slot: Slot, times: int) -> dict[str, Any]:
    return _filled(slot, ("string", "any"), "x" * _TEXT * times)


def _many_items(slot: Slot, times: int) -> dict[str, Any]:
    return _filled(slot, ("list", "array"), list(range(1000, 1000 + _ITEMS * times)))


def _many_members(slot: Slot, times: int) -> dict[str, Any]:
    return parameters_of(slot) | {f"zz_{at:04}": at for at in range(_MEMBERS * times)}


def _filled(slot: Slot, types: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Give the value to every input of these types, or to a parameter that the slot ignores."""
    names = [one.name for one in slot.inputs.values() if one.type in types]
    return parameters_of(slot) | dict.fromkeys(names or [EXTRA], value)


_SHAPES: Final[dict[str, Callable[[Slot, int], dict[str, Any]]]] = {
    "a text of 8,192 bytes instead of 4,096": _long_text,
    "a list of 1,000 numbers instead of 500": _many_items,
    "500 parameters instead of 250": _many_members,
}
