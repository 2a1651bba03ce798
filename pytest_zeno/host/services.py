"""The services of one host, all of which work in memory or under a private directory."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from pytest_zeno.host.faults import Faults
from pytest_zeno.services.database import Databases
from pytest_zeno.services.env import EnvService
from pytest_zeno.services.files import FileService
from pytest_zeno.services.http import HttpService
from pytest_zeno.services.log import LogService
from pytest_zeno.services.scope import ScopeService

if TYPE_CHECKING:
    from collections.abc import Mapping


class Services:
    """What serves host calls: one of each kind, shared by the plugins of a host.

    ``faults`` stand in their place where a test wants it so.
    """

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        scope: Mapping[str, Any] | None = None,
        db: Mapping[str, str] | None = None,
    ) -> None:
        self.env = EnvService(env)
        self.scope = ScopeService(scope)
        self.files = FileService()
        self.db = Databases(db)
        self.http = HttpService()
        self.log = LogService()
        self.faults = Faults()

    def close(self) -> None:
        """Let go of everything they hold, of each even when another one fails."""
        with ExitStack() as stack:
            for service in (self.env, self.scope, self.files, self.db, self.http, self.log):
                stack.callback(service.close)
