"""Loading a plugin: from its folder to checked metadata and slots (ABI.md sections 1, 5 and 7)."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import (
    LoadError,
    ManifestError,
    Phase,
    Problem,
    ProtocolError,
    ZenoError,
)
from pytest_zeno.host.guest import Guest, new_worker
from pytest_zeno.host.plugin import Plugin
from pytest_zeno.host.pool import PooledPlugin
from pytest_zeno.limits import exceeded
from pytest_zeno.manifest import Manifest, load_manifest
from pytest_zeno.manifest.grants import Grants
from pytest_zeno.manifest.requires import check_requires
from pytest_zeno.protocol.metadata import Metadata, check_metadata, read_metadata
from pytest_zeno.protocol.slots import Slots, check_slots, read_slots
from pytest_zeno.protocol.strict import decode
from pytest_zeno.runtime.module import GuestModule, too_long
from pytest_zeno.text import quoted, visible, visible_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pytest_zeno.host.ledger import Ledger
    from pytest_zeno.host.services import Services
    from pytest_zeno.host.source import Source
    from pytest_zeno.isolation.worker import Worker
    from pytest_zeno.limits import Limits
    from pytest_zeno.services.env import EnvService

    Versions = Mapping[str, str | None]

ENGINE: Final = "zeno"
"""The name under which `requires` speaks of the engine."""


def load(
    source: Source,
    *,
    loaded: Mapping[str, Plugin],
    present: Versions,
    services: Services,
    ledger: Ledger,
    limits: Limits,
    instances: int,
    measure_fuel: bool,
    worker: Worker | None = None,
) -> Plugin:
    """Return the plugin behind `source`, started and checked; `loaded` are its neighbours.

    `present` is what its requirements are checked against, `worker` where it runs; up to
    `instances` live at once.

    Raises ManifestError, LoadError, TrapError, ExitError, LimitError or ProtocolError.
    """
    manifest = None if source.bare else _manifest(source)
    name = manifest.name if manifest else source.file.stem
    check_requirements(manifest, present)
    module = read_module(module_path(source, manifest), limits, name)
    parts: dict[str, Any] = {
        "grants": manifest.permissions if manifest else Grants(),
        "services": services,
        "limits": limits,
        "ledger": ledger,
        "defaults": configuration(manifest, services.env) if manifest else {},
        "measure_fuel": measure_fuel,
    }
    pooled = instances > 1

    def opened(name: str) -> Guest:
        if worker is None or not pooled:
            return Guest(module, plugin=name, worker=worker, **parts)
        with ExitStack() as undo:  # a process for each: what ends one touches no other
            undo.callback((own := new_worker()).close)
            guest = Guest(module, plugin=name, worker=own, alone=True, **parts)
            undo.pop_all()
        return guest

    guest = opened(name)
    metadata, slots = _introduced(guest, manifest, loaded.values())

    def renew() -> Guest:
        return opened(guest.plugin).ready()

    about = (source.file, manifest, metadata, slots, guest, renew, worker)
    return Plugin(*about) if not pooled else PooledPlugin(*about, instances=instances)


def _introduced(
    guest: Guest, manifest: Manifest | None, loaded: Iterable[Plugin]
) -> tuple[Metadata, Slots]:
    """Return what a fresh guest says of itself, checked; it is closed when that is not in order."""
    try:
        metadata = _metadata(guest, manifest, guest.plugin, guest.limits)
        if manifest is None:
            guest.rename(visible(metadata.name))
        slots = _slots(guest, guest.plugin, guest.limits)
        _check_neighbours(guest.plugin, slots, loaded)
    except BaseException as error:
        if isinstance(error, ZenoError):
            error.logs, error.host_calls = guest.logs, guest.host_calls
        guest.close()
        raise
    return metadata, slots


def _manifest(source: Source) -> Manifest:
    try:
        return load_manifest(source.file)
    except ManifestError as error:
        error.plugin = error.plugin or source.folder.absolute().name
        raise


def check_requirements(manifest: Manifest | None, present: Versions) -> None:
    """Raise LoadError (``load.requires``) when a requirement is not met (ABI.md section 7).

    `present` gives versions by name, the engine's under ``zeno``; a name with None is there in a
    version that is not known, and meets any requirement.
    """
    if manifest is None or not manifest.requires:
        return
    known = {name: version for name, version in present.items() if version is not None}
    unmet = [
        problem
        for problem in check_requires(manifest, known)
        if present.get(problem.field.removeprefix("requires."), "") is not None
    ]
    if unmet:
        raise LoadError(
            "; ".join(f"requires: {problem.message}" for problem in unmet),
            code="load.requires",
            plugin=manifest.name,
            phase="load",
            hint=unmet[0].hint,
        )


def module_path(source: Source, manifest: Manifest | None) -> Path:
    """Return where the module lies: what the manifest's `binary` names, or the bare file."""
    return source.folder / manifest.binary if manifest else source.file


def read_module(path: Path, limits: Limits, plugin: str) -> GuestModule:
    """Return the module at `path`; its size is looked at before it is read.

    Raises LoadError (``load.unreadable`` and what `GuestModule` raises) or LimitError.
    """
    try:
        size = path.stat().st_size
        wasm = path.read_bytes() if size <= limits.module else b""
    except OSError as error:
        raise LoadError(
            f"{path} cannot be read: {error.strerror}",
            code="load.unreadable",
            plugin=plugin,
            phase="load",
            hint="give yourself the right to read it, or build the module again",
        ) from None
    if size > limits.module:
        too_large = too_long(size, limits)
        too_large.plugin = plugin
        raise too_large
    try:
        return GuestModule(wasm, limits)
    except ZenoError as error:
        error.plugin = plugin
        raise


def configuration(manifest: Manifest, env: EnvService) -> dict[str, str]:
    """Return the defaults of configuration parameters by environment name (ABI.md section 7).

    Raises LoadError (``load.config``) when a required one has neither a value nor a default.
    """
    defaults = {}
    for name, parameter in manifest.config.items():
        if parameter.default is not None:
            defaults[parameter.env] = parameter.default
        elif parameter.required and parameter.env not in env:
            raise LoadError(
                f"the required configuration parameter '{name}' has no value: "
                f"{parameter.env} is not set and it has no default",
                code="load.config",
                plugin=manifest.name,
                phase="load",
                hint=f"give the host env={{'{parameter.env}': ...}}, or write a `default`",
            )
    return defaults


def compare_metadata(metadata: Metadata, manifest: Manifest) -> list[Problem]:
    """Return where the metadata contradicts the manifest (ABI.md section 4)."""
    return [
        Problem(
            f"metadata.{field}_mismatch",
            f"plugin_init says the {field} is {quoted(said)}, the manifest says {quoted(written)}",
            field=field,
            hint="keep both the same; generate one from the other",
        )
        for field, said, written in (
            ("name", metadata.name, manifest.name),
            ("version", metadata.version, manifest.version),
        )
        if said != written
    ]


def _metadata(guest: Guest, manifest: Manifest | None, name: str, limits: Limits) -> Metadata:
    text = guest.init()
    value = _decoded(text, "init", name, limits)
    _refuse(check_metadata(value), "init", name, text)
    metadata = read_metadata(value)
    if manifest:
        _refuse(compare_metadata(metadata, manifest), "init", name, text)
    return metadata


def _slots(guest: Guest, name: str, limits: Limits) -> Slots:
    text = guest.register()
    value = _decoded(text, "register", name, limits)
    _refuse(check_slots(value), "register", name, text)
    if len(value) > limits.slots:
        said = f"the plugin lists {len(value)} slots, the limit is {limits.slots}"
        error = exceeded("slots", said, "list fewer slots", given=len(value), allowed=limits.slots)
        error.plugin, error.phase = name, "register"
        raise error
    return read_slots(value)


def _decoded(text: bytes, phase: Phase, plugin: str, limits: Limits) -> Any:
    try:
        return decode(text, limits)
    except ZenoError as error:
        error.plugin, error.phase = plugin, phase
        raise


def _refuse(problems: Iterable[Problem], phase: Phase, plugin: str, text: bytes) -> None:
    """Raise when a message has a problem that is no mere warning."""
    found = [problem for problem in problems if not problem.warning]
    if not found:
        return
    more = f" (and {len(found) - 1} more)" if found[1:] else ""
    error = ProtocolError(
        f"{found[0].message}{more}",
        code=found[0].code,
        plugin=plugin,
        phase=phase,
        hint=found[0].hint,
    )
    error.observed = visible_bytes(text)
    raise error


def _check_neighbours(name: str, slots: Slots, loaded: Iterable[Plugin]) -> None:
    """Refuse a name or a slot that a loaded plugin has already (ABI.md section 4)."""
    for other in loaded:
        taken = next((slot.name for slot in slots if slot.name in other.slots.names), None)
        if visible(other.name) == name:
            what, code = f"a plugin named {quoted(name)}", "load.name_taken"
        elif taken:
            what, code = f"the slot {quoted(taken)} of {visible(other.name)}", "load.slot_taken"
        else:
            continue
        raise LoadError(
            f"{what} is loaded already",
            code=code,
            plugin=name,
            phase="load",
            hint="close the other plugin first, or load this one in a host of its own",
        )
