"""The checks of a plugin: what its guest keeps of calls, what its host keeps of calls and loads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_zeno.evidence import leak, requests
from pytest_zeno.evidence.exchanges import MOST_SLOTS
from pytest_zeno.host.ledger import Ledger
from pytest_zeno.host.loading import load
from pytest_zeno.leaks.growth import Grown, watch
from pytest_zeno.leaks.living import Census, Living

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_zeno.evidence.leak import Loss
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.host.services import Services
    from pytest_zeno.protocol.slots import Slot

CALLS: Final = 1_000
"""Calls of each slot that are watched, by default; whole windows are a multiple of it."""

LOADS: Final = 20
"""Loads that are watched for so many calls; they take as much longer."""


@dataclass(frozen=True, slots=True)
class Guest:
    """What the guest keeps in its linear memory, of calls that succeed and of calls that fail."""

    calls: int
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class Calls:
    """What the host keeps of calls, by slot; of each slot so many were made in a window."""

    calls: int
    grown: dict[str, tuple[Grown, ...]]


@dataclass(frozen=True, slots=True)
class Loads:
    """What the host keeps of loads of the plugin, and which of its objects outlive them."""

    loads: int
    grown: tuple[Grown, ...]
    living: tuple[Living, ...]


def guest(subject: Subject) -> Guest:
    """Return what the guest's own ledger says (docs/memory.md); each call is tried on its own.

    Raises the ZenoError that keeps the plugin from being called.
    """
    found = [subject.steadiness, subject.failing_steadiness]
    losses = [loss for one in found if not one.steady for loss in leak.trace(subject, one)]
    return Guest(sum(one.calls for one in found), tuple(losses))


def calls(subject: Subject, times: int = CALLS) -> Calls:
    """Return what the host keeps of calls, each slot on a guest of its own.

    Raises the ZenoError that ends a call, and AlreadyTrackedError.
    """
    return Calls(
        times, {slot.name: _of_slot(subject, slot, times) for slot in subject.slots[:MOST_SLOTS]}
    )


def _of_slot(subject: Subject, slot: Slot, times: int) -> tuple[Grown, ...]:
    services, parameters = subject.services(), requests.parameters_of(slot)
    with subject.fresh(services=services).ready() as living:
        return watch(
            lambda: living.call(slot.name, parameters), times, _settling(living.ledger, services)
        )


def loads(subject: Subject, times: int = LOADS) -> Loads:
    """Return what the host keeps of loads: the plugin is loaded, called and closed in turn.

    Raises the ZenoError that ends a load, and AlreadyTrackedError.
    """
    services, ledger = subject.services(), Ledger()
    reload = _loading(subject, services, ledger)
    reload()  # what the first load of a process fills is none of the plugin's
    census = Census()
    grown = watch(reload, times, _settling(ledger, services))
    return Loads(times, grown, census.more())


def _loading(subject: Subject, services: Services, ledger: Ledger) -> Callable[[], None]:
    asked = [(slot.name, requests.parameters_of(slot)) for slot in subject.slots[:MOST_SLOTS]]
    needed = {} if subject.bare else subject.manifest.requires
    present = dict.fromkeys(needed, None)

    def reload() -> None:
        with load(
            subject.source,
            loaded={},
            present=present,
            services=services,
            ledger=ledger,
            limits=subject.limits,
            measure_fuel=False,
            instances=1,
        ) as plugin:
            for slot, parameters in asked:
                plugin.call(slot, **parameters)

    return reload


def _settling(ledger: Ledger, services: Services) -> Callable[[], None]:
    """Return what lets go of all that a host keeps on purpose, for a test to look at."""

    def settle() -> None:
        ledger.clear()
        services.log.clear()
        services.http.clear()

    return settle
