"""The requests a plugin is judged by: of every kind, for every slot (ABI.md section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from pytest_zeno.evidence.values import AWKWARD, fitting, unfitting
from pytest_zeno.limits import KIB

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pytest_zeno.protocol.slots import Slot, Slots

Kind = Literal[
    "valid",  # parameters that fit; the first call of a fresh guest
    "again",  # the same, first call of another fresh guest
    "awkward",  # texts with quotes, backslashes, line ends, characters beyond ASCII
    "large",  # an unknown parameter of `LARGE` bytes
    "missing",  # one required input left out
    "null",  # one input null
    "left_out",  # one optional input left out: what its null is compared with
    "wrong_type",  # one input of another type
    "extra",  # a parameter that no input names
    "context",  # a request with the optional member `context`
    "other_slot_name",  # the request's slot_name contradicts the name argument
    "empty_parameters",
    "no_parameters",  # the member `parameters` left out
    "not_json",
    "not_object",  # JSON, but no object, or parameters that are none
    "unknown_slot",
    "other_case",  # a listed slot's name in upper case
    "longer_name",  # a listed slot's name with something behind it
    "shorter_name",  # a listed slot's name without its last character
    "after_failure",  # the valid request, after a call that failed
    "after_longer",  # the same, after a call with a longer name and a longer request
    "in_turn",  # the valid requests of all slots, in turn, on one guest
    "generated",  # parameters made from the slot's inputs (`evidence.generated`)
]
"""What a request tests."""

LARGE: Final = 256 * KIB
"""Bytes of a large request: far more than a fixed buffer has, far less than a host's limit."""

UNKNOWN: Final = ("zz_unknown.no_such_slot", "zz.no")
NOT_JSON: Final = (b"", b"{", b"not JSON", b'{"slot_name": "x", "parameters": {')
NOT_OBJECT: Final = (b"[]", b"null", b'"text"', b"42", b'{"parameters": []}', b'{"parameters": 1}')
EXTRA: Final = "zz_unknown_parameter"
LONGER: Final = "zz_unknown." + "x" * 300, {EXTRA: "x" * 4 * KIB}
"""A name and parameters that leave no NUL where a shorter one will end."""

_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: what it tests, the name argument, the bytes.

    ``listed`` is the slot it is made from, None for a slot that the plugin does not have, and
    ``parameter`` the input it is about.
    """

    kind: Kind
    name: str
    request: bytes
    listed: Slot | None = None
    parameter: str = ""


def parameters_of(slot: Slot) -> dict[str, Any]:
    """Return a value for every input of a slot."""
    return {one.name: fitting(one.type, one.default) for one in slot.inputs.values()}


def awkward_of(slot: Slot) -> dict[str, Any]:
    """Return the same with an awkward text for each input that takes one."""
    texts = (one.name for one in slot.inputs.values() if one.type in ("string", "any"))
    return parameters_of(slot) | dict.fromkeys(texts, AWKWARD)


def encoded(name: str, parameters: Mapping[str, Any], **members: Any) -> bytes:
    """Return a request's bytes."""
    return _encode({"slot_name": name, "parameters": parameters} | members)


def valid(slot: Slot, kind: Kind = "valid") -> Ask:
    """Return the request whose parameters fit the slot's inputs."""
    return Ask(kind, slot.name, encoded(slot.name, parameters_of(slot)), slot)


def large(slot: Slot, size: int = LARGE) -> Ask:
    """Return the valid request with a parameter of `size` bytes that the slot does not know."""
    parameters = parameters_of(slot) | {EXTRA: "x" * size}
    return Ask("large", slot.name, encoded(slot.name, parameters), slot)


def unknown() -> Ask:
    """Return a short request for a slot that no plugin has."""
    return Ask("unknown_slot", UNKNOWN[-1], encoded(UNKNOWN[-1], {}))


def longer_than_all() -> Ask:
    """Return a request longer than any other, without a NUL, for an unknown slot."""
    return Ask("unknown_slot", LONGER[0], encoded(*LONGER))


def compared(slot: Slot) -> Iterator[Ask]:
    """Yield the requests whose answers are compared: each is a fresh guest's first call."""
    fit = parameters_of(slot)
    yield Ask("extra", slot.name, encoded(slot.name, fit | {EXTRA: [1, {}]}), slot)
    yield Ask("context", slot.name, encoded(slot.name, fit, context={"user": None}), slot)
    yield Ask("other_slot_name", slot.name, encoded(UNKNOWN[0], fit), slot)
    yield Ask("empty_parameters", slot.name, encoded(slot.name, {}), slot)
    yield Ask("no_parameters", slot.name, _encode({"slot_name": slot.name}), slot)
    for one in slot.inputs.values():
        without = {name: value for name, value in fit.items() if name != one.name}
        absent: Kind = "missing" if one.required else "left_out"
        yield Ask(absent, slot.name, encoded(slot.name, without), slot, one.name)
        yield Ask("null", slot.name, encoded(slot.name, fit | {one.name: None}), slot, one.name)


def unusual(slot: Slot) -> Iterator[Ask]:
    """Yield the requests that one guest gets in turn: awkward, wrong, and no requests at all."""
    fit = parameters_of(slot)
    yield Ask("awkward", slot.name, encoded(slot.name, awkward_of(slot)), slot)
    for one in slot.inputs.values():
        wrong = unfitting(one.type)
        if wrong is not None:
            request = encoded(slot.name, fit | {one.name: wrong})
            yield Ask("wrong_type", slot.name, request, slot, one.name)
    for text in NOT_JSON:
        yield Ask("not_json", slot.name, text, slot)
    for text in NOT_OBJECT:
        yield Ask("not_object", slot.name, text, slot)


def unlisted(slots: Slots, listed: Collection[str]) -> Iterator[Ask]:
    """Yield requests for slots that are not `listed`, far from `slots` and near to them."""
    for name in UNKNOWN:
        yield Ask("unknown_slot", name, encoded(name, {}))
    for slot in slots:
        near: tuple[tuple[Kind, str], ...] = (
            ("other_case", slot.name.swapcase()),
            ("longer_name", slot.name + "x"),
            ("shorter_name", slot.name[:-1]),
        )
        for kind, name in near:
            if name not in listed:
                yield Ask(kind, name, encoded(name, parameters_of(slot)))
