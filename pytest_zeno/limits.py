"""The host's limits and their defaults (PERMISSIONS.md, Limits)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB
PAGE: Final = 64 * KIB

_SIZE: Final = re.compile(r"(?P<number>[0-9]+)\s*(?P<unit>B|KiB|MiB|GiB)?", re.ASCII)
_UNITS: Final = {None: 1, "B": 1, "KiB": KIB, "MiB": MIB, "GiB": GIB}
_COUNTS: Final = (
    "tables",
    "table_elements",
    "exports",
    "imports",
    "host_calls",
    "log_records",
    "json_depth",
    "json_nodes",
    "slots",
)


def parse_size(value: int | str) -> int:
    """Return a size in bytes from a number or a text such as ``"32MiB"``.

    Raises ValueError naming what was given and what is understood.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"a size is a number of bytes or a text such as '32MiB', not {value!r}")
    return int(match["number"]) * _UNITS[match["unit"]]


class Size:
    """A dataclass field in bytes that may be set from a text such as ``"32MiB"``."""

    def __init__(self, default: int) -> None:
        self._default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> int:
        if instance is None:
            return self._default
        size: int = instance.__dict__[self._name]
        return size

    def __set__(self, instance: object, value: int | str) -> None:
        try:
            instance.__dict__[self._name] = parse_size(value)
        except ValueError as error:
            raise ValueError(f"Limits.{self._name}: {error}") from None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one plugin may use. Sizes are bytes or texts such as ``"32MiB"``; times are seconds.

    ``timeout`` bounds each entry into the guest, ``load_timeout`` everything from
    instantiation to the end of the start function.
    """

    module: Size = Size(32 * MIB)
    compile_timeout: float = 10.0
    compile_memory: Size = Size(1536 * MIB)
    memory: Size = Size(64 * MIB)
    tables: int = 8
    table_elements: int = 100_000
    stack: Size = Size(256 * KIB)
    exports: int = 256
    imports: int = 64
    load_timeout: float = 10.0
    timeout: float = 5.0
    fuel: int | None = None
    host_calls: int = 200_000
    log_records: int = 1_000
    log_record: Size = Size(8 * KIB)
    log_bytes: Size = Size(MIB)
    reply: Size = Size(16 * MIB)
    json_depth: int = 64
    json_nodes: int = 100_000
    slots: int = 1_000

    def __post_init__(self) -> None:
        for name in ("compile_timeout", "load_timeout", "timeout"):
            seconds = getattr(self, name)
            if not isinstance(seconds, int | float) or not 0 < seconds < float("inf"):
                raise ValueError(f"Limits.{name} is a number of seconds above 0, not {seconds!r}")
        for name in _COUNTS:
            number = getattr(self, name)
            if not isinstance(number, int) or isinstance(number, bool) or number < 0:
                raise ValueError(f"Limits.{name} is a whole number from 0 up, not {number!r}")
        if self.fuel is not None and self.fuel <= 0:
            raise ValueError(f"Limits.fuel is a number above 0 or None, not {self.fuel!r}")
