"""Which addresses a request may go to: public ones, and those that the operator allows.

The blocks are those of IANA's special-purpose registries that are not globally reachable. An
address is its bytes; a network is its first bits as text, so that "within" is "begins with".
"""

from __future__ import annotations

import socket
from functools import cache, lru_cache

NOT_PUBLIC_4 = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
    *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
)
GLOBAL_UNICAST_6 = "2000::/3"
NOT_PUBLIC_6 = ("2001::/23", "2001:db8::/32", "3fff::/20")
"""Of the global unicast addresses. What is outside of those is not public either."""

MAPPED, NAT64, SIX_TO_FOUR, TEREDO = "::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "2001::/32"


def packed(text: str) -> bytes:
    """Return the 4 or 16 bytes of an address; its zone says nothing about where it leads."""
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return socket.inet_pton(family, text.partition("%")[0])


def bits(address: bytes) -> str:
    """Return an address as 32 or 128 digits."""
    return "".join(f"{byte:08b}" for byte in address)


@cache
def prefix(network: str) -> tuple[int, str]:
    """Return the length of a network's addresses and the digits that they all begin with."""
    text, _, length = network.partition("/")
    digits = bits(packed(text))
    return len(digits), digits[: int(length)] if length else digits


def within(address: bytes, *networks: str) -> bool:
    """Return whether an address is in one of the networks."""
    digits = bits(address)
    return any(
        len(digits) == size and digits.startswith(start) for size, start in map(prefix, networks)
    )


def unwrapped(address: bytes) -> list[bytes]:
    """Return the IPv4 addresses that an IPv6 address stands for; none if it is plain."""
    if len(address) == 4:
        return []
    if within(address, MAPPED, NAT64):
        return [address[12:]]
    if within(address, SIX_TO_FOUR):
        return [address[2:6]]
    if within(address, TEREDO):
        return [address[4:8], bytes(byte ^ 0xFF for byte in address[12:])]
    return []


def is_public(address: bytes) -> bool:
    """Return whether a plain address means the same host for everyone."""
    if len(address) == 4:
        return not within(address, *NOT_PUBLIC_4)
    return within(address, GLOBAL_UNICAST_6) and not within(address, *NOT_PUBLIC_6)


@lru_cache(100_000)
def may_connect(text: str, allowed: tuple[str, ...]) -> bool:
    """Return whether an address is public or the operator's, or all that it stands for is."""
    address = packed(text)
    if within(address, *allowed):
        return True
    return all(within(one, *allowed) or is_public(one) for one in (unwrapped(address) or [address]))
