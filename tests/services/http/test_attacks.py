"""What a hostile server does to a host that asks it (recorded attacks, on a real socket)."""

from __future__ import annotations

import base64
import json
import re
import time
from pathlib import Path

import msgspec
import pytest

from pytest_zeno.permissions.network import HttpRequest
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.permissions.url import parse_url
from pytest_zeno.services.http.addresses import AddressPolicy
from pytest_zeno.services.http.network import NetworkClient

from .server import served

DATA = Path(__file__).parent.parent / "data" / "http_response.jsonl"
CASES = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
CODES = {
    "error_limit": "limit_exceeded",
    "error_timeout": "timeout",
    "error_protocol": "unavailable",
    "error_unavailable": "unavailable",
}
SECONDS = 0.7
"""Less than the recorded deadline: what is tested is that there is one."""


def ask(case, port):
    """Return the response to a recorded request, or the code of its refusal."""
    asked = case.get("request", {})
    body = asked.get("body")
    request = HttpRequest(
        asked.get("method", "GET"),
        parse_url(f"http://127.0.0.1:{port}{asked.get('path', '/')}"),
        asked.get("headers", {}),
        None if body is None else json.dumps(body).encode(),
    )
    policy = AddressPolicy.allowing(["127.0.0.1"])
    client = NetworkClient(policy, most_bytes=case["limits"]["max_body_bytes"])
    try:
        return client.send(request, time.monotonic() + SECONDS).reply(request.method)
    except Refused as refusal:
        return refusal.code


def fields(reply):
    """Return what the recorded fields speak of."""
    body = reply.get("body")
    return {
        **reply,
        "body_is_text": isinstance(body, str),
        "lossless": "body_base64" in reply or body is not None,
    }


def test_nothing_is_lost():
    """Every recorded attack is played."""
    assert len(CASES) == 42


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_attack(case, monkeypatch):
    """The guest gets what came, or one of the errors; no other server is asked."""
    with served(case) as (server, other):
        for name, value in case.get("host_env", {}).items():
            monkeypatch.setenv(name, value.replace("{other}", str(other.port)))
        reply = ask(case, server.port)
        expected = [case["expect"], *case.get("also", [])]
        if isinstance(reply, str):
            assert reply in {CODES.get(one) for one in expected}
        else:
            assert "response" in expected
            told = fields(reply)
            assert {name: told[name] for name in case.get("fields", {})} == case.get("fields", {})
            assert not re.search(r"[\x00-\x1f\u202e]", str(reply["headers"]))
            msgspec.json.encode(reply)
        assert other.requests == []
        assert len(server.requests) <= case.get("max_requests", 1)
        forbidden = case.get("request_header_must_not_match", r"(?!)")
        assert not re.search(forbidden, server.requests[0])


def test_bytes_that_are_no_text_are_kept():
    """A body that is not UTF-8 reaches the guest as base64, byte for byte."""
    case = next(case for case in CASES if case["id"] == "rd022")
    with served(case) as (server, _):
        reply = ask(case, server.port)
    assert base64.b64decode(reply["body_base64"]) == bytes.fromhex("ff7b7d")
