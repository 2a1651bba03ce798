"""`config`: what the operator sets and the plugin reads with `host_env_get`."""

from __future__ import annotations

import pytest

from pytest_zeno.manifest import ConfigParameter
from pytest_zeno.protocol.names import INPUT_TYPES
from tests.manifest.helpers import accepted, codes, only, read

GRANT = "permissions: {env: [KEY]}\n"


def test_a_parameter_with_only_its_variable():
    """What a parameter leaves out has a default: an optional text."""
    config = accepted(GRANT + "config: {key: {env: KEY}}\n").config
    assert config == {"key": ConfigParameter("key", "string", required=False, env="KEY")}


@pytest.mark.parametrize("kind", sorted(INPUT_TYPES))
def test_the_types_are_the_input_types(kind):
    """Each input type of slots is a type of settings."""
    config = accepted(GRANT + f"config: {{key: {{env: KEY, type: {kind}}}}}\n").config
    assert config["key"].type == kind


def test_another_type_is_an_error_with_the_nearest():
    """A type that is none of the input types is an error at its value."""
    problem = only(read(GRANT + "config:\n  key:\n    env: KEY\n    type: strng\n"))
    assert (problem.code, problem.line, problem.column) == ("manifest.config_type", 8, 11)
    assert problem.field == "config.key.type"
    assert problem.hint == "did you mean 'string'?"


@pytest.mark.parametrize(
    ("spelling", "value"), [("true", True), ("False", False), ("yes", True), ("off", False)]
)
def test_booleans_as_yaml_spells_them(spelling, value):
    """`required` takes what YAML 1.1 reads as a boolean."""
    config = accepted(GRANT + f"config: {{key: {{env: KEY, required: {spelling}}}}}\n").config
    assert config["key"].required is value


@pytest.mark.parametrize("spelling", ["maybe", "'true'", "1", "[]"])
def test_other_values_are_no_boolean(spelling):
    """A text, also one in quotes, is the wrong type for `required`."""
    problem = only(read(GRANT + f"config: {{key: {{env: KEY, required: {spelling}}}}}\n"))
    assert (problem.code, problem.field) == ("manifest.type", "config.key.required")


def test_the_variable_must_be_granted():
    """A setting that `permissions.env` does not list could never be read."""
    problem = only(read("permissions: {env: [API_KEY]}\nconfig: {key: {env: API_KEZ}}\n"))
    assert (problem.code, problem.line, problem.column) == ("manifest.config_env_ungranted", 5, 21)
    assert problem.hint == "did you mean 'API_KEY'?"


def test_a_malformed_variable_is_one_problem():
    """A name that no variable has is told once, not as ungranted too."""
    assert codes(read("config: {key: {env: 'a b'}}\n")) == ["config_env"]


def test_a_setting_without_a_variable_is_a_warning():
    """Without `env` nothing brings the value to the plugin."""
    problem = only(read("config:\n  key: {type: int}\n"))
    assert (problem.code, problem.line, problem.column) == ("manifest.config_env_missing", 5, 3)
    assert problem.warning


@pytest.mark.parametrize(
    ("kind", "written", "default"),
    [
        ("string", "1.10", "1.10"),
        ("string", "''", ""),
        ("any", "no", "no"),
        ("int", "-7", "-7"),
        ("float", "1e3", "1e3"),
        ("decimal", "'0.10'", "0.10"),
        ("bool", "true", "true"),
        ("list", "[1, a, ~]", '[1,"a",null]'),
        ("map", "{a: [true]}", '{"a":[true]}'),
        ("object", "'{}'", "{}"),
        ("string", "~", None),
    ],
)
def test_a_default_is_the_text_that_the_plugin_gets(kind, written, default):
    """A default keeps its spelling; a list or mapping becomes JSON; null is none."""
    text = f"config: {{key: {{env: KEY, type: {kind}, default: {written}}}}}\n"
    assert accepted(GRANT + text).config["key"].default == default


@pytest.mark.parametrize(
    ("kind", "written"),
    [("int", "1.5"), ("float", "much"), ("bool", "yes"), ("string", "[a]"), ("list", "{a: 1}")],
)
def test_a_default_of_another_type_is_an_error(kind, written):
    """A default that its own type does not allow is a wrong type."""
    problem = only(
        read(GRANT + f"config: {{key: {{env: KEY, type: {kind}, default: {written}}}}}\n")
    )
    assert (problem.code, problem.field) == ("manifest.type", "config.key.default")


def test_a_parameter_is_a_mapping():
    """A text where the parameter's mapping belongs is an error."""
    assert "type" in codes(read("config: {key: string}\n"))


def test_an_unknown_member_is_a_warning():
    """A slip in a member's name is told with the nearest."""
    problem = only(read(GRANT + "config: {key: {env: KEY, requird: true}}\n"))
    assert problem.warning
    assert problem.field == "config.key.requird"
    assert problem.hint == "did you mean 'required'?"
