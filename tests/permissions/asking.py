"""Both implementations of the permissions, asked about one case in the same words."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

from pytest_zeno.limits import Limits
from pytest_zeno.manifest.grants import Grants, make_grants
from pytest_zeno.permissions import filesystem, network
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.http import network as client
from pytest_zeno.services.http.addresses import AddressPolicy
from pytest_zeno.services.http.network import NetworkClient

from . import filesystem_cases, network_cases
from .second import REJECTED, Answer
from .second import filesystem as second_filesystem
from .second import network as second_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from .filesystem_cases import FileCase
    from .mutations import Draw
    from .network_cases import NetworkCase

LIMITS = Limits()
FOREVER = 1e9


class Kind(NamedTuple):
    """A kind of decision: how its cases are drawn, and who answers them."""

    cases: Callable[[Draw, int], Iterator[Any]]
    first: Callable[[Any], Answer]
    second: Callable[[Any], Answer]


@lru_cache(10_000)
def grants_of(kind: str, texts: tuple[object, ...]) -> Grants | None:
    """Return what a manifest grants, None if it is refused."""
    try:
        return make_grants({kind: list(texts)})
    except ValueError:
        return None


@lru_cache(10_000)
def client_of(allowed: tuple[str, ...], resolved: tuple[str, ...]) -> NetworkClient:
    """Return a client for which every name is at these addresses."""
    return NetworkClient(AddressPolicy.allowing(allowed), resolve=lambda _host, _port: resolved)


def at_once() -> AbstractContextManager[Any]:
    """Let look-ups, which here have their answer, wait in no thread of their own."""
    return patch.object(client, "looked_up", lambda look, _host, _until: look())


def first_network(case: NetworkCase) -> Answer:
    """Ask the implementation about a request, up to the addresses that it would connect to."""
    grants = grants_of("network", case.patterns)
    if grants is None:
        return REJECTED
    request: dict[str, object] = {"method": case.method, "url": case.url}
    if case.headers is not None:
        request["headers"] = case.headers
    try:
        asked = network.decide(grants, json.dumps(request).encode(), LIMITS).resource
        found = client_of(case.allowed, case.resolved)._addresses(asked, FOREVER)
    except Refused as refusal:
        return Answer(refusal.code)
    target = asked.target
    place = (target.scheme, target.host, target.port, asked.url)
    return Answer("", (place, tuple(one.packed for one in found)))


def network_again(case: NetworkCase) -> Answer:
    """Ask the second implementation the same."""
    decided = second_network.decide(case.patterns, case.url, case.method, case.headers)
    if decided.code:
        return decided
    where = decided.place
    answer = second_network.connect(where, case.resolved, case.allowed)
    place = (where.scheme, where.host, where.port, str(where))
    return answer if answer.code else Answer("", (place, answer.place))


def first_filesystem(case: FileCase) -> Answer:
    """Ask the implementation about a path to read or to write."""
    grants = grants_of("filesystem", case.grants)
    if grants is None:
        return REJECTED
    try:
        if case.write:
            text = json.dumps(case.path.decode("utf-8", "surrogateescape"), ensure_ascii=False)
            request = b'{"content":"","path":%b}' % text.encode("utf-8", "surrogateescape")
            target = filesystem.decide_write(grants, request, LIMITS).resource
        else:
            target = filesystem.decide_read(grants, case.path).resource
    except Refused as refusal:
        return Answer(refusal.code)
    return Answer("", (target.grant, target.path))


def filesystem_again(case: FileCase) -> Answer:
    """Ask the second implementation the same."""
    return second_filesystem.decide(case.grants, case.path)


KINDS = {
    "network": Kind(network_cases.cases, first_network, network_again),
    "filesystem": Kind(filesystem_cases.cases, first_filesystem, filesystem_again),
}
