"""Where a granted name leads (recorded attacks that no decision about URLs can settle)."""

from __future__ import annotations

import time

import pytest

from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.permissions.url import parse_url
from pytest_zeno.services.http.addresses import AddressPolicy
from pytest_zeno.services.http.network import NetworkClient
from tests.permissions.corpus import by_id, load

from .test_network import request

CASES = [
    case
    for case in load("network")
    if not case.get("reject_manifest")
    and ("resolves_to" in case or case["category"] in ("address", "dns"))
]


def addresses(case):
    """Return where a request would be sent, '' when it is refused at any point."""
    policy = AddressPolicy.allowing(case.get("host_policy", {}).get("allow_addresses", []))
    answers = [case["resolves_to"], case.get("rebinds_to")] if "resolves_to" in case else []
    resolve = (lambda _host, _port: answers.pop(0)) if answers else None
    client = NetworkClient(policy, resolve=resolve)
    try:
        parse_url(case["url"])
        found = client._addresses(request(case["url"]), time.monotonic() + 5)
    except Refused:
        return ""
    return [str(one) for one in found]


def test_nothing_is_lost():
    """The eleven lines that the permission leaves to the service are among these."""
    assert len(CASES) == 21


@pytest.mark.parametrize("case", CASES, ids=by_id)
def test_attack(case):
    """A manifest alone opens no address that is not public, whatever name leads there."""
    if case["expect"] == "deny":
        assert addresses(case) == ""
    else:
        assert addresses(case) == case["must_connect_to"]
