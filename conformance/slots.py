"""Rules on what `plugin_register_slots` answers (ABI.md section 4, Slot list)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pytest_zeno.protocol.slots import check_slots
from pytest_zeno.verdict.broken import as_json, expect, no_problems
from pytest_zeno.verdict.rule import everywhere, owner_of_code, rule

if TYPE_CHECKING:
    from pytest_zeno.evidence.subject import Subject

_ENTRY: Final = re.compile(r"\[(\d+)\]")
"""Where a problem says in which entry of the list it is."""


def _no_problems(rule_id: str, subject: Subject) -> None:
    problems = check_slots(subject.slot_list)
    own = (problem for problem in problems if owner_of_code(problem.code) == rule_id)
    place = _ENTRY.match(next((problem.field for problem in own), ""))
    seen = subject.slot_list[int(place[1])] if place else subject.slot_list
    no_problems(rule_id, problems, observed=as_json(seen))


@rule(
    "SLT-001",
    level="MUST",
    section="4",
    why="An object that maps names to slots, or wraps the list, registers nothing.",
    example='{"slots":[{"name":"hello.greet"}]}',
    fix={
        "c": "Return [ … ], the list itself.",
        "go": "Marshal a []Slot, not a map and not a struct around it.",
        "rust": "Serialize a Vec<Slot>, not a map and not a struct around it.",
    },
    codes=("slots.type",),
)
def test_slt001_slot_list_is_an_array(zeno_subject: Subject) -> None:
    """The slot list is an array."""
    _no_problems("SLT-001", zeno_subject)


@rule(
    "SLT-002",
    level="SHOULD",
    section="4",
    why="A plugin that lists no slot can never be called.",
    example="slots := []Slot{}  // marshalled before any was appended",
    fix={
        "c": "List every slot that plugin_execute serves.",
        "go": "List every slot that plugin_execute serves; a nil slice marshals as null.",
        "rust": "List every slot that plugin_execute serves.",
    },
    codes=("slots.empty",),
)
def test_slt002_slot_list_has_slots(zeno_subject: Subject) -> None:
    """The slot list should not be empty."""
    _no_problems("SLT-002", zeno_subject)


@rule(
    "SLT-003",
    level="MUST",
    section="4",
    why="A list of bare names has no place for inputs, and hosts that read objects fail on it.",
    example='["hello.greet", "hello.count"]',
    fix={
        "c": 'Write {"name": "my.slot"} for each slot.',
        "go": "Marshal structs, not strings.",
        "rust": "Serialize structs, not strings or tuples.",
    },
    codes=("slots.item_type",),
)
def test_slt003_slots_are_objects(zeno_subject: Subject) -> None:
    """Every entry of the slot list is an object."""
    _no_problems("SLT-003", zeno_subject)


@rule(
    "SLT-004",
    level="MUST",
    section="4",
    why="`Name` or `slot` is not read: the slot is registered under no name.",
    example='[{"slot":"hello.greet"}]',
    fix={
        "c": "Write the member `name` in lower case.",
        "go": 'Tag the field: Name string `json:"name"`.',
        "rust": 'Name the field `name`; check #[serde(rename_all = "PascalCase")].',
    },
    codes=("slots.name_missing", "slots.name_type"),
)
def test_slt004_slots_have_names(zeno_subject: Subject) -> None:
    """Every slot has a `name` that is a string."""
    _no_problems("SLT-004", zeno_subject)


@rule(
    "SLT-005",
    level="MUST",
    section="4",
    why="Scripts call slots by name: a name without a dot, or with a dash or a blank, is another "
    "word of the language or none.",
    example='[{"name":"greet"}]',
    fix=everywhere("Name slots plugin.action: ASCII letters, digits and _, joined by dots."),
    codes=("slots.name_grammar",),
)
def test_slt005_names_follow_the_grammar(zeno_subject: Subject) -> None:
    """Every slot's name is two or more segments of letters, digits and _, joined by dots."""
    _no_problems("SLT-005", zeno_subject)


@rule(
    "SLT-006",
    level="MUST",
    section="4",
    why="A plugin that names a slot http.get takes the engine's own slot away from every script.",
    example='[{"name":"http.get"}]',
    fix=everywhere("Let the first segment be the plugin's own name."),
    codes=("slots.name_reserved",),
)
def test_slt006_names_are_not_the_engines(zeno_subject: Subject) -> None:
    """No slot's name starts with a segment that is the engine's own."""
    _no_problems("SLT-006", zeno_subject)


@rule(
    "SLT-007",
    level="MUST",
    section="4",
    why="Of two slots with one name one is never called; which one differs from host to host.",
    example='[{"name":"hello.greet"}, {"name":"hello.greet"}]',
    fix=everywhere("Give each slot a name of its own, or remove the second entry."),
    codes=("slots.duplicate",),
)
def test_slt007_names_are_unique(zeno_subject: Subject) -> None:
    """No two slots have the same name."""
    _no_problems("SLT-007", zeno_subject)


@rule(
    "SLT-008",
    level="MUST",
    section="4",
    why="Editors show descriptions; an object or a number there breaks their completion.",
    example='{"name":"hello.greet","description":["Greets."]}',
    fix={
        "c": "Write each `description` as one string.",
        "go": "Declare Description as string.",
        "rust": "Declare description as String or &str.",
    },
    codes=("slots.description_type", "slots.input_description"),
)
def test_slt008_descriptions_are_strings(zeno_subject: Subject) -> None:
    """Every `description` of a slot or an input is a string."""
    _no_problems("SLT-008", zeno_subject)


@rule(
    "SLT-009",
    level="MUST",
    section="4",
    why="Tools look inputs up by name; in a list of inputs they find none.",
    example='{"name":"hello.greet","inputs":[{"name":"name","type":"string"}]}',
    fix={
        "c": 'Write "inputs": {"text": {"type": "string"}}, an object by name.',
        "go": "Declare Inputs as map[string]Input.",
        "rust": "Declare inputs as BTreeMap<String, Input>.",
    },
    codes=("slots.inputs_type", "slots.input_entry"),
)
def test_slt009_inputs_are_objects_by_name(zeno_subject: Subject) -> None:
    """A slot's `inputs` is an object that has an object for each input."""
    _no_problems("SLT-009", zeno_subject)


@rule(
    "SLT-010",
    level="MUST",
    section="4",
    why="The engine checks and converts parameters by type; `str` or `uint` means nothing to it.",
    example='"inputs":{"name":{"type":"str"}}',
    fix=everywhere(
        "Use string, int, integer, float, number, decimal, bool, boolean, list, array, map, "
        "object or any."
    ),
    codes=("slots.input_type",),
)
def test_slt010_input_types_are_known(zeno_subject: Subject) -> None:
    """The `type` of every input is one that the contract knows."""
    _no_problems("SLT-010", zeno_subject)


@rule(
    "SLT-011",
    level="SHOULD",
    section="4",
    why="Without a type the engine passes anything on, and the mistake shows inside the plugin.",
    example='"inputs":{"name":{"required":true}}',
    fix=everywhere("Write a `type` for each input; `any` where everything is fine."),
    codes=("slots.input_untyped",),
)
def test_slt011_inputs_have_types(zeno_subject: Subject) -> None:
    """Every input should have a `type`."""
    _no_problems("SLT-011", zeno_subject)


@rule(
    "SLT-012",
    level="MUST",
    section="4",
    why='"required": "false" is a text, and a text is true in most languages.',
    example='"inputs":{"name":{"type":"string","required":"false"}}',
    fix={
        "c": "Write true or false without quotes.",
        "go": "Declare Required as bool.",
        "rust": "Declare required as bool.",
    },
    codes=("slots.required_type",),
)
def test_slt012_required_is_a_boolean(zeno_subject: Subject) -> None:
    """The `required` of every input is a boolean."""
    _no_problems("SLT-012", zeno_subject)


@rule(
    "SLT-013",
    level="MUST",
    section="4",
    why="Editors look outputs up by name; in a list or a text they find none.",
    example='"outputs":["message"]',
    fix={
        "c": 'Write "outputs": {"message": {"type": "string"}}, an object by name.',
        "go": "Declare Outputs as map[string]Output.",
        "rust": "Declare outputs as BTreeMap<String, Output>.",
    },
    codes=("slots.outputs_type",),
)
def test_slt013_outputs_are_an_object(zeno_subject: Subject) -> None:
    """A slot's `outputs` is an object."""
    _no_problems("SLT-013", zeno_subject)


@rule(
    "SLT-014",
    level="MUST",
    section="PERMISSIONS.md, Limits",
    why="A plugin that generates a slot for each row of a table fills the engine's registry.",
    example="A slot table.row_1, table.row_2, … for each row of a table.",
    fix=everywhere("Offer one slot with a parameter instead of a slot for each thing."),
    codes=("limit.slots",),
)
def test_slt014_slots_are_few(zeno_subject: Subject) -> None:
    """The slot list has no more slots than the host's limit, 1,000 by default."""
    no_problems("SLT-014", check_slots(zeno_subject.slot_list))
    limit, found = zeno_subject.limits.slots, len(zeno_subject.slot_list)
    expect(
        found <= limit,
        f"the plugin lists {found} slots, the limit is {limit}",
        observed=f"{found} slots",
        expected=f"at most {limit}",
    )
