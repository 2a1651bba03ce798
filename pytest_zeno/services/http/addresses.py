"""Which addresses a request may go to (PERMISSIONS.md, network).

Public ones, and those that the host's operator allows. An IPv6 address that stands for an IPv4
one (mapped, NAT64, 6to4, Teredo) is judged as that.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64: Final = IPv6Network("64:ff9b::/96")
_NOT_PUBLIC: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # IETF protocol assignments; Python calls two of them global
            "192.88.99.0/24",  # 6to4 relays
            "64:ff9b:1::/48",  # local NAT64, whose embedded address only the operator knows
            "100::/64",  # discard
            "2001::/23",  # protocol assignments, Teredo apart, which is unwrapped
            "2001:db8::/32",
            "3fff::/20",  # documentation; unknown to older Pythons
            "5f00::/16",  # segment routing; unknown to older Pythons
            "fec0::/10",  # site-local
        ),
    )
)


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """The operator's word on addresses: ``allowed`` networks besides all public ones."""

    allowed: tuple[Network, ...] = ()

    @classmethod
    def allowing(cls, networks: Iterable[str]) -> AddressPolicy:
        """Return the policy that allows addresses and networks, such as ``10.0.0.0/8``.

        Raises ValueError for a text that is neither.
        """
        return cls(tuple(map(ipaddress.ip_network, networks)))

    def permits(self, address: Address) -> bool:
        """Whether a request may go to an address: as it is written, and as what it stands for."""
        if any(address in network for network in self.allowed):
            return True
        meant = list(_unwrapped(address))
        return all(is_public(one) or any(one in net for net in self.allowed) for one in meant)


def is_public(address: Address) -> bool:
    """Whether everyone reaches the same host there: unicast, and set aside for nothing."""
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    if special or any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global


def _unwrapped(address: Address) -> Iterator[Address]:
    """Yield what an address stands for, at every layer; itself when it wraps none."""
    inner = [] if isinstance(address, IPv4Address) else list(_inside(address))
    for one in inner:
        yield from _unwrapped(one)
    if not inner:
        yield address


def _inside(address: IPv6Address) -> Iterator[Address]:
    """Yield the IPv4 addresses that packets to an IPv6 address end at or pass."""
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    elif address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFF_FFFF)
    elif address.sixtofour:
        yield address.sixtofour
    elif address.teredo:
        yield from address.teredo
