"""A server whose certificate one authority alone vouches for."""

from __future__ import annotations

import ssl

import pytest
from pytest_httpserver import HTTPServer
from trustme import CA


@pytest.fixture
def httpserver_tls():
    """A server for localhost, and the context that trusts it."""
    authority = CA()
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(own)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with HTTPServer(host="127.0.0.1", ssl_context=own) as server:
        yield server, trusting
