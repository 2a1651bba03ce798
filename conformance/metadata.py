"""Rules on what `plugin_init` answers (ABI.md section 4, Metadata)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_zeno.protocol.metadata import check_metadata
from pytest_zeno.text import quoted
from pytest_zeno.verdict.broken import as_json, expect, no_problems
from pytest_zeno.verdict.rule import rule

if TYPE_CHECKING:
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.manifest import Manifest


def _no_problems(rule_id: str, subject: Subject) -> None:
    problems = check_metadata(subject.metadata)
    no_problems(rule_id, problems, observed=as_json(subject.metadata))


@rule(
    "MET-001",
    level="MUST",
    section="4",
    why="A host that expects members and gets a list or a text has nothing to identify.",
    example='["hello", "1.0.0"]',
    fix={
        "c": 'Return {"name": …, "version": …} from plugin_init, not the slot list.',
        "go": "Marshal a struct or a map, not a slice.",
        "rust": "Serialize a struct or a map, not a Vec or a tuple.",
    },
    codes=("metadata.type",),
)
def test_met001_metadata_is_an_object(zeno_subject: Subject) -> None:
    """The metadata is an object."""
    _no_problems("MET-001", zeno_subject)


@rule(
    "MET-002",
    level="MUST",
    section="4",
    why="Logs, errors and permissions are kept by name; `Name` or `id` is not read.",
    example='{"Name":"hello","version":"1.0.0"}',
    fix={
        "c": "Write the member `name` in lower case.",
        "go": 'Tag the field: Name string `json:"name"`.',
        "rust": 'Name the field `name`, or use #[serde(rename_all = "snake_case")].',
    },
    codes=("metadata.name_missing", "metadata.name_type"),
)
def test_met002_metadata_has_a_name(zeno_subject: Subject) -> None:
    """The metadata has a `name` that is a non-empty string."""
    _no_problems("MET-002", zeno_subject)


@rule(
    "MET-003",
    level="MUST",
    section="4",
    why="Other plugins require this one by it; written as a number it loses its zeros: 1.10 "
    "becomes 1.1.",
    example='{"name":"hello","version":1.10}',
    fix={
        "c": "Write the member `version` as a string in quotes.",
        "go": 'Tag the field: Version string `json:"version"`.',
        "rust": 'Use env!("CARGO_PKG_VERSION"), a string.',
    },
    codes=("metadata.version_missing", "metadata.version_type"),
)
def test_met003_metadata_has_a_version(zeno_subject: Subject) -> None:
    """The metadata has a `version` that is a non-empty string."""
    _no_problems("MET-003", zeno_subject)


@rule(
    "MET-004",
    level="MUST",
    section="4",
    why="`requires` of other plugins compares versions; 1.0 or v1.0.0 has no place in an order.",
    example='{"name":"hello","version":"v1.0"}',
    fix={
        "c": 'Write three numbers: "1.0.0".',
        "go": 'Write three numbers without the v of a module tag: "1.0.0".',
        "rust": 'Use env!("CARGO_PKG_VERSION").',
    },
    codes=("metadata.version_semver",),
)
def test_met004_version_is_semver(zeno_subject: Subject) -> None:
    """The metadata's `version` is a SemVer 2.0 version."""
    _no_problems("MET-004", zeno_subject)


@rule(
    "MET-005",
    level="MUST",
    section="4",
    why="A list of authors or a license object breaks every page that shows plugins.",
    example='"author":["Ada","Grace"]',
    fix={
        "c": "Write each of them as one string.",
        "go": "Declare the fields as string; join lists with strings.Join.",
        "rust": "Declare the fields as String or &str; join lists.",
    },
    codes=("metadata.text_type",),
)
def test_met005_descriptive_members_are_strings(zeno_subject: Subject) -> None:
    """The metadata's `author`, `description`, `license` and `homepage` are strings."""
    _no_problems("MET-005", zeno_subject)


@rule(
    "MET-006",
    level="MUST",
    section="4",
    why="The engine keeps configuration as text; a number or a nested object is dropped.",
    example='"config":{"retries":3}',
    fix={
        "c": "Write every value of `config` in quotes.",
        "go": "Declare config as map[string]string.",
        "rust": "Declare config as HashMap<String, String>.",
    },
    codes=("metadata.config_type",),
)
def test_met006_config_has_string_values(zeno_subject: Subject) -> None:
    """The metadata's `config` is an object whose values are strings."""
    _no_problems("MET-006", zeno_subject)


@rule(
    "MET-007",
    level="MUST",
    section="4",
    why="A copied template keeps its old name in one of the two places; logs and permissions "
    "then speak of two plugins.",
    example='manifest.yaml says name: shop, plugin_init still says "hello-go".',
    fix={
        "c": "Define the name once, and pass it with -DPLUGIN_NAME from the manifest.",
        "go": "Embed the manifest's values with -ldflags=-X, or a generated file.",
        "rust": 'Use env!("CARGO_PKG_NAME"), and the same name in the manifest.',
    },
    codes=("metadata.name_mismatch",),
)
def test_met007_name_is_the_manifests(zeno_manifest: Manifest, zeno_metadata: Any) -> None:
    """The metadata's `name` equals the manifest's."""
    _equal("MET-007", "name", zeno_metadata, zeno_manifest.name)


@rule(
    "MET-008",
    level="MUST",
    section="4",
    why="A release that raises the version in one of the two places is taken for the old one.",
    example='manifest.yaml says version: 1.1.0, plugin_init still says "1.0.0".',
    fix={
        "c": "Define the version once, and pass it with -DPLUGIN_VERSION from the manifest.",
        "go": "Set it with -ldflags=-X from the manifest.",
        "rust": 'Use env!("CARGO_PKG_VERSION"), and write the manifest from Cargo.toml.',
    },
    codes=("metadata.version_mismatch",),
)
def test_met008_version_is_the_manifests(zeno_manifest: Manifest, zeno_metadata: Any) -> None:
    """The metadata's `version` equals the manifest's."""
    _equal("MET-008", "version", zeno_metadata, zeno_manifest.version)


def _equal(rule_id: str, member: str, metadata: Any, written: str) -> None:
    """Compare a member that is well-formed; whether it is, is another rule."""
    problems = check_metadata(metadata)
    no_problems(rule_id, problems)
    if any(problem.field == member for problem in problems):
        return
    said = metadata[member]
    expect(
        said == written,
        f"plugin_init says the {member} is {quoted(said)}, the manifest says {quoted(written)}",
        observed=quoted(said),
        expected=quoted(written),
    )
