"""Which HTTP requests a plugin may send."""

from __future__ import annotations

import json

import pytest

from pytest_zeno.limits import Limits
from pytest_zeno.manifest.grants import Grants, make_grants
from pytest_zeno.permissions import network
from pytest_zeno.permissions.network import METHODS

from .corpus import answer, by_id, code, load, split

LIMITS = Limits()
GRANTS = make_grants({"network": ["https://api.example.com/v1/*", "http://*.test.example/hook"]})
URL = "https://api.example.com/v1/x"


def reason(case):
    """Say why a case needs more than a decision; '' when it does not."""
    if case["expect"] == "allow" or case.get("reject_manifest"):
        return ""
    if "resolves_to" in case:
        return "what a name resolves to"
    if case["category"] in ("address", "dns") and "host_policy" not in case:
        return "which addresses are public"
    return ""


HERE, LEFT, REASONS = split(load("network"), reason)


def ask(case):
    """Return what is decided about a recorded request."""
    request = {"method": case.get("method", "GET"), "url": case["url"]}
    if "headers" in case:
        request["headers"] = case["headers"]
    grants = make_grants({"network": case["patterns"]})
    return answer(network.decide, grants, json.dumps(request).encode(), LIMITS)


@pytest.mark.parametrize("case", HERE, ids=by_id)
def test_attack(case):
    """Each recorded attack is refused, and what is no attack is allowed."""
    if case.get("reject_manifest"):
        with pytest.raises(ValueError, match=r"^[a-z*]"):
            make_grants({"network": case["patterns"]})
        return
    expected = {"allow": {""}, "deny": {"permission_denied", "invalid_request"}}
    assert code(ask(case)) in expected[case["expect"]]


def test_nothing_is_lost():
    """Every recorded attack is decided here or, for a reason, in tests/services/http."""
    assert len(HERE) + len(LEFT) == 168
    assert REASONS == {"what a name resolves to": 3, "which addresses are public": 8}


@pytest.mark.parametrize("case", LEFT, ids=by_id)
def test_left_for_the_service(case):
    """What is left for the service is allowed as far as the URL goes."""
    assert ask(case).resource.url == case["url"]


# -- rights ----------------------------------------------------------------------------------------


def ask_for(grants=GRANTS, limits=LIMITS, **members):
    """Return what is decided about a request with these members."""
    return answer(network.decide, grants, json.dumps({"url": URL, **members}).encode(), limits)


def test_decision():
    """An allowed request comes taken apart, with the grant that allowed it."""
    decision = ask_for(url="HTTP://A.Test.Example:80/hook?q=1", method="PUT", headers={"X-A": "b"})
    assert decision.rule == "network.grant http://*.test.example/hook"
    request = decision.resource
    assert (request.method, request.headers, request.body) == ("PUT", {"X-A": "b"}, None)
    assert request.url == "http://a.test.example/hook?q=1"
    assert (request.target.host, request.target.port) == ("a.test.example", 80)


def test_get_without_headers():
    """A request that names only its URL is a GET."""
    request = ask_for().resource
    assert (request.method, request.headers, request.body) == ("GET", {}, None)


@pytest.mark.parametrize(
    "url",
    [
        *("https://api.example.com/v1", "https://api.example.com/v2/x", "https://a.com/v1/x"),
        *("http://api.example.com/v1/x", "https://api.example.com:8443/v1/x"),
        *("http://test.example/hook", "http://a.test.example/hook/", "http://a.test.example/h"),
        *("https://api.example.com/v1/a%2Fb", "https://api.example.com/v1/a%5Cb"),
        "https://api.example.com/v1/a%25b",
    ],
)
def test_not_granted(url):
    """A well-formed URL that no grant covers is denied, whether its host exists or not."""
    outcome = ask_for(url=url)
    assert (code(outcome), outcome.rule) == ("permission_denied", "network.no_grant")
    assert outcome.text == "permission denied: network"
    assert outcome.detail == (
        f"'{url}' is not granted; granted: https://api.example.com/v1/*, http://*.test.example/hook"
    )


@pytest.mark.parametrize("escape", ["%2F", "%5C", "%25"])
def test_ambiguous_path(escape):
    """A path that servers read differently is covered by a grant of the whole host alone."""
    grants = make_grants({"network": ["https://api.example.com/*"]})
    url = f"https://api.example.com/v1/a{escape}b"
    assert ask_for(grants, url=url).resource.url == url


@pytest.mark.parametrize("request_", [b"", b"\xff", b'{"url":"https://api.example.com/"}'])
def test_no_grant(request_):
    """With no URL granted the request is not looked at."""
    outcome = answer(network.decide, Grants(), request_, LIMITS)
    assert (outcome.code, outcome.rule) == ("permission_denied", "network.no_grant")
    assert outcome.detail == "the manifest grants no network"


def test_malformed_comes_first():
    """A malformed request is invalid, also to a URL that is not granted."""
    assert ask_for(url="https://other.example/", method="TRACE").code == "invalid_request"


def test_any_port():
    """A grant with the port * covers every port of its host."""
    grants = make_grants({"network": ["http://api.example.com:*/*"]})
    for url in ("http://api.example.com/", "http://api.example.com:9/"):
        assert ask_for(grants, url=url).resource.url == url


@pytest.mark.parametrize(("granted", "other"), [("http", "https"), ("https", "http")])
def test_other_scheme(granted, other):
    """A grant covers its own scheme alone, also where the port is the same."""
    for port in ("*", "8080"):
        grants = make_grants({"network": [f"{granted}://api.example.com:{port}/*"]})
        outcome = ask_for(grants, url=f"{other}://api.example.com:8080/")
        assert (code(outcome), outcome.rule) == ("permission_denied", "network.no_grant")


def test_later_grant():
    """A request is allowed by the first grant that covers it, wherever that stands."""
    grants = make_grants({"network": ["https://a.example/*", "https://a.example/x"]})
    assert ask_for(grants, url="https://a.example/x").rule == "network.grant https://a.example/*"


# -- the request -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_method(method):
    """The seven methods are allowed."""
    assert ask_for(method=method).resource.method == method


@pytest.mark.parametrize("method", ["get", "", "CONNECT", "TRACE", "GET ", "QUERY", 1, ["GET"]])
def test_no_method(method):
    """Other methods are refused, also those that differ in case."""
    outcome = ask_for(method=method)
    assert (code(outcome), outcome.rule) == ("invalid_request", "network.method")


@pytest.mark.parametrize("value", ["", "b", "Bearer x.y-z", "a  b", "!~", '{"a": 1}'])
def test_header(value):
    """Values of printable ASCII go out as they are."""
    headers = {"X-A": value, "accept": "*/*"}
    assert ask_for(headers=headers).resource.headers == headers


@pytest.mark.parametrize(
    "headers",
    [
        *("a: b", ["a"], 1, {"a": None}, {"a": 1}, {"a": ["b"]}, {"": "b"}, {"a b": "c"}),
        *({"a:": "b"}, {"é": "b"}, {"a\r\nb": "c"}, {"A": "b", "a": "c"}),
        *({"a": "b\r\nc"}, {"a": "\n"}, {"a": "b\0"}, {"a": " b"}, {"a": "b "}, {"a": "\tb"}),
        *({"a": "é"}, {"a": "b\x7f"}, {"a": "b\tc"}, {"a": "b\n"}, {"a\n": "b"}),
        {f"a{at}": "b" for at in range(65)},
    ],
)
def test_no_header(headers):
    """Headers that are no headers are refused, never repaired."""
    outcome = ask_for(headers=headers)
    assert (code(outcome), outcome.rule) == ("invalid_request", "network.headers")


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "hOsT", "Connection", "Content-Length", "Transfer-Encoding", "Upgrade", "TE"),
        *("Trailer", "Keep-Alive", "Expect", "Via", "Proxy-Authorization", "proxy-x"),
        *("HTTP2-Settings", "Proxy-"),
    ],
)
def test_header_of_the_host(name):
    """Headers that steer the connection are the host's to set, in any case."""
    outcome = ask_for(headers={name: "x"})
    assert (code(outcome), outcome.rule) == ("invalid_request", "network.headers")
    assert outcome.detail == f"the header '{name}' is for the host to set"


def test_64_headers():
    """A request may have 64 headers."""
    assert len(ask_for(headers={f"a{at}": "b" for at in range(64)}).resource.headers) == 64


@pytest.mark.parametrize(
    ("members", "body", "headers"),
    [
        ({"body": "é\n"}, "é\n".encode(), {}),
        ({"body": ""}, b"", {}),
        ({"body": None}, None, {}),
        ({"body": None, "body_base64": None}, None, {}),
        ({"body": {"a": [1, "é", None]}}, '{"a":[1,"é",null]}'.encode(), "application/json"),
        ({"body": []}, b"[]", "application/json"),
        ({"body_base64": ""}, b"", {}),
        ({"body_base64": "AP+A"}, b"\0\xff\x80", {}),
        ({"body_base64": "AA=="}, b"\0", {}),
    ],
)
def test_body(members, body, headers):
    """An object or array goes out as JSON and says so, a text as it is, base64 decoded."""
    request = ask_for(method="POST", **members).resource
    assert request.body == body
    assert request.headers == (headers and {"Content-Type": headers})


def test_own_content_type():
    """A guest's own Content-Type stands, in its spelling."""
    headers = {"content-type": "application/vnd.x+json"}
    assert ask_for(body={}, headers=headers).resource.headers == headers


@pytest.mark.parametrize(
    "members",
    [
        *({"body": 1}, {"body": True}, {"body": "a", "body_base64": "YQ=="}),
        *({"body_base64": text} for text in ("YQ", "YR==", "Y Q==", "YQ==\n", "-_==", "é", "=")),
        *({"body_base64": {}}, {"body_base64": 1}),
    ],
)
def test_no_body(members):
    """Bodies of other types, two bodies and sloppy base64 are refused."""
    outcome = ask_for(**members)
    assert (code(outcome), outcome.rule) == ("invalid_request", "network.body")


@pytest.mark.parametrize(
    ("request_", "code_", "rule"),
    [
        (b"\xff", "encoding", "network.encoding"),
        (b"[]", "invalid_request", "network.json"),
        (b"{}", "invalid_request", "network.url"),
        (b'{"url":7}', "invalid_request", "network.url"),
        (
            b'{"url":"https://a.example/","url":"https://b.example/"}',
            "invalid_request",
            "network.json",
        ),
        (b'{"body":[[[[1]]]]}', "limit_exceeded", "network.json_depth"),
        (b" " * 101, "limit_exceeded", "network.size"),
    ],
)
def test_malformed(request_, code_, rule):
    """A malformed request is refused with the rule that it breaks."""
    outcome = answer(network.decide, GRANTS, request_, Limits(json_depth=4, reply=100))
    assert (code(outcome), outcome.rule) == (code_, rule)
