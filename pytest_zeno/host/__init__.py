"""The host: plugins, their permissions at the gate, and the ledger of what they asked for."""

from __future__ import annotations

from pytest_zeno.host.guest import Guest
from pytest_zeno.host.host import ZenoHost
from pytest_zeno.host.ledger import HostCall, Ledger
from pytest_zeno.host.plugin import Plugin
from pytest_zeno.host.result import Result
from pytest_zeno.host.services import Services

__all__ = ["Guest", "HostCall", "Ledger", "Plugin", "Result", "Services", "ZenoHost"]
