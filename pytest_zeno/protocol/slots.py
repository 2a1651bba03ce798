"""What `plugin_register_slots` answers (ABI.md section 4, Slot list)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_zeno.errors import Problem
from pytest_zeno.protocol.describe import missing, nearest, shown, wrong
from pytest_zeno.protocol.names import INPUT_TYPES, RESERVED, SLOT_NAME
from pytest_zeno.text import quoted, visible

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Input:
    """One parameter of a slot."""

    name: str
    type: str = "any"
    required: bool = False
    default: Any = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot that `plugin_register_slots` lists."""

    name: str
    description: str = ""
    example: Any = None
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Slot {self.name}>"


class Slots(tuple[Slot, ...]):
    """The slots of a plugin in its own order; ``slots["hello.greet"]`` finds one by name."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        """Return the slot of that name, or what a tuple has at that place."""
        if not isinstance(key, str):
            return super().__getitem__(key)
        for slot in self:
            if slot.name == key:
                return slot
        raise KeyError(f"no slot {quoted(key)}; {nearest(key, self.names)}".rstrip("; "))

    def __contains__(self, key: object) -> bool:
        return key in self.names if isinstance(key, str) else super().__contains__(key)

    @property
    def names(self) -> tuple[str, ...]:
        """The slots' names."""
        return tuple(slot.name for slot in self)


def check_slots(value: Any) -> list[Problem]:
    """Return what is wrong with a slot list."""
    if not isinstance(value, list):
        return [wrong("slots.type", "", "the slot list", "an array", value)]
    if not value:
        return [
            Problem(
                "slots.empty",
                "the slot list is empty: the plugin offers nothing",
                hint="list every slot that plugin_execute serves",
                warning=True,
            )
        ]
    problems = [problem for at, slot in enumerate(value) for problem in _check_slot(at, slot)]
    return problems + _check_duplicates(value)


def _check_slot(at: int, slot: Any) -> list[Problem]:
    where = f"[{at}]"
    if not isinstance(slot, dict):
        return [wrong("slots.item_type", where, f"slot {at}", "an object", slot)]
    problems = _check_slot_name(where, slot)
    if not isinstance(slot.get("description"), str | None):
        problems.append(
            wrong(
                "slots.description_type",
                f"{where}.description",
                "`description`",
                "a string",
                slot["description"],
            )
        )
    if not isinstance(slot.get("outputs"), dict | None):
        problems.append(
            wrong(
                "slots.outputs_type", f"{where}.outputs", "`outputs`", "an object", slot["outputs"]
            )
        )
    return problems + _check_inputs(where, slot.get("inputs"))


def _check_slot_name(where: str, slot: dict[str, Any]) -> list[Problem]:
    if "name" not in slot:
        return [missing("slots.name_missing", f"{where}.name", slot)]
    name = slot["name"]
    if not isinstance(name, str):
        return [wrong("slots.name_type", f"{where}.name", "`name`", "a string", name)]
    if not SLOT_NAME.fullmatch(name):
        return [
            Problem(
                "slots.name_grammar",
                f"the slot name {quoted(name)} is not two or more segments "
                "[A-Za-z][A-Za-z0-9_]* joined by dots",
                field=f"{where}.name",
                hint="name it after the plugin, such as hello.greet",
            )
        ]
    first = name.split(".", 1)[0]
    if first in RESERVED:
        return [
            Problem(
                "slots.name_reserved",
                f"the slot name {quoted(name)} starts with '{first}', which is the engine's own",
                field=f"{where}.name",
                hint="let the first segment be the plugin's name",
            )
        ]
    return []


def _check_inputs(where: str, inputs: Any) -> list[Problem]:
    if inputs is None:
        return []
    if not isinstance(inputs, dict):
        return [wrong("slots.inputs_type", f"{where}.inputs", "`inputs`", "an object", inputs)]
    return [
        problem
        for name, entry in inputs.items()
        for problem in _check_input(f"{where}.inputs.{visible(name)}", entry)
    ]


def _check_input(where: str, entry: Any) -> list[Problem]:
    if not isinstance(entry, dict):
        return [wrong("slots.input_entry", where, "an input", "an object", entry)]
    problems = []
    kind = entry.get("type")
    if kind is None:
        problems.append(
            Problem(
                "slots.input_untyped",
                "the input has no `type`",
                field=where,
                hint="write one, or any",
                warning=True,
            )
        )
    elif not isinstance(kind, str) or kind not in INPUT_TYPES:
        problems.append(
            Problem(
                "slots.input_type",
                f"the input type {shown(kind)} is none of {', '.join(sorted(INPUT_TYPES))}",
                field=f"{where}.type",
                hint=nearest(str(kind), INPUT_TYPES),
            )
        )
    if not isinstance(entry.get("required"), bool | None):
        problems.append(
            wrong(
                "slots.required_type",
                f"{where}.required",
                "`required`",
                "a boolean",
                entry["required"],
            )
        )
    if not isinstance(entry.get("description"), str | None):
        problems.append(
            wrong(
                "slots.input_description",
                f"{where}.description",
                "`description`",
                "a string",
                entry["description"],
            )
        )
    return problems


def _check_duplicates(slots: list[Any]) -> list[Problem]:
    names = [slot.get("name") for slot in slots if isinstance(slot, dict)]
    seen: set[str] = set()
    problems = []
    for name in names:
        if isinstance(name, str) and name in seen:
            problems.append(
                Problem("slots.duplicate", f"the slot {quoted(name)} is listed twice", field=name)
            )
        if isinstance(name, str):
            seen.add(name)
    return problems


def read_slots(value: list[dict[str, Any]]) -> Slots:
    """Return the slots that `check_slots` has no error against, in the plugin's order."""
    return Slots(_read_slot(slot) for slot in value)


def _read_slot(slot: dict[str, Any]) -> Slot:
    inputs = {
        name: Input(
            name,
            entry.get("type") or "any",
            bool(entry.get("required")),
            entry.get("default"),
            entry.get("description") or "",
        )
        for name, entry in (slot.get("inputs") or {}).items()
    }
    return Slot(
        slot["name"],
        slot.get("description") or "",
        slot.get("example"),
        inputs,
        slot.get("outputs") or {},
    )
