"""What the reference host did in a record, as facets that can be compared.

A step is one operation. Its facets are what matters of its answer: the outcome (``ok``, ``error``;
``hang`` where the host never came back, ``panic`` where it crashed; ``success`` and ``failure``
for a response), data, error text of a guest, slots, plugins, host calls, the scope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.replay.probe import probed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.replay.records import Answer, Operation, Record

Step = dict[str, Any]

MORE: Final = "more"
"""Stands for host calls that the record leaves out."""


def reference_steps(record: Record) -> Iterator[Step]:
    """Yield the facets of each operation's answer."""
    merged: dict[str, Any] = {}
    for operation, answer in zip(record.operations, record.answers, strict=True):
        merged.update((answer.get("response") or {}).get("data") or {})
        step: Step = {"outcome": outcome(answer)} | _facets(
            operation, answer, merged, record.config
        )
        if record.config and operation["op"] != "config" and answer.get("ok"):
            step["calls"] = [call_of(call) for call in answer.get("calls", ())]
        yield step


def outcome(answer: Answer) -> str:
    """Return how an operation ended."""
    response = answer.get("response")
    if response:
        return "success" if response["success"] else "failure"
    if answer.get("ok"):
        return "ok"
    error = answer.get("error", "")
    if answer.get("timeout") or error.startswith("HOST PROCESS DIED"):
        return "hang"
    return "panic" if error.startswith("GO PANIC") else "error"


def call_of(call: dict[str, Any]) -> Any:
    """Return a host call as function and arguments; absent arguments are left out."""
    if "more" in call:
        return MORE
    said = {name: value for name, value in call["args"].items() if value is not None}
    said.pop("plugin", None)
    return [call["fn"], said]


def changed(scope: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Return what is new or other in a scope; integers are compared as the float64 they became."""
    one, other = as_float64(scope), as_float64(before)
    return {name: value for name, value in one.items() if (name, value) not in other.items()}


def as_float64(value: Any) -> Any:
    """Return a value with each of its integers as the float64 that it is in the reference host."""
    if isinstance(value, dict):
        return {name: as_float64(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_float64(item) for item in value]
    return float(value) if type(value) is int else value


def _facets(
    operation: Operation, answer: Answer, merged: dict[str, Any], config: Operation
) -> Step:
    response = answer.get("response")
    if response:
        step = {"data": probed(operation["slot"], response["data"], nul=False)}
        step["error"] = response["error"]
        scope = {name: value for name, value in answer["scope"].items() if name not in merged}
        step["scope"] = changed(scope, config.get("scope", {}))
        return step
    kept = ("slots", "plugins", "metadata", "request")
    step = {name: answer[name] for name in kept if name in answer}
    return step | ({"plugins": sorted(step["plugins"])} if "plugins" in step else {})
