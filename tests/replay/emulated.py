"""The recorded operations, done by the emulation of the reference host.

What is emulated is the way with instances and messages: no permission, no service but the
environment, and no script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.host.reference import ReferenceGuest
from pytest_zeno.host.services import Services
from pytest_zeno.limits import Limits
from pytest_zeno.manifest.grants import Grants
from pytest_zeno.protocol import golang
from pytest_zeno.runtime.module import GuestModule
from tests.replay import guests
from tests.replay.probe import elided
from tests.replay.reference import as_float64, reference_steps
from tests.replay.replay import NOT_REPLAYED, Changes, compared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.replay.records import Operation, Record
    from tests.replay.reference import Step

LIMITS: Final = Limits(timeout=0.5)
"""The reference host has none: what it hangs in is ended here."""

METADATA: Final = dict.fromkeys(
    ("name", "version", "author", "description", "license", "homepage"), str
)
_FIELD: Final = {"type": str, "required": bool, "description": str, "default": object}
SLOTS: Final = [
    {"name": str, "description": str, "example": str}
    | {"inputs": {"*": _FIELD}, "outputs": {"*": object}}
]


class Emulation:
    """One record's operations on the emulated reference host."""

    def __init__(self, env: dict[str, str] | None = None) -> None:
        self._env = env or {}
        self._guest: ReferenceGuest | None = None
        self._module: GuestModule | None = None
        self._slots: list[dict[str, Any]] = []

    def step(self, operation: Operation) -> Step:
        """Do one operation and return what came of it."""
        try:
            step: Step = getattr(self, f"_{operation['op']}")(operation)
        except ZenoError as error:
            return {"outcome": "error", "code": error.code}
        return step

    def close(self) -> None:
        """Let go of the guest."""
        if self._guest is not None:
            self._guest.close()
            self._guest = None

    def _load(self, operation: Operation) -> Step:
        self.close()
        name = operation["dir"].removeprefix("guests/")
        module = GuestModule(guests.module(name), LIMITS)
        grants, services = Grants(env=tuple(self._env)), Services(self._env)
        guest = ReferenceGuest(module, grants=grants, services=services, limits=LIMITS)
        try:
            golang.read(guest.init(), METADATA)
            slots = golang.read(guest.register(), SLOTS) or []
        except ZenoError:
            guest.close()
            raise
        self._guest, self._slots = guest, [_described(slot or {}) for slot in slots]
        return {"outcome": "ok", "slots": self._slots}

    def _list(self, _operation: Operation) -> Step:
        return {"outcome": "ok", "plugins": ["p"] if self._guest else []}

    def _execute(self, operation: Operation) -> Step:
        slot, guest = operation["slot"], self._guest
        listed = operation.get("direct") or slot in [one["name"] for one in self._slots]
        if guest is None or not listed:
            raise ZenoError("there is no such slot", code="replay.not_loaded")
        request = golang.write_request(slot, operation.get("params", {}))
        said = golang.read_response(guest.execute(slot, request))
        return {
            "outcome": "success" if said.success else "failure",
            "data": as_float64(elided(said.data)),
            "error": said.error,
        }


def emulated(record: Record) -> Changes:
    """Return where the emulation does otherwise than the reference host did, up to a reload."""
    emulation, found = Emulation(record.config.get("env")), {}
    try:
        for at, operation, theirs in _steps(record):
            ours = emulation.step(operation)
            here = compared(theirs | {"data": as_float64(theirs.get("data"))}, ours)
            found |= {f"{operation['op']}{at}.{facet}": value for facet, value in here.items()}
    finally:
        emulation.close()
    return found


def _steps(record: Record) -> Iterator[tuple[int, Operation, Step]]:
    steps = zip(record.operations, reference_steps(record), strict=True)
    for at, (operation, theirs) in enumerate(steps):
        if operation["op"] == "reload":
            return
        if operation["op"] not in {*NOT_REPLAYED, "metadata", "cleanup", "unload"}:
            yield at, operation, theirs


def _described(slot: dict[str, Any]) -> dict[str, Any]:
    """Return a slot as the reference host lists it: what is empty is left out."""
    inputs = {
        name: {"type": given.get("type") or "", "required": given.get("required") or False}
        | ({"default": given["default"]} if given.get("default") is not None else {})
        for name, given in (slot.get("inputs") or {}).items()
    }
    described = {"description": elided(slot.get("description")), "inputs": inputs}
    return {"name": slot.get("name") or ""} | {
        name: value for name, value in described.items() if value
    }
