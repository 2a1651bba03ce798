"""A plugin under judgement: its stages, from the manifest to the last call.

Each stage is reached once. What it gave is kept, and so is the error that barred it, which is
raised again at each access: a rule sees the same cause as every other rule.
"""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ManifestError, Phase, ZenoError
from pytest_zeno.evidence.language import language_of
from pytest_zeno.evidence.stage import stage
from pytest_zeno.evidence.values import environment
from pytest_zeno.host.guest import Guest, new_worker
from pytest_zeno.host.loading import module_path, read_module
from pytest_zeno.host.services import Services
from pytest_zeno.host.source import Source, find_plugin
from pytest_zeno.limits import Limits
from pytest_zeno.manifest import Grants, Manifest, Reading, load_manifest
from pytest_zeno.protocol.slots import Slots, check_slots, read_slots
from pytest_zeno.protocol.strict import decode
from pytest_zeno.runtime.instance import check_module
from pytest_zeno.services.log import LogService

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_zeno.evidence.costs import Costs
    from pytest_zeno.evidence.denied import Denied
    from pytest_zeno.evidence.exchanges import Exchange
    from pytest_zeno.evidence.faulted import Trial
    from pytest_zeno.evidence.generated.asking import Generated
    from pytest_zeno.evidence.growth import Growth
    from pytest_zeno.evidence.measured import MeasuredGuest
    from pytest_zeno.evidence.reference import Reference
    from pytest_zeno.evidence.stage import Outcome
    from pytest_zeno.evidence.steadiness import Steadiness
    from pytest_zeno.evidence.usage import Usage
    from pytest_zeno.host.ledger import HostCall
    from pytest_zeno.profiles import Profile
    from pytest_zeno.runtime.module import GuestModule

_DEFAULTS: Final = Limits()

_STAGES: Final[dict[Phase, tuple[str, ...]]] = {
    "load": ("module", "fitting_module", "started", "exchanges"),
    "start": ("started", "exchanges"),
    "init": ("metadata_text", "metadata", "exchanges"),
    "register": ("slots_text", "slot_list", "exchanges"),
    "execute": ("exchanges", "steadiness", "cleaned"),
    "cleanup": ("cleaned",),
}
"""The stages in which something can fail in each phase of a plugin's life; every exchange may
begin a new life."""

_ORDER: Final[tuple[Phase, ...]] = ("", "manifest", *_STAGES)


class Subject:
    """One plugin under judgement.

    Args:
        path: its folder, its ``manifest.yaml``, or a bare module, which is judged without the
            manifest's rules and with no grants.
        limits: what it may use.
        profile: the host that it is judged for.
        isolate: run it in a process of its own.

    Raises:
        LoadError: there is no plugin at `path`.
    """

    def __init__(
        self,
        path: Path,
        *,
        limits: Limits = _DEFAULTS,
        profile: Profile = "contract",
        isolate: bool = False,
    ) -> None:
        self.source: Source = find_plugin(path)
        self.limits = limits
        self.profile = profile
        self.init_seconds = 0.0
        """How long `plugin_init` took."""
        self._calls: list[HostCall] = []
        self.outcomes: dict[str, Outcome] = {}
        """What became of each stage that was asked for (`stage`)."""
        self._living: list[Guest] = []
        self._worker = new_worker() if isolate else None

    def __repr__(self) -> str:
        return f"<Subject {self.name}>"

    # -- who it is -------------------------------------------------------------------------------

    @property
    def bare(self) -> bool:
        """Whether the module is judged alone, without a manifest."""
        return self.source.bare

    @property
    def folder(self) -> Path:
        """The plugin's folder."""
        return self.source.folder

    @property
    def path(self) -> Path:
        """What to give as ``--zeno-plugin`` to judge it again."""
        return self.source.file if self.bare else self.folder

    @property
    def file(self) -> Path:
        """The file that stands for the plugin: its module, the manifest when it names none."""
        manifest = None if self.bare else self.reading.manifest
        return module_path(self.source, manifest) if manifest else self.source.file

    @property
    def name(self) -> str:
        """What reports call it."""
        if self.bare:
            return self.source.file.stem
        manifest = self.reading.manifest
        return manifest.name if manifest else self.folder.resolve().name

    @functools.cached_property
    def language(self) -> str:
        """The language it was written in, as `Rule.fix` names it; "" when nothing tells."""
        try:
            return language_of(self.module.wasm, self.folder)
        except ZenoError:
            return language_of(b"", None if self.bare else self.folder)

    # -- stages ----------------------------------------------------------------------------------

    @stage
    def reading(self) -> Reading:
        """What was read of the manifest, with its problems; nothing of a bare module."""
        if self.bare:
            return Reading(None)
        try:
            manifest = load_manifest(self.source.file)
        except ManifestError as error:
            return Reading(None, error.problems)
        return Reading(manifest, manifest.warnings)

    @stage
    def manifest(self) -> Manifest:
        """The manifest. Raises ManifestError when it has errors."""
        reading = self.reading
        if reading.manifest is None:
            errors = [problem for problem in reading.problems if not problem.warning]
            raise ManifestError(tuple(errors), plugin=self.name)
        return reading.manifest

    @stage
    def module(self) -> GuestModule:
        """The module, valid and compiled."""
        manifest = None if self.bare else self.manifest
        module = read_module(module_path(self.source, manifest), self.limits, self.name)
        module.compiled()  # once, and here: a failure that cost ten seconds is not repeated
        return module

    @stage
    def fitting_module(self) -> GuestModule:
        """The module, when its imports and exports are the contract's."""
        check_module(self.module, self.name)
        return self.module

    @stage
    def measured_module(self) -> GuestModule:
        """The module as the reference host runs it, for guests that are measured."""
        from pytest_zeno.evidence.measured import as_measured

        return as_measured(self.fitting_module)

    @stage
    def started(self) -> Guest:
        """The guest whose metadata and slot list are judged; others are made by `guest`."""
        guest = self.fresh()
        self._living.append(guest)
        return guest

    @stage
    def metadata_text(self) -> bytes:
        """What `plugin_init` answered."""
        guest, begun = self.started, time.perf_counter()
        try:
            return guest.init()
        finally:
            self.init_seconds = time.perf_counter() - begun
            self._calls += guest.host_calls

    @stage
    def metadata(self) -> Any:
        """The metadata as JSON."""
        return self._decoded(self.metadata_text, "init")

    @stage
    def slots_text(self) -> bytes:
        """What `plugin_register_slots` answered."""
        _ = self.metadata_text
        try:
            return self.started.register()
        finally:
            self._calls += self.started.host_calls

    @stage
    def slot_list(self) -> Any:
        """The slot list as JSON."""
        return self._decoded(self.slots_text, "register")

    @stage
    def slots(self) -> Slots:
        """The slots of the list that have no errors."""
        return _readable(self.slot_list)

    @stage
    def exchanges(self) -> tuple[Exchange, ...]:
        """Requests of every kind and what the plugin answered."""
        from pytest_zeno.evidence.exchanges import exchange

        made = exchange(self)
        self._calls += [call for one in made for call in one.host_calls]
        return made

    @stage
    def generated(self) -> Generated:
        """Parameters made from the slots' inputs and what the plugin answered."""
        from pytest_zeno.evidence.generated.asking import generate

        return generate(self)

    @stage
    def steadiness(self) -> Steadiness:
        """What many valid calls took of the memory, with `free` never called."""
        from pytest_zeno.evidence.steadiness import measure, valid_calls

        return measure(self, valid_calls(self))

    @stage
    def failing_steadiness(self) -> Steadiness:
        """The same of many calls that fail."""
        from pytest_zeno.evidence.steadiness import failing_calls, measure

        return measure(self, failing_calls(self))

    @stage
    def costs(self) -> Costs:
        """What the valid call of each slot costs."""
        from pytest_zeno.evidence.costs import measure_costs

        return measure_costs(self)

    @stage
    def growth(self) -> tuple[Growth, ...]:
        """How the work of each slot grows with its request."""
        from pytest_zeno.evidence.growth import measure_growth

        return measure_growth(self)

    @stage
    def reference(self) -> Reference:
        """What the plugin does on the reference host."""
        from pytest_zeno.evidence.reference import Reference

        return Reference(self)

    @stage
    def usage(self) -> Usage:
        """What the plugin used of its permissions."""
        from pytest_zeno.evidence.usage import usage

        return usage(self)

    @stage
    def denied(self) -> Denied:
        """What the plugin does without any permission."""
        from pytest_zeno.evidence.denied import deny

        return deny(self)

    @stage
    def faulted(self) -> tuple[Trial, ...]:
        """What each slot does while a host function fails, and afterwards."""
        from pytest_zeno.evidence.faulted import try_faults

        return try_faults(self)

    @stage
    def cleaned(self) -> bool:
        """True once `plugin_cleanup` has returned, after calls of every slot."""
        from pytest_zeno.evidence.exchanges import valid_requests

        _ = self.slots_text
        with self.guest() as guest:
            for slot, request in valid_requests(self):
                guest.execute(slot, request)
            guest.cleanup()
            self._calls += guest.host_calls
        return True

    # -- guests and what they did ------------------------------------------------------------------

    def guest(
        self,
        module: GuestModule | None = None,
        *,
        grants: Grants | None = None,
        services: Services | None = None,
    ) -> Guest:
        """Return a fresh guest, initialised and registered; see `fresh`."""
        return self.fresh(module, grants=grants, services=services).ready()

    def unfreed_guest(self) -> Guest:
        """Return a fresh guest whose `free` is not called, initialised and registered."""
        return self.fresh(self.measured_module).ready()

    def measured_guest(self) -> MeasuredGuest:
        """Return the same that counts fuel and notes its blocks: slower, the same in every run."""
        from pytest_zeno.evidence.measured import MeasuredGuest

        guest = self.fresh(self.measured_module, kind=MeasuredGuest).ready()
        assert isinstance(guest, MeasuredGuest)
        return guest

    def services(self, env: Mapping[str, str] | None = None) -> Services:
        """Return services for a guest; `env` is by default what the operator would give."""
        manifest = None if self.bare else self.manifest
        services = Services(environment(manifest) if env is None else env)
        services.log = LogService(forward=False)
        return services

    def fresh(
        self,
        module: GuestModule | None = None,
        *,
        kind: Callable[..., Guest] = Guest,
        grants: Grants | None = None,
        services: Services | None = None,
    ) -> Guest:
        """Return a fresh guest as it starts; it is the caller's to close.

        `kind` makes it; `module` and `grants` are the plugin's by default, `services` its own.
        """
        declared = Grants() if self.bare else self.manifest.permissions
        return kind(
            module or self.fitting_module,
            grants=declared if grants is None else grants,
            services=services or self.services(),
            limits=self.limits,
            plugin=self.name,
            worker=self._worker,
        )

    @property
    def host_calls(self) -> tuple[HostCall, ...]:
        """What the plugin asked of the host in its life, from its start to its cleanup."""
        _ = self.exchanges
        self._error_of("cleaned")
        return tuple(self._calls)

    @property
    def host_calls_so_far(self) -> tuple[HostCall, ...]:
        """What it has asked of the host up to now; nothing is asked of it for this."""
        return tuple(self._calls)

    # -- failures --------------------------------------------------------------------------------

    def failures(self, phase: Phase) -> tuple[ZenoError, ...]:
        """Return what failed in a phase of the plugin's life, each failure once.

        Raises the error of an earlier phase that kept the plugin from getting so far.
        """
        errors = [error for name in _STAGES[phase] if (error := self._error_of(name))]
        if phase == "execute" and not self._error_of("exchanges"):
            errors[:0] = [failure for one in self.exchanges for failure in one.failures]
        for error in errors:
            if _ORDER.index(error.phase) < _ORDER.index(phase):
                raise error.with_traceback(None)
        return tuple({id(error): error for error in errors if error.phase == phase}.values())

    def close(self) -> None:
        """Free the guests that stages hold, and end their process; safe to call twice."""
        while self._living:
            self._living.pop().close()
        if self._worker is not None:
            self._worker.close()

    def _error_of(self, name: str) -> ZenoError | None:
        try:
            getattr(self, name)
        except ZenoError as error:
            return error
        return None

    def _decoded(self, text: bytes, phase: Phase) -> Any:
        try:
            return decode(text, self.limits)
        except ZenoError as error:
            error.plugin, error.phase = self.name, phase
            raise


def _readable(slot_list: Any) -> Slots:
    entries = slot_list if isinstance(slot_list, list) else []
    return Slots(
        slot
        for entry in entries
        if not any(not problem.warning for problem in check_slots([entry]))
        for slot in read_slots([entry])
    )
