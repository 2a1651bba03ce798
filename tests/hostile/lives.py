"""A hostile guest's whole life in a host, and all that it let the host show."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import wasmtime

from pytest_zeno.errors import (
    ExitError,
    LimitError,
    LoadError,
    ManifestError,
    ProtocolError,
    TrapError,
    ZenoError,
)
from pytest_zeno.limits import Limits
from tests.hostile.large import BUILT

if TYPE_CHECKING:
    from pytest_zeno import Plugin, ZenoHost
    from pytest_zeno.services.log import LogRecord

DATA = Path(__file__).parent.parent / "runtime" / "data" / "hostile"
INDEX: list[dict[str, Any]] = json.loads((DATA / "index.json").read_text("utf-8"))
SLOT = "evil.run"
SECRET = "the-host-keeps-this"  # noqa: S105 (a bait)

PATIENT = Limits()
SHORT = Limits(timeout=0.1, load_timeout=0.3, compile_timeout=1.5)
"""For guests that may end at a deadline: each of them waits for it."""

OUTCOMES: dict[type[ZenoError], str] = {
    ManifestError: "reject_load",
    LoadError: "reject_load",
    TrapError: "trap",
    ExitError: "exit",
    LimitError: "limit",
    ProtocolError: "protocol_error",
}
_LOADING = ("manifest", "load", "start", "init", "register")
_PHASES = {
    "load": ("load", "start"),
    "init": ("init",),
    "slots": ("register",),
    "execute": ("execute",),
    "cleanup": ("cleanup",),
}


@dataclass
class Life:
    """What became of a guest."""

    error: ZenoError | None = None
    shown: list[str] = field(default_factory=list)
    """Every text that a user may come to see."""
    logs: tuple[LogRecord, ...] = ()

    @property
    def outcomes(self) -> set[str]:
        """What the index calls this end."""
        if self.error is None:
            return {"ok", "ok_sanitized"}
        if self.error.code in ("limit.time", "limit.compile_time"):
            found = {"timeout"}
        else:
            found = {OUTCOMES[type(self.error)]}
        if self.error.code.startswith("limit."):
            found.add("limit")
        return found | ({"reject_load"} if self.error.phase in _LOADING else set())


def phases(entry: dict[str, Any], life: Life) -> tuple[str, ...]:
    """Return where the guest may have failed: what may be refused is refused before it runs."""
    named = _PHASES.get(entry["phase"], ())
    early = "reject_load" in allowed(entry) & life.outcomes
    return (*named, *_LOADING) if early else named


def allowed(entry: dict[str, Any]) -> set[str]:
    """Return the ends that an index entry allows."""
    return {entry["expect"], *entry.get("also", ())}


def limits(entry: dict[str, Any]) -> Limits:
    """Return the limits for a guest."""
    return SHORT if "timeout" in allowed(entry) else PATIENT


def live(host: ZenoHost, folder: Path) -> Life:
    """Load a plugin, call its slot and close it; the host stays."""
    life = Life()
    try:
        plugin = host.load(folder)
        life.shown.append(repr(plugin))
        try:
            _call(plugin, life)
        finally:
            plugin.close()
    except ZenoError as error:
        life.error = error
        life.shown += [str(error), repr(error), error.hint]
    life.logs = host.log.records
    life.shown += [record.message for record in life.logs]
    life.shown += [repr(call) for call in host.ledger]
    return life


def _call(plugin: Plugin, life: Life) -> None:
    result = plugin.call(SLOT)
    life.shown += [repr(result), *(repr(slot) for slot in plugin.slots)]


def wasm(entry: dict[str, Any]) -> bytes:
    """Return the module of an index entry."""
    if "build" in entry:
        return BUILT[entry["build"]]()
    data = (DATA / entry["file"]).read_bytes()
    return bytes(wasmtime.wat2wasm(data)) if entry["file"].endswith(".wat") else data


def write(folder: Path, entry: dict[str, Any]) -> Path:
    """Write a plugin's folder, with the permissions that the index grants it."""
    folder.mkdir(parents=True)
    manifest = {
        "name": "evil",
        "version": "1.0.0",
        "binary": "plugin.wasm",
        "permissions": entry.get("permissions", {}),
    }
    (folder / "manifest.yaml").write_text(json.dumps(manifest), "utf-8")
    (folder / "plugin.wasm").write_bytes(wasm(entry))
    return folder
