"""Which permission a host function needs, and who decides about its requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.permissions import database, env, filesystem, network, scope

if TYPE_CHECKING:
    from pytest_zeno.errors import Phase
    from pytest_zeno.limits import Limits
    from pytest_zeno.manifest.grants import Grants
    from pytest_zeno.permissions.decision import Decision

Decide = Callable[[bytes, "Phase"], "Decision[Any]"]
"""Returns the canonical resource that a request asks for; raises Refused."""

KIND_OF: Final = {
    "host_db_query": "database",
    "host_http_request": "network",
    "host_scope_get": "scope",
    "host_scope_set": "scope",
    "host_file_read": "filesystem",
    "host_file_write": "filesystem",
    "host_env_get": "env",
}
"""The kind of permission that each host function needs; `host_log` needs none."""


def deciders(grants: Grants, limits: Limits) -> dict[str, Decide]:
    """Return who decides about the requests of each function in `KIND_OF`."""
    return {
        "host_db_query": lambda request, _: database.decide(grants, request, limits),
        "host_http_request": lambda request, _: network.decide(grants, request, limits),
        "host_scope_get": partial(scope.decide_get, grants),
        "host_scope_set": lambda request, phase: scope.decide_set(grants, request, phase, limits),
        "host_file_read": lambda path, _: filesystem.decide_read(grants, path),
        "host_file_write": lambda request, _: filesystem.decide_write(grants, request, limits),
        "host_env_get": lambda key, _: env.decide(grants, key),
    }
