"""The host: loads plugins, checks them, serves them, and closes what it opened."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ClosedError, ZenoError
from pytest_zeno.host.ledger import Ledger
from pytest_zeno.host.loading import load
from pytest_zeno.host.services import Services
from pytest_zeno.host.source import find_plugin, find_plugins
from pytest_zeno.limits import Limits

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from pytest_zeno.host.plugin import Plugin
    from pytest_zeno.host.source import Source
    from pytest_zeno.services.database import Databases
    from pytest_zeno.services.env import EnvService
    from pytest_zeno.services.files import FileService
    from pytest_zeno.services.http import HttpService
    from pytest_zeno.services.log import LogService
    from pytest_zeno.services.scope import ScopeService

_logger: Final = logging.getLogger("zeno.host")


class ZenoHost:
    """A complete host for ZenoEngine plugins.

    Args:
        env: the environment that plugins may be granted to read; never the process's own.
        scope: the values that plugins may be granted to read and write.
        limits: what each plugin may use.
        measure_fuel: count fuel (`Result.fuel`), at the price of the fast call path.

    Everything it serves works in memory: a private temporary directory for files, SQLite
    databases, scripted HTTP answers. A `with` block closes what was opened.
    """

    def __init__(
        self,
        *,
        env: Mapping[str, str] | None = None,
        scope: Mapping[str, Any] | None = None,
        limits: Limits | None = None,
        measure_fuel: bool = False,
    ) -> None:
        self.limits = limits or Limits()
        self.measure_fuel = measure_fuel
        self.services = Services(env or {}, scope or {})
        self.ledger = Ledger()
        """Every host call of every plugin, with who decided and why."""
        self._plugins: dict[str, Plugin] = {}
        self.failures: dict[Path, ZenoError] = {}
        """What `load_directory` passed over, and why."""
        self._closed = False

    def __repr__(self) -> str:
        return f"<ZenoHost {'closed' if self._closed else ', '.join(self.plugins) or 'empty'}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def plugins(self) -> dict[str, Plugin]:
        """The loaded plugins by name, in the order of loading; closed ones are loaded no more."""
        return {name: plugin for name, plugin in self._plugins.items() if not plugin.closed}

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
    def databases(self) -> Databases:
        """The database connections by name."""
        return self.services.databases

    @property
    def http(self) -> HttpService:
        """The answers to HTTP requests."""
        return self.services.http

    @property
    def log(self) -> LogService:
        """What plugins logged."""
        return self.services.log

    def load(self, path: str | os.PathLike[str]) -> Plugin:
        """Load a plugin folder, a ``manifest.yaml`` or a bare ``.wasm`` (with no grants).

        Raises ManifestError, LoadError, TrapError, ExitError, LimitError or ProtocolError.
        """
        return self._load(find_plugin(Path(path)))

    def load_directory(self, path: str | os.PathLike[str]) -> tuple[Plugin, ...]:
        """Load the plugins of a directory in name order (ABI.md section 1).

        Folders with no manifest are passed over. A bad plugin is reported, kept in `failures`
        and passed over. Raises LoadError when there is no plugin at all.
        """
        loaded = []
        for source in find_plugins(Path(path)):
            try:
                loaded.append(self._load(source))
            except ZenoError as error:
                self.failures[source.folder] = error
                _logger.warning("%s is passed over: %s", source.folder, error)
        return tuple(loaded)

    def close(self) -> None:
        """Clean up and free every plugin, last loaded first, and then the services.

        Raises the first error of a cleanup, after everything is freed; the others are its notes.
        """
        if self._closed:
            return
        self._closed = True
        errors = []
        for plugin in reversed(self.plugins.values()):
            try:
                plugin.close()
            except ZenoError as error:
                errors.append(error)
        self.services.close()
        if errors:
            for other in errors[1:]:
                errors[0].add_note(str(other))
            raise errors[0]

    def _load(self, source: Source) -> Plugin:
        if self._closed:
            raise ClosedError("the host is closed", code="closed.host", hint="make a new one")
        plugin = load(
            source,
            loaded=self.plugins,
            services=self.services,
            ledger=self.ledger,
            limits=self.limits,
            measure_fuel=self.measure_fuel,
        )
        self._plugins = self.plugins | {plugin.name: plugin}
        return plugin
