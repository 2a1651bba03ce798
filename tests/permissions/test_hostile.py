"""Whatever a guest asks, it gets a decision or a refusal."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_zeno.limits import Limits
from pytest_zeno.manifest.grants import Grants, make_grants
from pytest_zeno.permissions import database, env, filesystem, network, scope
from pytest_zeno.permissions.decision import Decision
from pytest_zeno.permissions.network import covers
from pytest_zeno.permissions.refusal import TEXTS
from pytest_zeno.permissions.url import parse_url

from .corpus import answer, by_id, load

LIMITS: Final = Limits(json_depth=8, json_nodes=50)
GRANTS: Final = make_grants(
    {
        "network": ["https://api.example.com/*", "http://*.example.com:*/a/*", "http://[::1]/*"],
        "filesystem": ["/srv/data"],
        "env": ["API_KEY"],
        "database": ["default"],
        "scope": ["read", "write"],
    }
)
DECIDERS: Final = {
    "env": env.decide,
    "get": lambda grants, request: scope.decide_get(grants, request, "execute"),
    "set": lambda grants, request: scope.decide_set(grants, request, "execute", LIMITS),
    "read": filesystem.decide_read,
    "write": lambda grants, request: filesystem.decide_write(grants, request, LIMITS),
    "database": lambda grants, request: database.decide(grants, request, LIMITS),
    "network": lambda grants, request: network.decide(grants, request, LIMITS),
}

# Texts near what is granted: most of the bugs are there.
TEXTS_NEARBY: Final = st.one_of(
    st.text(),
    st.from_regex(r"https?://[a-z0-9.:@\[\]%-]{0,20}(example\.com)?(:[0-9]*)?/[a./%0-9A-F;?#]*"),
    st.lists(st.sampled_from(["/", "srv", "data", "..", ".", "a", "%2e", "\\", "con", " "])).map(
        "".join
    ),
    st.sampled_from(["default", "GET", "POST", "select 1", "a.b", "_a", "API_KEY"]),
)
VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS_NEARBY,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
MEMBERS: Final = (
    *("url", "method", "headers", "body", "body_base64", "path", "content", "key", "value"),
    *("connection", "sql", "params"),
)
OBJECTS: Final = st.dictionaries(st.sampled_from(MEMBERS), TEXTS_NEARBY | VALUES).map(
    lambda value: json.dumps(value).encode()
)
PATTERNS: Final = [case for case in load("network") if "reject_manifest" not in case]
REQUESTS: Final = st.binary() | TEXTS_NEARBY.map(str.encode) | OBJECTS


@pytest.mark.parametrize("name", DECIDERS)
@given(request_=REQUESTS)
def test_no_other_exception(name, request_):
    """No request makes a decision raise anything but a refusal with one of the codes."""
    outcome = answer(DECIDERS[name], GRANTS, request_)
    if not isinstance(outcome, Decision):
        assert outcome.code in TEXTS
        assert outcome.detail


@pytest.mark.parametrize("name", DECIDERS)
@settings(max_examples=20)
@given(request_=REQUESTS)
def test_nothing_without_a_grant(name, request_):
    """With nothing granted every request gets the same answer, whatever it says."""
    outcome = answer(DECIDERS[name], Grants(), request_)
    assert outcome.code == "permission_denied"
    assert outcome.rule.endswith(".no_grant")


@pytest.mark.parametrize("case", PATTERNS, ids=by_id)
def test_urls_mean_one_thing(case):
    """An allowed URL has for another parser the host and the path that were checked."""
    grants = make_grants({"network": case["patterns"]})
    outcome = answer(DECIDERS["network"], grants, json.dumps({"url": case["url"]}).encode())
    if isinstance(outcome, Decision):
        same_for_another_parser(outcome.resource, grants)


@given(
    text=st.from_regex(
        r"(https://api\.example\.com|http://[a-z.]{1,3}\.example\.com(:[1-9][0-9]{0,3})?|http://\[::1\])"
        r"/(a/)?[a-z./%0-9A-F;@:\[\]]{0,20}(\?[ -~]{0,10})?",
        fullmatch=True,
    )
)
def test_granted_urls_mean_one_thing(text):
    """What comes near a grant and is allowed is for another parser what was checked."""
    outcome = answer(DECIDERS["network"], GRANTS, json.dumps({"url": text}).encode())
    if isinstance(outcome, Decision):
        same_for_another_parser(outcome.resource, GRANTS)


def same_for_another_parser(request, grants):
    """Compare a canonical URL with what urllib makes of it."""
    parts = urlsplit(request.url)
    assert parts.scheme == request.target.scheme
    assert parts.hostname == request.target.host.strip("[]")
    assert (parts.port or request.target.port) == request.target.port
    assert parts.path == request.target.path
    assert parts.username is None
    assert parse_url(request.url) == request.target
    assert any(covers(grant, request.target) for grant in grants.network)


@given(names=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=4))
def test_paths_stay_below_the_grant(names):
    """An allowed path is the grant's and plain names behind it."""
    path = "/".join(("/srv/data", *names))
    outcome = answer(filesystem.decide_read, GRANTS, path.encode())
    if isinstance(outcome, Decision):
        assert outcome.resource.path[:2] == outcome.resource.grant == ("srv", "data")
        assert {"", ".", ".."}.isdisjoint(outcome.resource.path)
        assert "/" + "/".join(outcome.resource.path) == path
