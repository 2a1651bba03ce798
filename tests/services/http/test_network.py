"""Requests over a real network: one look-up, one checked address, one deadline."""

from __future__ import annotations

import threading
import time

import pytest

from pytest_zeno.limits import MIB
from pytest_zeno.permissions.network import HttpRequest
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.permissions.url import parse_url
from pytest_zeno.services.http import HttpService

LOOPBACK = ("127.0.0.1",)


def request(url, method="GET", headers=None, body=None):
    """Return a request as the permission hands it on."""
    return HttpRequest(method, parse_url(url), headers or {}, body)


@pytest.fixture
def http():
    """A service whose network is loopback, under every name."""
    service = HttpService()
    service.use_network(LOOPBACK, resolve=lambda _host, _port: LOOPBACK)
    return service


def refused(http, *arguments, **more):
    """Return how a request is refused."""
    with pytest.raises(Refused) as refusal:
        http.send(request(*arguments), **more)
    return refusal.value


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_goes_with_its_body(http, httpserver, method):
    """Method, headers and bytes arrive as the guest gave them; the answer's come back."""
    httpserver.expect_request(
        "/v1", method=method, data="zé".encode(), headers={"X-Mine": "1"}
    ).respond_with_json({"done": True}, status=201)
    sent = request(httpserver.url_for("/v1"), method, {"X-Mine": "1"}, "zé".encode())
    reply = http.send(sent)
    assert (reply["status"], reply["body"]) == (201, {"done": True})
    httpserver.check_assertions()


def test_head_has_no_body(http, httpserver):
    """HEAD tells the headers alone."""
    httpserver.expect_request("/v1").respond_with_data("text", content_type="text/plain")
    reply = http.send(request(httpserver.url_for("/v1"), "HEAD"))
    assert reply["body"] == ""
    assert reply["headers"]["Content-Length"] == "4"


def test_the_name_is_in_the_host_header(http, httpserver):
    """The server learns the name that was asked for, although the address was connected to."""
    httpserver.expect_request("/").respond_with_handler(
        lambda asked: __import__("werkzeug").Response(asked.headers["Host"])
    )
    url = f"http://shop.example.com:{httpserver.port}/"
    assert http.send(request(url))["body"] == f"shop.example.com:{httpserver.port}"


def test_a_name_is_looked_up_once(httpserver):
    """Rebinding is of no use: what is connected to is what was checked."""
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    http = HttpService()
    http.use_network(LOOPBACK, resolve=lambda _host, _port: answers.pop(0))
    httpserver.expect_request("/").respond_with_data("here")
    url = f"http://rebind.example.com:{httpserver.port}/"
    assert http.send(request(url))["body"] == "here"
    assert len(answers) == 1


def test_one_private_address_is_enough_to_refuse():
    """A name that is at a public address and at a private one is not asked at all."""
    http = HttpService()
    http.use_network(resolve=lambda _host, _port: ["93.184.216.34", "10.0.0.1"])
    refusal = refused(http, "http://both.example.com/")
    assert (refusal.code, refusal.rule) == ("unavailable", "http.address")
    assert "10.0.0.1" in refusal.detail


def test_without_the_operators_word_loopback_is_closed(httpserver):
    """The network alone opens public addresses, and nothing reaches the server."""
    http = HttpService()
    http.use_network()
    refusal = refused(http, httpserver.url_for("/"))
    assert (refusal.code, refusal.text, refusal.rule) == (
        "unavailable",
        "unavailable",
        "http.address",
    )
    assert not httpserver.log


def test_the_second_address_is_tried(httpserver):
    """Where one address takes no connection, the next one does."""
    http = HttpService()
    http.use_network(
        ["127.0.0.0/8", "::1"], resolve=lambda _host, _port: ["127.9.9.9", "127.0.0.1"]
    )
    httpserver.expect_request("/").respond_with_data("second")
    assert http.send(request(f"http://two.example.com:{httpserver.port}/"))["body"] == "second"


def test_a_name_that_leads_nowhere():
    """A look-up that fails is one more way to be unavailable."""
    service = HttpService()

    def nowhere(_host, _port):
        raise OSError("no such name")

    service.use_network(resolve=nowhere)
    refusal = refused(service, "http://nowhere.example.com/")
    assert (refusal.code, refusal.rule) == ("unavailable", "http.name")


def test_a_look_up_has_the_same_deadline():
    """A resolver that hangs is given up; the guest learns of a time-out."""
    over = threading.Event()
    http = HttpService()
    http.use_network(resolve=lambda _host, _port: over.wait(20) and [])
    refusal = refused(http, "http://slow.example.com/", until=time.monotonic() + 0.05)
    over.set()
    assert (refusal.code, refusal.rule) == ("timeout", "http.deadline")


def test_a_certificate_of_another_name_is_refused(httpserver_tls):
    """TLS is verified, by the name that was asked for."""
    server, context = httpserver_tls
    server.expect_request("/").respond_with_data("secret")
    http = HttpService()
    http.use_network(LOOPBACK, resolve=lambda _host, _port: LOOPBACK, context=context)
    url = f"https://localhost:{server.port}/"
    assert http.send(request(url))["body"] == "secret"
    refusal = refused(http, f"https://other.example.com:{server.port}/")
    assert (refusal.code, refusal.rule) == ("unavailable", "http.failed")
    assert "certificate" in refusal.detail.lower()


def test_an_unknown_authority_is_refused(httpserver_tls):
    """Nobody's certificate but those the system trusts is taken."""
    server, _ = httpserver_tls
    http = HttpService()
    http.use_network(LOOPBACK, resolve=lambda _host, _port: LOOPBACK)
    assert refused(http, f"https://localhost:{server.port}/").rule == "http.failed"


def test_no_thread_and_no_socket_is_left(http, httpserver):
    """A hundred requests leave nothing behind."""
    httpserver.expect_request("/").respond_with_data(b"x" * MIB)
    before = threading.active_count()
    for _ in range(100):
        assert len(http.send(request(httpserver.url_for("/")))["body"]) == MIB
    assert threading.active_count() <= before + 1  # the server's own, which may still run


def test_scripts_go_first(http, httpserver):
    """A script answers what it fits, and the network the rest."""
    httpserver.expect_request("/real").respond_with_data("real")
    http.respond("GET", httpserver.url_for("/scripted"), text="scripted")
    assert http.send(request(httpserver.url_for("/scripted")))["body"] == "scripted"
    assert http.send(request(httpserver.url_for("/real")))["body"] == "real"
    http.verify()
