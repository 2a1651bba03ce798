"""The recorded operations, done with our host; the facets are those of `reference.py`."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno import ZenoHost
from pytest_zeno.errors import ZenoError
from pytest_zeno.limits import Limits
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.protocol.request import encode_request
from pytest_zeno.runtime.abi import HOST_FUNCTIONS
from tests.replay.probe import elided, probed
from tests.replay.reference import changed

if TYPE_CHECKING:
    from pytest_zeno import HostCall, Plugin
    from pytest_zeno.protocol.slots import Slot
    from tests.replay.records import Operation
    from tests.replay.reference import Step

FILES: Final = {
    "/f.txt": "file-content ü",
    "/dir/x.txt": "in dir",
    "/empty.txt": "",
    "/big.txt": "b" * 200_000,
}
"""The files that the reference host had, as far as records read them."""

_HANGING: Final = Limits(timeout=0.5)
_STOPPED: Final = frozenset(("permission_denied", "invalid_request", "encoding"))


class Canned:
    """A database that gives the rows of a record, whatever it is asked."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    def query(self, sql: str, params: Any) -> dict[str, Any]:
        """Return the rows, or fail as the record says."""
        if "error" in self._answer:
            raise Refused("invalid_request", "database.canned", self._answer["error"])
        return {"rows": self._answer["rows"], "affected": 0}

    def close(self) -> None:
        """There is nothing to let go of."""


class Run:
    """One record's operations on a host of its own.

    Args:
        config: the record's own, for what host functions answer.
        hanging: whether the record waits for a guest that never returns.
    """

    def __init__(self, config: Operation, *, hanging: bool = False) -> None:
        limits = _HANGING if hanging else None
        self._scope: dict[str, Any] = config.get("scope", {})
        self.host = ZenoHost(env=config.get("env"), scope=self._scope, limits=limits)
        self._observed = bool(config)
        self._plugin: Plugin | None = None
        self._seen = 0, 0
        for name, answer in config.get("db", {}).items():
            self.host.db.connect(name, Canned(answer))
        for url, answer in config.get("http", {}).items():
            self._script(url, answer)
        if config:
            for path, content in FILES.items():
                self.host.files.put(path, content)

    def step(self, operation: Operation) -> Step:
        """Do one operation and return what came of it."""
        self._seen = len(self.host.ledger), len(self.host.log)
        try:
            step: Step = getattr(self, f"_{operation['op']}")(operation)
        except ZenoError as error:
            return {"outcome": "error", "code": error.code}
        if self._observed and operation["op"] != "config":
            step["calls"] = self._calls()
        return step

    # -- one method an operation ---------------------------------------------------------------

    def _config(self, _operation: Operation) -> Step:
        return {"outcome": "ok"}

    def _load(self, operation: Operation) -> Step:
        self._plugin = None
        self._plugin = plugin = self.host.load(operation["dir"])
        slots = [_described(slot) for slot in plugin.slots]
        return {"outcome": "ok", "slots": slots, "plugins": [plugin.name]}

    def _loaddir(self, operation: Operation) -> Step:
        self.host.load_directory(operation["dir"])
        return {"outcome": "ok"} | self._plugins()

    def _list(self, _operation: Operation) -> Step:
        return {"outcome": "ok"} | self._plugins()

    def _metadata(self, _operation: Operation) -> Step:
        metadata = self._loaded().metadata
        return {
            "outcome": "ok",
            "metadata": {"name": metadata.name, "version": metadata.version},
        }

    def _unload(self, _operation: Operation) -> Step:
        self._loaded().close()
        return {"outcome": "ok"}

    def _execute(self, operation: Operation) -> Step:
        slot = operation["slot"]
        result = self._loaded().send(slot, encode_request(slot, operation.get("params", {})))
        return {
            "outcome": "success" if result.success else "failure",
            "data": elided(probed(slot, result.data, nul=True)),
            "error": result.error or "",
            "scope": changed(self.host.scope.snapshot(), self._scope),
        }

    def _request(self, operation: Operation) -> Step:
        result = self._loaded().send("hp.req", encode_request("hp.req", operation["params"]))
        assert result.data is not None
        return {"outcome": "ok", "request": json.loads(bytes.fromhex(result.data["hex"]))}

    # -- what the host saw -----------------------------------------------------------------------

    def _loaded(self) -> Plugin:
        if self._plugin is None:
            raise ZenoError("no plugin is loaded", code="replay.not_loaded")
        return self._plugin

    def _plugins(self) -> Step:
        return {"plugins": sorted(self.host.plugins)}

    def _calls(self) -> list[Any]:
        """Return the host calls of the last operation that reached what serves them."""
        calls, logs = self._seen
        lines = islice(self.host.log, logs, None)
        return [
            _call(call, next(lines).level if call.function == "host_log" else "")
            for call in islice(self.host.ledger, calls, None)
            if call.code not in _STOPPED and call.function in HOST_FUNCTIONS
        ]

    def _script(self, url: str, answer: dict[str, Any]) -> None:
        if "error" in answer:
            self.host.http.fail("*", url)
        else:
            status, body, headers = answer["status"], answer["body"], answer["headers"]
            self.host.http.respond("*", url, status=status, json=body, headers=headers)


def _described(slot: Slot) -> dict[str, Any]:
    """Return a slot as the reference host lists it: what is empty is left out."""
    inputs = {
        name: {"type": given.type, "required": given.required}
        | ({} if given.default is None else {"default": given.default})
        for name, given in slot.inputs.items()
    }
    said = {"name": slot.name, "description": elided(slot.description), "inputs": inputs}
    return {name: value for name, value in said.items() if value}


def _call(call: HostCall, level: str) -> list[Any]:
    """Return a host call as `reference.call_of` does."""
    function, text = call.function.removeprefix("host_"), call.request.decode()
    match function:
        case "log":
            arguments = {"level": level, "message": text}
        case "env_get" | "scope_get":
            arguments = {"key": text}
        case "file_read":
            arguments = {"path": text}
        case _:
            arguments = json.loads(text)
    return [function, {name: value for name, value in arguments.items() if value is not None}]
