"""The fields of `Limits`: each is checked when it is set, and may be set from a text."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from pytest_zeno.limits.units import parse_count, parse_seconds, parse_size, shown_size

Value = TypeVar("Value")
Written = TypeVar("Written")

LONGEST: Final = 1_000_000.0
"""Seconds that a time limit may have: a guest without a deadline would never end."""

_MOST_FUEL: Final = 2**62
_MOST_COUNT: Final = 2**53


class Field(Generic[Value, Written]):
    """A field that is checked when it is set, and may be set from a text."""

    def __init__(self, default: Value) -> None:
        self._default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> Value:
        if instance is None:
            return self._default
        value: Value = instance.__dict__[self._name]
        return value

    def __set__(self, instance: object, value: Written) -> None:
        try:
            instance.__dict__[self._name] = self._parse(value)
        except ValueError as error:
            raise ValueError(f"Limits.{self._name}: {error}") from None

    def _parse(self, value: Written) -> Value:
        raise NotImplementedError


class Size(Field[int, int | str]):
    """A field in bytes that may be set from a text such as ``"32MiB"``."""

    def __init__(self, default: int, least: int = 0, most: int = _MOST_COUNT) -> None:
        super().__init__(default)
        self._least, self._most = least, most

    def _parse(self, value: int | str) -> int:
        size = parse_size(value)
        if not self._least <= size <= self._most:
            bounds = f"{shown_size(self._least)} to {shown_size(self._most)}"
            raise ValueError(f"a size from {bounds}, not {value!r}")
        return size


class Seconds(Field[float, float | str]):
    """A field in seconds that may be set from a text such as ``"250ms"``."""

    def _parse(self, value: float | str) -> float:
        seconds = parse_seconds(value)
        if not 0 < seconds <= LONGEST:
            raise ValueError(f"a number of seconds above 0 and up to {LONGEST:,.0f}, not {value!r}")
        return seconds


class Count(Field[int, int | str]):
    """A field that counts, from `least` up; it may be set from digits."""

    def __init__(self, default: int, least: int = 0) -> None:
        super().__init__(default)
        self._least = least

    def _parse(self, value: int | str) -> int:
        number = parse_count(value)
        if not self._least <= number <= _MOST_COUNT:
            raise ValueError(f"a whole number from {self._least} to {_MOST_COUNT}, not {value!r}")
        return number


class Fuel(Field[int | None, int | str | None]):
    """A field in units of fuel; None, as a text ``none``, counts none."""

    def _parse(self, value: int | str | None) -> int | None:
        if value in (None, "none"):
            return None
        fuel = parse_count(value)
        if not 0 < fuel <= _MOST_FUEL:
            raise ValueError(f"a number from 1 to {_MOST_FUEL}, or none, not {value!r}")
        return fuel
