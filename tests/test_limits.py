"""Limits: their defaults are the contract's, their sizes may be written as people do."""

from __future__ import annotations

import dataclasses
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from pytest_zeno.limits import KIB, MIB, Limits, parse_size

if TYPE_CHECKING:
    from pathlib import Path


def test_the_defaults_are_the_contracts() -> None:
    """PERMISSIONS.md, Limits."""
    assert dataclasses.asdict(Limits()) == {
        "module": 32 * MIB,
        "compile_timeout": 10.0,
        "compile_memory": 1536 * MIB,
        "memory": 64 * MIB,
        "tables": 8,
        "table_elements": 100_000,
        "stack": 256 * KIB,
        "exports": 256,
        "imports": 64,
        "load_timeout": 10.0,
        "timeout": 5.0,
        "fuel": None,
        "host_calls": 200_000,
        "log_records": 1_000,
        "log_record": 8 * KIB,
        "log_bytes": MIB,
        "reply": 16 * MIB,
        "json_depth": 64,
        "json_nodes": 100_000,
        "slots": 1_000,
        "instances": 16,
        "nesting": 8,
    }


@pytest.mark.parametrize(
    ("written", "size"),
    [
        (0, 0),
        (1024, 1024),
        ("0", 0),
        ("1024", 1024),
        ("7B", 7),
        ("7 B", 7),
        ("8KiB", 8192),
        ("32MiB", 32 * MIB),
        ("64MB", 64_000_000),
        ("5 KB", 5000),
        ("2 GiB", 2048 * MIB),
    ],
)
def test_a_size_is_a_number_or_a_text(written: int | str, size: int) -> None:
    """In bytes, or with a binary unit."""
    assert parse_size(written) == size
    assert Limits(memory=written).memory == size


@pytest.mark.parametrize(
    "written",
    [-1, True, 1.5, None, "", "32 mb", "32mib", "1.5MiB", "-1", "1_000", "٣", "MiB", "1 MiB "],
)
def test_another_size_is_refused_by_name(written: Any) -> None:
    """The field, what was given, and what is understood."""
    with pytest.raises(ValueError, match=r"Limits\.memory: a size is .* such as '32MiB', not") as e:
        Limits(memory=written)
    assert repr(written) in str(e.value)


@pytest.mark.parametrize("name", ["timeout", "load_timeout", "compile_timeout"])
@pytest.mark.parametrize("seconds", [0, -1.0, float("inf"), float("nan"), "0s", 1e7])
def test_a_time_is_above_zero_and_finite(name: str, seconds: float) -> None:
    """A guest without a deadline would never end."""
    with pytest.raises(ValueError, match=rf"Limits\.{name}: a number of seconds above 0"):
        Limits(**{name: seconds})


@pytest.mark.parametrize("name", ["tables", "imports", "host_calls", "log_records", "json_depth"])
@pytest.mark.parametrize("number", [-1, 1.5, True, "8.0", "many", None])
def test_a_count_is_a_whole_number(name: str, number: Any) -> None:
    """From 0 up."""
    with pytest.raises(ValueError, match=rf"Limits\.{name}: a count is a whole number from 0 up"):
        Limits(**{name: number})


@pytest.mark.parametrize("fuel", [0, -5])
def test_fuel_is_above_zero_or_none(fuel: int) -> None:
    """None means unlimited; 0 would end every guest at once."""
    with pytest.raises(ValueError, match="fuel"):
        Limits(fuel=fuel)


def test_limits_are_values() -> None:
    """Frozen, comparable, hashable; they survive pickling and replacement."""
    limits = Limits(memory="1MiB", timeout=2.0)
    assert limits == Limits(memory=MIB, timeout=2.0)
    assert hash(limits) == hash(Limits(memory=MIB, timeout=2.0))
    assert pickle.loads(pickle.dumps(limits)) == limits  # noqa: S301 (our own)
    assert dataclasses.replace(limits, memory="2MiB").memory == 2 * MIB
    with pytest.raises(dataclasses.FrozenInstanceError):
        limits.memory = 1


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(2, 2), (0.5, 0.5), ("2", 2), ("1.5s", 1.5), ("250 ms", 0.25), ("2m", 120)],
)
def test_a_time_is_a_number_or_a_text(written: float | str, seconds: float) -> None:
    """In seconds, or with a unit."""
    assert Limits(timeout=written).timeout == seconds


@pytest.mark.parametrize("written", [None, True, "", "5 sec", "-1s", "1e3", "5S", "٣s"])
def test_another_time_is_refused_by_name(written: Any) -> None:
    """The field, what was given, and what is understood."""
    with pytest.raises(ValueError, match=r"Limits\.timeout: a time is .* such as '5s', not") as e:
        Limits(timeout=written)
    assert repr(written) in str(e.value)


@pytest.mark.parametrize(
    ("name", "value"), [("stack", "16KiB"), ("stack", "2MiB"), ("memory", "5GiB")]
)
def test_a_size_that_cannot_be_is_refused(name: str, value: str) -> None:
    """A stack that no thread has would kill the process in place of the guest."""
    with pytest.raises(ValueError, match=rf"Limits\.{name}: a size from .* to .*, not '{value}'"):
        Limits(**{name: value})


def test_fuel_may_be_written_out() -> None:
    """`none` is what a line of an ini file has for None."""
    assert Limits(fuel="5000").fuel == 5000
    assert Limits(fuel=1).merged({"fuel": "none"}).fuel is None


# -- merging ---------------------------------------------------------------------------------------


def test_the_last_one_that_sets_a_limit_wins() -> None:
    """Others keep what they were; None sets nothing, whole limits set all."""
    merged = Limits().merged({"timeout": "1s", "memory": "1MiB"}, None, {"timeout": "2s"})
    assert merged == Limits(timeout=2.0, memory=MIB)
    assert merged.merged(Limits(fuel=7), {"slots": 1}) == Limits(fuel=7, slots=1)
    assert merged.but(Limits()) == {"timeout": 2.0, "memory": MIB}


@pytest.mark.parametrize(
    ("name", "near"), [("memori", "memory"), ("wall_time", "timeout"), ("zzz", None)]
)
def test_an_unknown_name_lists_those_that_there_are(name: str, near: str | None) -> None:
    """And says which one may have been meant."""
    with pytest.raises(ValueError, match=f"no limit is called '{name}'") as caught:
        Limits().merged({name: 1})
    assert ("did you mean" in str(caught.value)) == (near is not None)
    assert f"did you mean '{near}'?" in str(caught.value) or near is None
    for field in dataclasses.fields(Limits):
        assert field.name in str(caught.value)


# -- ZenoEngine's file -----------------------------------------------------------------------------

PLUGINS_YAML = """\
wasm:
  enabled: true
  plugin_dir: ./plugins
  limits:
    max_memory: 100MB
    max_execution_time: 30s
    max_cpu: 0.5
  whitelist: [hello]
"""


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        (PLUGINS_YAML, Limits(memory=100_000_000, timeout=30.0)),
        ("wasm: {limits: {max_memory: 1048576}}", Limits(memory=MIB)),
        ("wasm:\n  enabled: true\n", Limits()),
        ("wasm: {limits: }", Limits()),
        ("", Limits()),
    ],
)
def test_the_limits_of_plugins_yaml_are_read(tmp_path: Path, text: str, limits: Limits) -> None:
    """What the file does not set is the contract's."""
    (tmp_path / "plugins.yaml").write_text(text, "utf-8")
    assert Limits.from_plugins_yaml(tmp_path / "plugins.yaml") == limits


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("wasm: {limits: {max_memory: lots}}", r"Limits\.memory: a size is .* not 'lots'"),
        ("wasm: {limits: {max_memory: }}", r"Limits\.memory: .* not None"),
        ("wasm: {limits: {max_execution_time: 0s}}", r"Limits\.timeout: .* not '0s'"),
        ("wasm: {limits: {max_mem: 1MB}}", "has no 'max_mem'; it may have max_memory, "),
        ("wasm: {limits: [1]}", "wasm.limits is no mapping"),
        ("wasm: 1", "wasm is no mapping"),
        ("[]", "the file is no mapping"),
        ("wasm: {limits: {", "no YAML: "),
        ("[" * 5000, "no YAML: "),
    ],
)
def test_what_is_wrong_with_plugins_yaml_is_said(tmp_path: Path, text: str, reason: str) -> None:
    """In one line, with the file's name."""
    file = tmp_path / "plugins.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=reason) as caught:
        Limits.from_plugins_yaml(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(ValueError, match=r"none\.yaml: No such file"):
        Limits.from_plugins_yaml(tmp_path / "none.yaml")
