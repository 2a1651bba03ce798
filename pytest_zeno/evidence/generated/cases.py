"""The calls that a slot is tried with, by what is unusual about them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from pytest_zeno.evidence.generated import points
from pytest_zeno.evidence.requests import EXTRA, encoded
from pytest_zeno.evidence.values import is_of, unfitting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_zeno.protocol.slots import Slot

Parameters = dict[str, Any]

Trait = Literal[
    "empty",  # texts, lists, maps and names with nothing in them
    "other_type",  # a value of each type that an input does not have
    "number",  # numbers at the edges of what integers and floats hold
    "character",  # controls, quotes, and characters beyond ASCII
    "nul",
    "long",  # texts and names up to 64 KiB
    "many",  # members and items, up to 4,097
    "deep",  # lists in lists and maps in maps
    "name",  # names that are nearly an input's, or an input's in the wrong place
    "escape",  # text in escapes where others write it as it is
]
"""What is unusual about a case; each case has one."""

TRAITS: Final[tuple[Trait, ...]] = get_args(Trait)

_TEXTS: Final = ("string", "any")
_NUMBERS: Final = ("int", "integer", "float", "number", "decimal", "any")
_LISTS: Final = ("list", "array", "any")
_MAPS: Final = ("map", "object", "any")
_PROTOCOL: Final = ("slot_name", "parameters", "success", "data", "error", "context")


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """One call: what is usual (`fit`), and the change that makes it unusual.

    ``size`` is what `change` is given, ``least`` the smallest size that was not asked before it.
    ``taken`` is what a reader takes for the slot's parameters that is led astray by the case.
    """

    trait: Trait
    slot: Slot
    fit: Parameters
    change: Callable[[Parameters, int], Parameters]
    size: int = 0
    least: int = 0
    taken: Parameters = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Case {self.trait} {self.slot.name}>"

    @property
    def parameters(self) -> Parameters:
        """The call's parameters."""
        return self.change(self.fit, self.size)

    @property
    def request(self) -> bytes:
        """The request's bytes."""
        if self.trait == "escape":
            return in_escapes(self.slot.name, self.parameters)
        return encoded(self.slot.name, self.parameters)

    @property
    def alike(self) -> bytes | None:
        """The request that has to be answered in the same way; None for a case of its own.

        For a name, it is one with a parameter that nobody takes for another.
        """
        if self.trait == "escape":
            return encoded(self.slot.name, self.parameters)
        return encoded(self.slot.name, self.fit | {EXTRA: 1}) if self.trait == "name" else None

    @property
    def unlike(self) -> bytes:
        """The request that it must not be taken for."""
        return encoded(self.slot.name, self.fit | self.taken)

    def resized(self, size: int, kept: Iterable[str]) -> Case:
        """Return the case in another size, with these parameters of `fit` alone."""
        fit = {name: self.fit[name] for name in kept}
        return replace(self, size=size, fit=fit)


def in_escapes(slot: str, parameters: Parameters) -> bytes:
    r"""Return a request in ASCII alone, `<`, `>`, `&` and `/` escaped too, as hosts may write it.

    Go escapes the first three, PHP the last; most writers have a mode for the rest.
    """
    text = json.dumps({"slot_name": slot, "parameters": parameters}, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.replace("/", "\\/").encode()


def cases(slot: Slot, fit: Parameters) -> dict[Trait, Iterable[Case]]:
    """Return the cases of every trait, from small to large."""
    return {trait: _CASES[trait](_Maker(trait, slot, fit)) for trait in TRAITS}


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the cases of one trait."""

    trait: Trait
    slot: Slot
    fit: Parameters

    def of_types(self, *types: str) -> list[str]:
        """Return the names of the inputs of these types."""
        return [one.name for one in self.slot.inputs.values() if one.type in types]

    def given(self, name: str, values: Iterable[Any]) -> Iterator[Case]:
        """Yield the call with each value for a parameter, known or not."""
        for value in values:
            yield self.changed({name: value})

    def named(self, names: Iterable[str], value: Any = 1) -> Iterator[Case]:
        """Yield the call with a parameter of each name, which are no inputs'."""
        for name in names:
            if name not in self.slot.inputs:
                yield self.changed({name: value})

    def changed(self, more: Parameters) -> Case:
        """Return the call with these parameters."""
        return Case(self.trait, self.slot, self.fit, lambda fit, _: fit | more)

    def astray(self, more: Parameters, taken: Parameters) -> Iterator[Case]:
        """Yield the call with what could be taken for its parameters before them, and behind."""
        for change in (lambda fit, _: more | fit, lambda fit, _: fit | more):
            yield Case(self.trait, self.slot, self.fit, change, taken=taken)

    def growing(
        self, name: str, sizes: Iterable[int], make: Callable[[int], Any]
    ) -> Iterator[Case]:
        """Yield the call with what `make` returns for each size as a parameter."""
        return self.grown(sizes, lambda size: {name: make(size)})

    def grown(self, sizes: Iterable[int], make: Callable[[int], Parameters]) -> Iterator[Case]:
        """Yield the call with the parameters that `make` returns for each size."""

        def change(fit: Parameters, size: int) -> Parameters:
            return fit | make(size)

        for before, size in pairwise((0, *sizes)):
            yield Case(self.trait, self.slot, self.fit, change, size, before + 1)


def _empty(make: _Maker) -> Iterator[Case]:
    nothing: tuple[tuple[Any, tuple[str, ...]], ...] = (("", _TEXTS), ([], _LISTS), ({}, _MAPS))
    for value, types in nothing:
        for name in make.of_types(*types):
            yield make.changed({name: value})
    yield from make.given(EXTRA, [value for value, _ in nothing])
    yield from make.named([""])
    yield from make.named([""], "")


def _other_type(make: _Maker) -> Iterator[Case]:
    for one in make.slot.inputs.values():
        others = [value for value in points.OF_ANOTHER_TYPE if not is_of(one.type, value)]
        yield from make.given(one.name, others)


def _number(make: _Maker) -> Iterator[Case]:
    for name in make.of_types(*_NUMBERS):
        yield from make.given(name, points.NUMBERS)


def _texts(make: _Maker, texts: Iterable[str]) -> Iterator[Case]:
    for name in (*make.of_types(*_TEXTS), EXTRA):
        yield from make.given(name, texts)
    yield from make.named(texts)


def _character(make: _Maker) -> Iterator[Case]:
    return _texts(make, points.CHARACTERS)


def _nul(make: _Maker) -> Iterator[Case]:
    return _texts(make, points.NULS)


def _long(make: _Maker) -> Iterator[Case]:
    for name in (*make.of_types(*_TEXTS), EXTRA):
        yield from make.growing(name, points.SIZES, "x".__mul__)
    yield from make.grown(points.SIZES, lambda size: {"x" * size: 1})


def numbered(count: int) -> dict[str, int]:
    """Return so many members."""
    return {f"zz_{at}": at for at in range(count)}


def _many(make: _Maker) -> Iterator[Case]:
    yield from make.grown(points.COUNTS, numbered)
    for name in (*make.of_types(*_LISTS), EXTRA):
        yield from make.growing(name, points.COUNTS, [1].__mul__)
    for name in make.of_types(*_MAPS):
        yield from make.growing(name, points.COUNTS, numbered)


def lists(depth: int) -> Any:
    """Return lists in lists, so many levels deep."""
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def maps(depth: int) -> Any:
    """Return maps in maps, so many levels deep."""
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


def _deep(make: _Maker) -> Iterator[Case]:
    for types, nested in ((_LISTS, lists), (_MAPS, maps)):
        for name in (*make.of_types(*types), EXTRA):
            yield from make.growing(name, points.DEPTHS, nested)


def _name(make: _Maker) -> Iterator[Case]:
    for one in make.slot.inputs.values():
        decoy = {one.name: unfitting(one.type) or "decoy"}
        for near in _near(one.name):
            if near not in make.slot.inputs:
                yield from make.astray({near: decoy[one.name]}, decoy)
        for wrapped in (decoy, [decoy], json.dumps(decoy)):
            yield from make.astray({EXTRA: wrapped}, decoy)
        for name in _PROTOCOL:
            if name not in make.slot.inputs:
                yield from make.astray({name: decoy}, decoy)
    if not make.slot.inputs:
        yield from make.named(_PROTOCOL)


def _near(name: str) -> Iterator[str]:
    yield from (name.swapcase(), name + "x", name[:-1], name + "\0", name + " ", " " + name)


def _escape(make: _Maker) -> Iterator[Case]:
    for name in make.of_types(*_TEXTS):
        yield from make.given(name, points.ESCAPED)


_CASES: Final[dict[Trait, Callable[[_Maker], Iterator[Case]]]] = {
    "empty": _empty,
    "other_type": _other_type,
    "number": _number,
    "character": _character,
    "nul": _nul,
    "long": _long,
    "many": _many,
    "deep": _deep,
    "name": _name,
    "escape": _escape,
}
