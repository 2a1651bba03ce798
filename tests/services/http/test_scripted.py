"""Scripted HTTP: the answers a test wrote down, and a helpful silence for everything else."""

from __future__ import annotations

import base64
import re

import pytest

from pytest_zeno.errors import ExpectationError
from pytest_zeno.permissions.network import HttpRequest
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.permissions.url import parse_url
from pytest_zeno.services.http import MOST_BYTES, HttpService

URL = "https://api.example.com/v1/users"


@pytest.fixture
def http():
    """A service without scripts."""
    return HttpService()


def request(url=URL, method="GET", headers=None, body=None):
    """Return a request as the permission hands it on."""
    return HttpRequest(method, parse_url(url), headers or {}, body)


def refused(http, *arguments, **more):
    """Return how a request is refused."""
    with pytest.raises(Refused) as refusal:
        http.send(request(*arguments, **more))
    return refusal.value


# -- answers ---------------------------------------------------------------------------------------


def test_a_json_answer(http):
    """Status, headers and the parsed body reach the guest."""
    http.respond("GET", URL, status=201, json={"id": 7}, headers={"X-Request": "1"})
    assert http.send(request()) == {
        "status": 201,
        "headers": {"Content-Type": "application/json", "X-Request": "1"},
        "body": {"id": 7},
    }


@pytest.mark.parametrize(
    ("body", "reply"),
    [
        (b"", {"body": ""}),
        (b'{"a":1}', {"body": {"a": 1}}),
        (b"5", {"body": 5}),
        (b"caf\xc3\xa9", {"body": "café"}),
        (b'{"a":1,"a":2}', {"body": '{"a":1,"a":2}'}),
        (b'{"a":1e999,"b":NaN}', {"body": '{"a":1e999,"b":NaN}'}),
        (b"[" * 100_000, {"body": "[" * 100_000}),
        (b"9" * 5_000, {"body": "9" * 5_000}),
        (b"\xff{}", {"body_base64": base64.b64encode(b"\xff{}").decode()}),
        (b"\xff\xfea\0b\0", {"body_base64": "//5hAGIA"}),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_body_is_json_else_text_else_base64(http, body, reply):
    """Under the reply rules; a declared type or character set plays no part."""
    http.respond("GET", URL, body=body, headers={"Content-Type": "text/plain; charset=utf-16"})
    answer = http.send(request())
    assert {key: answer[key] for key in answer if key.startswith("body")} == reply


def test_a_text_answer(http):
    """Text is sent as UTF-8 and says so, unless the test says something else."""
    http.respond("GET", URL, text="<p>grüß</p>", headers={"content-type": "text/html"}, times=1)
    http.respond("GET", URL, text="grüß")
    assert http.send(request())["headers"] == {"content-type": "text/html"}
    plain = http.send(request())
    assert plain["headers"] == {"Content-Type": "text/plain; charset=utf-8"}
    assert plain["body"] == "grüß"


def test_a_head_request_gets_no_body(http):
    """As on a real network."""
    http.respond("*", URL, json=[1])
    assert http.send(request(method="HEAD"))["body"] == ""


def test_a_redirect_is_handed_over(http):
    """The guest gets the 3xx; nothing is followed."""
    http.respond("GET", URL, status=302, headers={"Location": "http://127.0.0.1/"})
    assert http.send(request())["status"] == 302
    assert len(http.requests) == 1


def test_eight_mebibytes_pass_and_no_byte_more(http):
    """A body above the limit is refused, as it would be from a real server."""
    http.respond("GET", URL, body=b"\xff" * MOST_BYTES, times=1)
    http.respond("GET", URL, body=b"a" * (MOST_BYTES + 1))
    assert "body_base64" in http.send(request())
    refusal = refused(http)
    assert (refusal.code, refusal.rule) == ("limit_exceeded", "http.size")


@pytest.mark.parametrize("code", ["unavailable", "timeout"])
def test_a_failure_can_be_scripted(http, code):
    """A plugin's way with a broken network can be tested."""
    http.fail("GET", URL, code)
    refusal = refused(http)
    assert (refusal.code, refusal.rule) == (code, f"http.{code}")


# -- matching --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "url", "fits"),
    [
        (URL, URL, True),
        (URL, URL + "?page=2", False),
        (URL + "?page=2", URL + "?page=2", True),
        (URL, URL + "/7", False),
        ("HTTPS://API.example.com:443/v1/users", URL, True),
        ("https://api.example.com", "https://api.example.com/", True),
        ("https://api.example.com/v1/*", URL + "?page=2", True),
        ("https://api.example.com/v1/*", "https://api.example.com/v1", False),
        ("https://api.example.com/*", "https://api.example.com.evil.com/", False),
        (re.compile(r"https://[a-z]+\.example\.com/v1/users"), URL, True),
        (re.compile(r"https://[a-z]+\.example\.com/v1"), URL, False),
        (lambda request: request.target.path.endswith("/users"), URL, True),
        (lambda request: request.body is not None, URL, False),
    ],
)
def test_patterns(http, pattern, url, fits):
    """Exact URLs, everything below a slash, whole-URL expressions, functions of the request."""
    script = http.respond("GET", pattern)
    if fits:
        assert http.send(request(url))["status"] == 200
    else:
        assert refused(http, url).rule == "http.unscripted"
    assert len(script.requests) == fits


def test_the_method_is_part_of_it(http):
    """Each method has its own answers; a star stands for any."""
    http.respond("GET", URL, json="get")
    http.respond("*", URL, json="any")
    assert http.send(request())["body"] == "get"
    assert http.send(request(method="DELETE"))["body"] == "any"


def test_scripts_answer_in_order_and_so_many_times(http):
    """The first that fits and is not used up answers: a failure, then success."""
    http.fail("GET", URL, times=2)
    http.respond("GET", URL, json="ok")
    codes = [refused(http).code, refused(http).code]
    assert codes == ["unavailable"] * 2
    assert http.send(request())["body"] == "ok"


def test_requests_are_recorded(http):
    """What plugins sent can be looked at, by script and as a whole, answered or not."""
    script = http.respond("POST", URL)
    sent = request(method="POST", headers={"X-Key": "k"}, body=b"{}")
    http.send(sent)
    refused(http, "https://other.example.com/")
    assert script.requests == [sent]
    assert [r.url for r in http.requests] == [URL, "https://other.example.com/"]


# -- silence ---------------------------------------------------------------------------------------


def test_without_scripts_the_network_is_down(http):
    """The guest learns one word, the ledger what to write."""
    refusal = refused(http)
    assert (refusal.text, refusal.rule) == ("unavailable", "http.unscripted")
    assert refusal.detail == (f"no script answers 'GET {URL}'; write one: host.http.respond(...)")


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("https://api.example.com/v1/user", "did you mean 'GET https://api.example.com/v1/user'?"),
        ("http://localhost/", "there are 'GET http://localhost/'"),
        (re.compile("x"), "there are 'GET re:x'"),
    ],
)
def test_the_nearest_script_is_named(http, pattern, hint):
    """A misspelt URL is found at a glance."""
    http.respond("GET", pattern)
    assert refused(http).detail == f"no script answers 'GET {URL}'; {hint}"


def test_a_used_up_script_says_so(http):
    """One request too many is told apart from a wrong one."""
    http.respond("GET", URL, times=1)
    http.send(request())
    assert refused(http).detail == f"'GET {URL}' has answered as often as it may: 1"


# -- mistakes of a test ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "more", "message"),
    [
        (("get", URL), {}, "did you mean 'GET'"),
        (("GET", "/v1/users"), {}, "no plugin may ask for it"),
        (("GET", "https://api.example.com/*/x"), {}, None),
        (("GET", URL), {"json": 1, "text": "x"}, "one of `json`, `text` and `body`"),
        (("GET", URL), {"status": 999}, "expected 100 to 599"),
        (("GET", URL), {"headers": {"a b": "c"}}, "is no header"),
        (("GET", URL), {"headers": {"a": "b\r\nc: d"}}, "is no header"),
        (("GET", URL), {"times": 0}, "expected a number above 0"),
    ],
)
def test_what_no_answer_can_be(http, arguments, more, message):
    """A script that could never work is refused where it is written."""
    if message is None:
        assert http.respond(*arguments, **more)
        return
    with pytest.raises(ValueError, match=re.escape(message)):
        http.respond(*arguments, **more)
    assert not http.scripts


def test_a_failure_is_one_of_a_network(http):
    """What no network does is told with what one does."""
    with pytest.raises(ValueError, match="unavailable, timeout, reset"):
        http.fail("GET", URL, "internal")  # type: ignore[arg-type]  # the mistake under test


def test_close_forgets(http):
    """After close there are no scripts and no requests, and closing twice is fine."""
    http.respond("GET", URL)
    http.send(request())
    http.close()
    http.close()
    assert (http.scripts, http.requests) == ((), ())


# -- expectations ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("matcher", "fits"),
    [
        ({"match_json": {"id": 7}}, True),
        ({"match_json": {"id": 8}}, False),
        ({"match_json": None}, False),
        ({"match_body": b'{"id":7}'}, True),
        ({"match_body": b""}, False),
        ({"match_headers": {"x-mine": "1"}}, True),
        ({"match_headers": {"X-Mine": "2"}}, False),
        ({"match_headers": {"X-Other": "1"}}, False),
        ({"match_headers": {"X-Mine": "1"}, "match_json": {"id": 8}}, False),
    ],
)
def test_a_script_may_ask_for_headers_and_body(http, matcher, fits):
    """What the request must have besides is compared: JSON as values, bytes as bytes."""
    http.respond("POST", URL, text="fits", **matcher)
    http.respond("*", URL, text="other")
    reply = http.send(request(URL, "POST", {"X-Mine": "1"}, b'{"id":7}'))
    assert (reply["body"] == "fits") is fits


def test_a_body_that_is_no_json_equals_no_value(http):
    """A matcher for null does not take a text for it."""
    http.respond("POST", URL, match_json=None)
    assert refused(http, method="POST", body=b"null,").rule == "http.unscripted"


def test_an_unexpected_request_is_told(http):
    """A request that nothing answered fails the test, whatever the plugin made of it."""
    refused(http)
    with pytest.raises(ExpectationError) as error:
        http.verify()
    assert error.value.code == "http.unexpected"
    assert f"not expected: GET {URL}" in error.value.message


@pytest.mark.parametrize(("times", "asked"), [(None, 0), (2, 1), (1, 0)])
def test_an_unused_script_is_told(http, times, asked):
    """A script that was to answer more requests than came fails the test."""
    http.respond("GET", URL, times=times)
    for _ in range(asked):
        http.send(request())
    with pytest.raises(ExpectationError, match=f"answered {asked} of ") as error:
        http.verify()
    assert error.value.code == "http.unmet"


def test_what_was_expected_is_not_told(http):
    """Scripts that were used, or need not be, and a service that is not strict, are fine."""
    http.respond("GET", URL, times=1)
    http.fail("GET", URL, optional=True)
    http.send(request())
    http.verify()
    http.strict = False
    refused(http, url="https://other.example.com/")
    http.verify()


def test_clear_forgets_what_was_not_expected(http):
    """After `clear` there is nothing left to tell."""
    refused(http)
    http.clear()
    http.verify()


def test_a_reset_is_unavailable_for_the_guest(http):
    """The guest cannot tell how a connection ended; the ledger can."""
    http.fail("GET", URL, "reset")
    refusal = refused(http)
    assert (refusal.code, refusal.rule) == ("unavailable", "http.reset")
