"""Grants that miss what is asked for: the author learns why, and the guest nothing.

A plugin calls every function in every phase of its life, with a grant that covers the call and
with one of the same kind that covers something else.
"""

from __future__ import annotations

import json

import pytest

from pytest_zeno import ZenoHost
from pytest_zeno.permissions.deciding import KIND_OF
from pytest_zeno.permissions.refusal import TEXTS
from tests.host.plugins import GRANTS, REQUESTS, everywhere, write

PHASES = ("init", "register", "execute", "cleanup")
VALUE = "what nobody without a grant may read"
OTHERS = """\
permissions:
  network: ["https://api.example.com/b", "https://*.api.example.com/*"]
  env: [API_KEY_2]
  scope: [SCOPE]
  filesystem: [/srv/a, /srv/a.txt.bak]
  database: [main2]
"""
"""Grants that come near to what `REQUESTS` ask for, and cover none of it."""

ASKED = {
    "host_db_query": "'main' is not granted; granted: main2",
    "host_http_request": "'https://api.example.com/a' is not granted; granted: https://api.",
    "host_scope_get": "'read' is not granted; granted: write",
    "host_scope_set": "'write' is not granted; granted: read",
    "host_file_read": "'/srv/a.txt' is not granted; granted: /srv/a, /srv/a.txt.bak",
    "host_file_write": "'/srv/b.txt' is not granted; granted: /srv/a, /srv/a.txt.bak",
    "host_env_get": "'API_KEY' is not granted; granted: API_KEY_2",
}
"""What the ledger says to the author."""


def _life(folder, manifest):
    """Return the host calls of one whole life by phase and function, and the host's directory."""
    write(folder, manifest=manifest, **everywhere(*REQUESTS))
    scope, env = {"user": VALUE}, {"API_KEY": VALUE, "API_KEY_2": VALUE}
    with ZenoHost(scope=scope, env=env) as host:
        host.db.connect("main")
        host.http.respond("*", "https://api.example.com/*", text=VALUE)
        plugin = host.load(folder)
        host.files.put("/srv/a.txt", VALUE)
        plugin.call("probe.run")
        plugin.close()
        return {(call.phase, call.function): call for call in host.ledger}


@pytest.fixture(scope="module")
def denied(tmp_path_factory):
    """What was answered with the other grants; either right of the scope is the other one once."""
    lives = [
        _life(tmp_path_factory.mktemp(right), OTHERS.replace("SCOPE", right))
        for right in ("read", "write")
    ]
    return {**lives[0], **{at: one for at, one in lives[1].items() if at[1] == "host_scope_get"}}


@pytest.fixture(scope="module")
def allowed(tmp_path_factory):
    """What was answered with the grants that cover the calls."""
    return _life(tmp_path_factory.mktemp("allowed"), GRANTS)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("function", ASKED)
def test_a_grant_of_something_else_is_none(denied, allowed, phase, function):
    """The one is refused where the other is allowed, and the ledger names what was granted."""
    kind, call = KIND_OF[function], denied[phase, function]
    assert (call.allowed, call.code) == (False, "permission_denied")
    assert call.rule == f"{kind}.no_grant"
    assert call.detail.startswith(ASKED[function])
    other = allowed[phase, function].rule
    scopeless = kind == "scope" and phase != "execute"
    assert other == "scope.phase" if scopeless else other != f"{kind}.no_grant"


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("function", ASKED)
def test_the_guest_reads_one_of_the_fixed_texts(denied, phase, function):
    """It learns the kind that it lacks: no resource, grant, secret or path of the host."""
    reply = denied[phase, function].reply
    if isinstance(reply, bytes) and reply:
        text = f"{TEXTS['permission_denied']}: {KIND_OF[function]}"
        expected = {"success": False, "error": text, "code": "permission_denied"}
        assert json.loads(reply) == expected
    else:
        assert reply in (False, b"")


@pytest.mark.parametrize("phase", PHASES)
def test_a_log_line_needs_no_grant(denied, allowed, phase):
    """Whatever else is granted."""
    for life in (denied, allowed):
        call = life[phase, "host_log"]
        assert (call.allowed, call.rule) == (True, "log.always")


def test_start_is_refused_whatever_is_granted(denied, allowed):
    """Before it is there to be answered, a guest gets 0, and the author the reason."""
    for life in (denied, allowed):
        ((_, call),) = [(at, one) for at, one in life.items() if at[0] == "start"]
        assert (call.allowed, call.rule) == (False, "abi.start")
