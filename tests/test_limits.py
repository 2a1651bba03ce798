"""Limits: their defaults are the contract's, their sizes may be written as people do."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import pytest

from pytest_zeno.limits import KIB, MIB, Limits, parse_size


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
