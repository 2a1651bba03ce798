"""Which addresses are public, and what an operator allows besides."""

from __future__ import annotations

import ipaddress

import pytest

from pytest_zeno.services.http.addresses import AddressPolicy

PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")
PRIVATE = (
    "0.0.0.0",  # noqa: S104 (an address to refuse)
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
)


def permits(address, *allowed):
    """Return whether a policy lets a request go to an address."""
    return AddressPolicy.allowing(allowed).permits(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_open(address):
    """Unicast addresses that mean the same host for everyone need nobody's word."""
    assert permits(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_other_addresses_are_closed(address):
    """Loopback, private, link-local, documentation, multicast, and what stands for one of them."""
    assert not permits(address)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("10.1.2.3", "10.0.0.0/8"),
        ("::1", "::1"),
        ("::ffff:10.1.2.3", "10.0.0.0/8"),
        ("fd00::1", "fd00::/8"),
    ],
)
def test_the_operator_allows_more(address, allowed):
    """An address or network that the operator names is open, in every form of it."""
    assert permits(address, allowed)
    assert not permits("192.168.0.1", allowed)


def test_a_compatible_address_is_no_form_of_another():
    """The deprecated form `::10.1.2.3` stands for nothing, whatever IPv4 networks are allowed."""
    assert not permits("::10.1.2.3", "10.0.0.0/8")
    assert permits("::10.1.2.3", "::/96")


def test_half_of_teredo_is_not_enough():
    """Server and client of a Teredo address must both be public."""
    assert not permits("2001:0:a9fe:a9fe:0:0:f7f7:f7f7")
    assert not permits("2001:0:808:808:0:0:80ff:fffe")
    assert permits("2001:0:808:808:0:0:f7f7:f7f7")


@pytest.mark.parametrize("text", ["localhost", "10.0.0.1/8", "1.2.3", "", "10.0.0.0/33"])
def test_what_is_no_address_is_told(text):
    """A mistake in the policy is not taken for nothing."""
    with pytest.raises(ValueError, match=r"address|network|host bits"):
        AddressPolicy.allowing([text])
