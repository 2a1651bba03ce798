"""Rules on `manifest.yaml` (ABI.md section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import ManifestError
from pytest_zeno.verdict.broken import no_problems
from pytest_zeno.verdict.rule import everywhere, owner_of_code, rule

if TYPE_CHECKING:
    from pytest_zeno.manifest import Reading

_WHOLE: Final = ("MAN-001", "MAN-002")
"""The rules on the file as a whole: while one is broken there are no fields to judge."""


def _no_problems(rule_id: str, reading: Reading) -> None:
    no_problems(rule_id, reading.problems)
    if rule_id in _WHOLE:
        return
    for problem in reading.problems:
        if owner_of_code(problem.code) in _WHOLE:
            raise ManifestError((problem,))


@rule(
    "MAN-001",
    level="MUST",
    section="7",
    why="Editors that save as UTF-16 or Latin-1 make a file that some hosts read as other text "
    "and others not at all.",
    example="author: René, saved as Latin-1.",
    fix=everywhere("Save manifest.yaml as UTF-8, and write control characters as escapes."),
    codes=("manifest.encoding", "manifest.character"),
)
def test_man001_manifest_is_utf8(zeno_reading: Reading) -> None:
    """The manifest is printable text in UTF-8."""
    _no_problems("MAN-001", zeno_reading)


@rule(
    "MAN-002",
    level="MUST",
    section="7",
    why="YAML parsers disagree about what is not plain: tags build objects, aliases expand "
    "without end, and a second document is read by one host and dropped by another.",
    example="description: *text",
    fix=everywhere(
        "Write one document of keys and values into manifest.yaml: no tabs for indentation, no "
        "&anchors and *aliases, no !tags, no second `---`; put special characters in quotes."
    ),
    codes=(
        "manifest.alias",
        "manifest.empty",
        "manifest.more",
        "manifest.not_a_file",
        "manifest.not_found",
        "manifest.second_document",
        "manifest.syntax",
        "manifest.tag",
        "manifest.too_deep",
        "manifest.too_large",
        "manifest.too_many",
        "manifest.unreadable",
    ),
)
def test_man002_manifest_is_one_plain_document(zeno_reading: Reading) -> None:
    """The manifest is one YAML document without tags and aliases."""
    _no_problems("MAN-002", zeno_reading)


@rule(
    "MAN-003",
    level="MUST",
    section="7",
    why="Of two equal keys one parser takes the first and another the last: a second "
    "`permissions` can grant what a reviewer never saw.",
    example="permissions: … at the top, and permissions: … again further down.",
    fix=everywhere("Keep one of the two keys and merge what stands below them."),
    codes=("manifest.duplicate_key",),
)
def test_man003_keys_stand_once(zeno_reading: Reading) -> None:
    """No key of the manifest stands twice in one mapping."""
    _no_problems("MAN-003", zeno_reading)


@rule(
    "MAN-004",
    level="MUST",
    section="7",
    why="A list where a text is expected, or a text where a list is, is read as empty by one "
    "host and ends the load in another.",
    example="author: [Ada, Grace]",
    fix=everywhere(
        "Give each field the type and length that the finding names, at the line it names."
    ),
    codes=("manifest.type", "manifest.key_type", "manifest.text_too_long"),
)
def test_man004_fields_have_their_types(zeno_reading: Reading) -> None:
    """Every field of the manifest has the type that the contract gives it."""
    _no_problems("MAN-004", zeno_reading)


@rule(
    "MAN-005",
    level="MUST",
    section="7",
    why="The name becomes folders and report files on every system and is how other plugins "
    "require this one.",
    example="name: My Plugin",
    fix=everywhere("Write `name: my-plugin`: ASCII letters, digits, dots, dashes and underscores."),
    codes=("manifest.name_missing", "manifest.name"),
)
def test_man005_name_is_there(zeno_reading: Reading) -> None:
    """The manifest has a `name` that is usable on every system."""
    _no_problems("MAN-005", zeno_reading)


@rule(
    "MAN-006",
    level="MUST",
    section="7",
    why="`requires` of other plugins compares versions; 1.0 or v1.0.0 has no place in an order.",
    example="version: v1.0",
    fix={
        "c": "Write three numbers, such as `version: 1.0.0`.",
        "go": "Write three numbers without the `v` of a module tag, such as `version: 1.0.0`.",
        "rust": "Write the `version` of Cargo.toml.",
    },
    codes=("manifest.version_missing", "manifest.version"),
)
def test_man006_version_is_semver(zeno_reading: Reading) -> None:
    """The manifest has a `version`, and it is a SemVer 2.0 version."""
    _no_problems("MAN-006", zeno_reading)


@rule(
    "MAN-007",
    level="MUST",
    section="7",
    why="The host loads the file that is named and no other: a build that writes elsewhere leaves "
    "none there, and a path with `..`, a backslash or a link loads what nobody reviewed.",
    example="binary: ../target/wasm32-wasip1/release/hello.wasm",
    fix={
        "c": "Let the compiler write into the folder (-o plugin.wasm) and name that file.",
        "go": "Build with -o plugin.wasm into the folder and name that file.",
        "rust": "Copy target/wasm32-*/release/NAME.wasm (with _ for -) beside the manifest and "
        "name that file.",
    },
    codes=(
        "load.unreadable",
        "manifest.binary",
        "manifest.binary_missing",
        "manifest.binary_outside",
    ),
)
def test_man007_binary_is_in_the_folder(zeno_reading: Reading) -> None:
    """The manifest's `binary` names a module in the plugin's folder."""
    _no_problems("MAN-007", zeno_reading)


@rule(
    "MAN-008",
    level="MUST",
    section="7",
    why="A misspelled kind (`filesytem`) grants nothing, and the plugin fails at the first call.",
    example="permissions: {filesytem: [/data]}",
    fix=everywhere("Use network, env, scope, filesystem or database."),
    codes=("manifest.permission_kind",),
)
def test_man008_permission_kinds_are_known(zeno_reading: Reading) -> None:
    """Every kind in `permissions` is one that the contract knows."""
    _no_problems("MAN-008", zeno_reading)


@rule(
    "MAN-009",
    level="MUST",
    section="PERMISSIONS.md, General",
    why="Hosts that match by prefix let https://api.example.com* reach "
    "api.example.com.evil.com; a pattern outside the grammar means more than its author thinks.",
    example='network: ["https://api.example.com*"]',
    fix=everywhere(
        "Write each grant in its canonical form: https://api.example.com/*, /data, API_KEY, "
        "default, read."
    ),
    codes=("manifest.grant",),
)
def test_man009_grants_are_well_formed(zeno_reading: Reading) -> None:
    """Every entry of a permission follows the grammar of its kind."""
    _no_problems("MAN-009", zeno_reading)


@rule(
    "MAN-010",
    level="MUST",
    section="7",
    why="A range that no resolver understands cannot be met, or is taken for any version.",
    example="requires: {zeno: at least 0.3}",
    fix=everywhere('Write ranges as npm does, in quotes: zeno: ">=0.3.0 <1".'),
    codes=("manifest.requires_name", "manifest.requires_range"),
)
def test_man010_requires_has_ranges(zeno_reading: Reading) -> None:
    """Every entry of `requires` names a plugin or zeno and gives a range in npm's grammar."""
    _no_problems("MAN-010", zeno_reading)


@rule(
    "MAN-011",
    level="MUST",
    section="7",
    why="An unknown type is taken for text by one host and refused by another; what has no name "
    "cannot be set.",
    example="config: {retries: {type: uint}}",
    fix=everywhere(
        "Use string, int, integer, float, number, decimal, bool, boolean, list, array, map, "
        "object or any."
    ),
    codes=("manifest.config_name", "manifest.config_type"),
)
def test_man011_config_types_are_known(zeno_reading: Reading) -> None:
    """Every `config` parameter has a name, and its type is one of the input types."""
    _no_problems("MAN-011", zeno_reading)


@rule(
    "MAN-012",
    level="MUST",
    section="PERMISSIONS.md, env",
    why="host_env_get answers with an empty text for what is not granted: the plugin runs "
    "without its API key and fails far from the cause.",
    example="config: {key: {type: string, env: API_KEY}}, and no permissions.env.",
    fix=everywhere("Let `env` be a variable's name, and list it under permissions.env, too."),
    codes=("manifest.config_env", "manifest.config_env_ungranted"),
)
def test_man012_config_env_is_granted(zeno_reading: Reading) -> None:
    """The `env` of every `config` parameter is listed in `permissions.env`."""
    _no_problems("MAN-012", zeno_reading)


@rule(
    "MAN-013",
    level="SHOULD",
    section="7",
    why="A parameter reaches the plugin through host_env_get of its `env` name alone; without "
    "one the operator sets a value that nobody reads.",
    example="config: {greeting: {type: string, default: Hello}}",
    fix=everywhere("Give the parameter an `env`, and read it with host_env_get."),
    codes=("manifest.config_env_missing",),
)
def test_man013_config_names_its_variable(zeno_reading: Reading) -> None:
    """A `config` parameter should name the variable that brings its value to the plugin."""
    _no_problems("MAN-013", zeno_reading)


@rule(
    "MAN-014",
    level="SHOULD",
    section="7",
    why="An unknown key is ignored: behind most of them stands a known one that is misspelled.",
    example="permission: {env: [API_KEY]}",
    fix=everywhere("Correct the key, or remove it."),
    codes=("manifest.unknown_key",),
)
def test_man014_keys_are_known(zeno_reading: Reading) -> None:
    """The manifest should have no keys that the contract does not know."""
    _no_problems("MAN-014", zeno_reading)


@rule(
    "MAN-015",
    level="SHOULD",
    section="PERMISSIONS.md, General",
    why="A grant that stands twice makes a review longer and hides the one that was meant.",
    example="env: [API_KEY, API_URL, API_KEY]",
    fix=everywhere("Remove the second entry, or correct it."),
    codes=("manifest.grant_twice",),
)
def test_man015_grants_stand_once(zeno_reading: Reading) -> None:
    """No grant should stand twice in one list."""
    _no_problems("MAN-015", zeno_reading)
