"""The host's limits, their defaults (PERMISSIONS.md, Limits) and how several givers are merged."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.limits.fields import Count, Fuel, Seconds, Size
from pytest_zeno.limits.units import GIB, KIB, MIB

if TYPE_CHECKING:
    import os
    from typing import Self

_STACK: Final = (32 * KIB, MIB)
"""A smaller stack is too small for host calls, a larger one is not there in every thread."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one plugin may use.

    Sizes are bytes or texts such as ``"32MiB"``, times are seconds or texts such as ``"250ms"``,
    everything else is a count.

    Attributes:
        module: bytes of the module.
        compile_timeout: seconds that compiling may take, in a child process.
        compile_memory: bytes of address space of that child (Linux; elsewhere its time bounds it).
        memory: bytes of the linear memory; above them `memory.grow` gives -1.
        tables: how many tables the module may have.
        table_elements: elements of each table; above them `table.grow` gives -1.
        stack: bytes of the wasm stack.
        exports: how many exports the module may have.
        imports: how many imports it may have.
        load_timeout: seconds from instantiation to the end of the start function.
        timeout: seconds of each entry into the guest, what it waits for the host included.
        fuel: units of fuel of each entry; None counts none, and counting takes the slower path.
        host_calls: host calls of one entry.
        log_records: log lines of one entry; those above are dropped, with one notice.
        log_record: bytes kept of one log line.
        log_bytes: bytes of the log lines of one entry.
        reply: bytes of one answer, of the guest's and of the host's.
        json_depth: how deep JSON may be nested.
        json_nodes: how many values one JSON text may have.
        slots: how many slots the plugin may list.
        instances: how many instances of one plugin may live at once (``load(instances=...)``).
        nesting: how deep in one thread a host call may call a plugin whose host call calls one.

    Raises ValueError naming the field, what was given, and what it may be.
    """

    module: Size = Size(32 * MIB)
    compile_timeout: Seconds = Seconds(10.0)
    compile_memory: Size = Size(1536 * MIB)
    memory: Size = Size(64 * MIB, most=4 * GIB)
    tables: Count = Count(8)
    table_elements: Count = Count(100_000)
    stack: Size = Size(256 * KIB, *_STACK)
    exports: Count = Count(256)
    imports: Count = Count(64)
    load_timeout: Seconds = Seconds(10.0)
    timeout: Seconds = Seconds(5.0)
    fuel: Fuel = Fuel(None)
    host_calls: Count = Count(200_000)
    log_records: Count = Count(1_000)
    log_record: Size = Size(8 * KIB)
    log_bytes: Size = Size(MIB)
    reply: Size = Size(16 * MIB)
    json_depth: Count = Count(64)
    json_nodes: Count = Count(100_000)
    slots: Count = Count(1_000)
    instances: Count = Count(16, least=1)
    nesting: Count = Count(8, least=1)

    def merged(self, *later: Given) -> Limits:
        """Return these limits with what `later` ones set; the last one that sets a limit wins.

        A mapping sets the limits that it names, `Limits` sets them all, None sets none. Raises
        ValueError for names that no limit has, and for values that it cannot have.
        """
        values: dict[str, Any] = {}
        for given in later:
            if isinstance(given, Limits):
                values = given.but(None)
            elif given is not None:
                _check_names(given)
                values |= given
        return dataclasses.replace(self, **values) if values else self

    @classmethod
    def from_plugins_yaml(cls, path: str | os.PathLike[str]) -> Self:
        """Return the contract's limits with what a ``config/plugins.yaml`` of ZenoEngine sets.

        Raises ValueError with one line; see `pytest_zeno.limits.zenoengine`.
        """
        from pytest_zeno.limits.zenoengine import read_plugins_yaml

        return cls(**read_plugins_yaml(path))

    def but(self, others: Limits | None) -> dict[str, Any]:
        """Return by name the limits that differ from `others`; all when it is None."""
        values = {name: getattr(self, name) for name in NAMES}
        if others is None:
            return values
        return {name: value for name, value in values.items() if value != getattr(others, name)}


Given = Limits | Mapping[str, Any] | None
"""Limits as a giver may state them: all of them, some by name, or none."""

NAMES: Final = tuple(field.name for field in dataclasses.fields(Limits))


_OTHER_NAMES: Final = {"wall_time": "timeout", "time": "timeout"}
"""What limits are called elsewhere."""


def _check_names(given: Mapping[str, Any]) -> None:
    """Raise ValueError for a name that no limit has."""
    for name in given:
        if name in NAMES:
            continue
        close = difflib.get_close_matches(str(name), NAMES, 1)
        near = _OTHER_NAMES.get(name, close[0] if close else "")
        hint = f" (did you mean '{near}'?)" if near else ""
        raise ValueError(f"no limit is called {name!r}{hint}; the limits are {', '.join(NAMES)}")
