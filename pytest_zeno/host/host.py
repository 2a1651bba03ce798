"""The host: loads plugins, checks them, serves them, and closes what it opened."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ClosedError, ZenoError
from pytest_zeno.host.closing import Closing
from pytest_zeno.host.guest import new_worker
from pytest_zeno.host.ledger import Ledger
from pytest_zeno.host.loading import ENGINE, check_requirements, load
from pytest_zeno.host.services import Services
from pytest_zeno.host.source import find_plugin, find_plugins
from pytest_zeno.limits import Given, Limits, exceeded
from pytest_zeno.manifest import load_manifest
from pytest_zeno.text import visible

if TYPE_CHECKING:
    import os

    from pytest_zeno.host.faults import Faults
    from pytest_zeno.host.plugin import Plugin
    from pytest_zeno.host.source import Source
    from pytest_zeno.services.database import Databases
    from pytest_zeno.services.env import EnvService
    from pytest_zeno.services.files import FileService
    from pytest_zeno.services.http import HttpService
    from pytest_zeno.services.log import LogService
    from pytest_zeno.services.scope import ScopeService

_logger: Final = logging.getLogger("zeno.host")


class ZenoHost(Closing):
    """A complete host for ZenoEngine plugins.

    Args:
        env: the environment that plugins may be granted to read; never the process's own.
        scope: the values that plugins may be granted to read and write.
        db: URLs of databases by the connection names that plugins may be granted; each is opened
            when it is first asked for. More, and what else there is to say, by `db.connect`.
        limits: what each plugin may use: `Limits`, or some of them by name.
        last_limits: limits by name that go before all others, those of `load` included.
        measure_fuel: count fuel (`Result.fuel`), at the price of the fast call path.
        engine_version: the ZenoEngine that plugins may require as `zeno`, a SemVer 2.0 version;
            without one that requirement is not checked. ValueError names what is no version.
        isolate: run each plugin in a process of its own (docs/isolation.md).

    Everything it serves works in memory: a private temporary directory for files, SQLite
    databases, scripted HTTP answers. A `with` block closes what was opened.

    Attributes:
        ledger: every host call of every plugin, with who decided and why.
        failures: what `load_directory` passed over, and why, by folder.
        limits: what each plugin may use.
        services: what serves host calls; each is there by its own name, too (`scope`, `http`…).
    """

    def __init__(
        self,
        *,
        env: Mapping[str, str] | None = None,
        scope: Mapping[str, Any] | None = None,
        db: Mapping[str, str] | None = None,
        limits: Given = None,
        last_limits: Mapping[str, Any] | None = None,
        measure_fuel: bool = False,
        engine_version: str | None = None,
        isolate: bool = False,
    ) -> None:
        _check_version(engine_version)
        _check_kind("env", env, Mapping, "a mapping of names to texts")
        _check_kind("scope", scope, Mapping, "a mapping of names to JSON values")
        _check_kind("db", db, Mapping, "a mapping of connection names to URLs")
        _check_kind("limits", limits, (Limits, Mapping), "Limits(...) or some of them by name")
        self._last_limits = dict(last_limits or {})
        self.limits = Limits().merged(limits, self._last_limits)
        self.engine_version = engine_version
        self.measure_fuel = measure_fuel
        self.isolate = isolate
        self.services = Services(env or {}, scope or {}, db or {})
        self.ledger = Ledger()
        self._plugins: dict[str, Plugin] = {}
        self.failures: dict[Path, ZenoError] = {}
        self._closed = False
        self._lock = RLock()
        """Plugins are loaded one after the other: each is checked against those before it."""

    def __repr__(self) -> str:
        names = "closed" if self._closed else visible(", ".join(self.plugins)) or "empty"
        return f"<ZenoHost {names}>"

    @property
    def plugins(self) -> dict[str, Plugin]:
        """The loaded plugins by name, in the order of loading; closed ones are loaded no more."""
        known = self._plugins  # `_load` puts a new dict in its place
        return {name: plugin for name, plugin in known.items() if not plugin.closed}

    @property
    def env(self) -> EnvService:
        """The environment of this host."""
        return self.services.env

    @property
    def scope(self) -> ScopeService:
        """The scope that plugins share."""
        return self.services.scope

    @property
    def files(self) -> FileService:
        """The files behind the grants."""
        return self.services.files

    @property
    def db(self) -> Databases:
        """The database connections by name."""
        return self.services.db

    @property
    def http(self) -> HttpService:
        """The answers to HTTP requests."""
        return self.services.http

    @property
    def log(self) -> LogService:
        """What plugins logged."""
        return self.services.log

    @property
    def faults(self) -> Faults:
        """The host functions that fail, stall or answer garbage because a test says so."""
        return self.services.faults

    def load(
        self, path: str | os.PathLike[str], *, limits: Given = None, instances: int = 1
    ) -> Plugin:
        """Load a plugin folder, a ``manifest.yaml`` or a bare ``.wasm`` (with no grants).

        What its manifest requires has to be loaded already (ABI.md section 7). `limits` are this
        plugin's own: `Limits`, or those by name that differ from the host's. So many threads can
        call it at once as it has `instances`, each with a state of its own (`host.pool`); with
        one, a second call meanwhile raises ClosedError (``closed.busy``).

        Raises ManifestError, LoadError, TrapError, ExitError, LimitError or ProtocolError, and
        ClosedError when the host is closed.
        """
        __tracebackhide__ = True
        self._check_open()
        try:
            own = self.limits.merged(limits, self._last_limits)
            return self._load(find_plugin(Path(path)), self._versions(), own, instances)
        except ZenoError as error:
            raise error.with_traceback(None) from None  # the plugin's failure, not our way to it

    def load_directory(self, path: str | os.PathLike[str]) -> tuple[Plugin, ...]:
        """Load the plugins of a directory in name order (ABI.md section 1).

        Folders with no manifest are passed over. A bad plugin is reported, kept in `failures`
        and passed over. Names say nothing about who needs whom, so a plugin may require one that
        comes after it; once all are loaded, those that lack what they require are closed again
        and count as bad. Raises LoadError when there is no plugin at all, and ClosedError.
        """
        self._check_open()
        sources = find_plugins(Path(path))
        announced = {name: version for source in sources for name, version in _announced(source)}
        loaded: dict[Path, Plugin] = {}
        for source in sources:
            try:
                loaded[source.folder] = self._load(
                    source, announced | self._versions(), self.limits
                )
            except ZenoError as error:
                self._pass_over(source.folder, error)
            else:
                self.failures.pop(source.folder, None)
        self._close_unmet(loaded)
        return tuple(loaded.values())

    def close(self) -> None:
        """Clean up and free every plugin, last loaded first, and then the services.

        Raises the first error of a cleanup, after everything is freed; the others are its notes.
        A plugin that another thread is inside of (``closed.busy``) is left to the next `close`.
        """
        with self._lock:
            self._closed = True
            errors: list[BaseException] = []
            closing = [plugin.close for plugin in reversed(self.plugins.values())]
            for close in (*closing, self.services.close):
                try:
                    close()
                except BaseException as error:  # noqa: BLE001 (raised below, when all are freed)
                    errors.append(error)
        if errors:
            first = next((one for one in errors if not isinstance(one, ZenoError)), errors[0])
            for other in errors:
                if other is not first:
                    first.add_note(str(other))
            raise first

    def _load(
        self, source: Source, present: Mapping[str, str | None], limits: Limits, instances: int = 1
    ) -> Plugin:
        with self._lock:
            self._check_open()
            _check_instances(instances, limits)
            with ExitStack() as undo:
                worker = new_worker() if self.isolate else None
                if worker is not None:
                    undo.callback(worker.close)
                plugin = load(
                    source,
                    loaded=self.plugins,
                    present=present,
                    services=self.services,
                    ledger=self.ledger,
                    limits=limits,
                    instances=instances,
                    measure_fuel=self.measure_fuel,
                    worker=worker,
                )
                undo.pop_all()
            self._plugins = self.plugins | {plugin.name: plugin}
            self.services.files.admit(plugin.name)
        return plugin

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError(
                "the host is closed", code="closed.host", phase="load", hint="make a new one"
            )

    def _versions(self) -> dict[str, str | None]:
        """Return what requirements are checked against: loaded plugins and the engine."""
        versions = {name: plugin.metadata.version for name, plugin in self.plugins.items()}
        return {**versions, ENGINE: self.engine_version}

    def _close_unmet(self, loaded: dict[Path, Plugin]) -> None:
        """Close plugins that lack what they require, until those left have it all."""
        left = -1
        while left != len(loaded):
            left = len(loaded)
            for folder, plugin in tuple(loaded.items()):
                try:
                    check_requirements(plugin.manifest, self._versions())
                except ZenoError as error:
                    del loaded[folder]
                    try:
                        plugin.close()
                    except ZenoError as other:
                        error.add_note(str(other))
                    self._pass_over(folder, error)

    def _pass_over(self, folder: Path, error: ZenoError) -> None:
        self.failures[folder] = error
        _logger.warning("%s is passed over: %s", folder, error)


def _announced(source: Source) -> Iterator[tuple[str, str | None]]:
    """Yield name and version of a plugin that is going to be loaded; nothing of a bad one."""
    with suppress(ZenoError):
        if not source.bare:
            manifest = load_manifest(source.file)
            yield manifest.name, manifest.version


def _check_version(version: str | None) -> None:
    from semver import Version

    if version is not None and not Version.is_valid(version):
        raise ValueError(f"engine_version is a SemVer 2.0 version such as 1.2.0, not {version!r}")


def _check_instances(instances: int, limits: Limits) -> None:
    if instances < 1:
        raise ValueError(f"load(instances=...) is a number from 1 up, not {instances!r}")
    if instances > limits.instances:
        text = f"{instances} instances of one plugin, the limit is {limits.instances}"
        advice = "ask for fewer"
        raise exceeded("instances", text, advice, given=instances, allowed=limits.instances)


def _check_kind(name: str, given: object, kind: type | tuple[type, ...], expected: str) -> None:
    if given is not None and not isinstance(given, kind):
        raise TypeError(f"ZenoHost({name}=...) is {expected}, not {given!r}")
