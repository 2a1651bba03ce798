"""Requests to decide about: recorded ones and drawn ones, spelt otherwise and damaged."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

from .corpus import load
from .mutations import Draw, mutate

if TYPE_CHECKING:
    from collections.abc import Iterator


class NetworkCase(NamedTuple):
    """What a manifest and an operator grant, a request, and what its host resolves to."""

    patterns: tuple[str, ...]
    url: str
    method: str = "GET"
    headers: dict[str, object] | None = None
    resolved: tuple[str, ...] = ("93.184.216.34",)
    allowed: tuple[str, ...] = ()


RECORDED = [(tuple(line["patterns"]), line["url"]) for line in load("network")]

# -- the pieces of the grammar, and what is not in it ----------------------------------------------

NAMES = (
    *("a.example", "api.example.com", "b.a.example.com", "localhost", "my_service", "x.test"),
    *("xn--bcher-kva.example", "a" * 63 + ".example", "1.2.3.4.example", "com", "a-b.c--d.e"),
    "0x1f.example",
)
HOSTS_4 = ("93.184.216.34", "127.0.0.1", "10.0.0.5", "0.0.0.0", "255.255.255.255")  # noqa: S104
HOSTS_6 = (
    *("[::1]", "[2606:4700::1111]", "[::]", "[fd00:ec2::254]", "[1:2:3:4:5:6:7:8]"),
    *("[64:ff9b::808:808]", "[2002:a00:1::]", "[2001:0:a9fe:a9fe:0:0:f7f7:f7f7]", "[1::8:0:0:0]"),
)
OTHER_HOSTS = (
    *("127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.0.0.01", "127.0.0.1."),
    *("1.2.3.256", "a.1", "a.0x", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fe80::1%25eth0]"),
    *("[0::1]", "[::01]", "[2001:DB8::1]", "[1:0:0:2::3]", "[::1.2.3.4]", "[a.example]", "[v1.a]"),
    *("b\u00fccher.example", "xn--", "xn--a.xn--b", "a..b", ".a.example", "a.example.", "-a.b"),
    *("a,b", "a%2eexample", "\uff41.example", "a\u3002example", "*.a.example", "a" * 64 + ".b"),
    *(".".join(["a" * 49] * 5) + ".abc", ".".join(["a" * 49] * 5) + ".abcd", "1.2.3.4.5", "09.1"),
)
HOSTS = (*NAMES, *HOSTS_4, *HOSTS_6)
PATHS = (
    *("/", "/v1/", "/v1/x", "/v1/charges/ch_1", "/T1/~a-b_c.d;e=f", "//v1/", "/v1//x", "/public/"),
    *("/.../x", "/..a/a..", "/a;b=1/@:!$&'()+,=[]", "/V1/", "/v2/x/"),
)
OTHER_PATHS = ("", "/v1/..;/x", "/./x", "/a/..", "/a%2f", "/a b", "/*/x", "/**", "/\u00e9")
BELOW = (
    *("", "x", "x/y", "x/", "/x", "a%20b", "caf%C3%A9", "%e2%82%ac", "%7Euser", "a%2fb", "a%5Cb"),
    *("a%25b", "%252e%252e/", "..%2fx", "%2e%2e/x", "%2e", ".%2e;a", "..;/x", "..%3bx", "a%3Bb"),
    *("a%00b", "%0d%0aX", "%c2%85", "%85", "%C2%A0", "%7f", "%1F", "%e2%80%ae", "%zz", "%", "%a"),
    *("a*b", "*", "a@b:c", "a=b&c", "[1]", ".hidden", "a.", "...", "%2F..", "%5c.", "%5C..%5C"),
)
QUERIES = ("", "", "", "?", "?a=b", "?a[]=%zz/../", "?u=http://a/@x", "??", "?a#b", "?*", "?%00")
PORTS = ("", "", "", "", ":443", ":80", ":8443", ":65535")
OTHER_PORTS = (":", ":0", ":080", ":65536", ":99999", ":-1", ":+1", ":4\u06643", ":80:80", ":*")
SCHEMES = ("https", "https", "http", "HTTPS", "hTTp")
OTHER_SCHEMES = ("ftp", "file", "http+unix", "javascript", "*", "ws", "httpss", "jar:https", "")
PIECES = (
    *("/", "//", "\\", ".", "..", "...", ":", "@", "?", "#", "%", ";", "*", "*.", "[", "]", "&"),
    *("/../", "/./", "/..;/", "..%2f", "%2e%2e/", "%2F", "%5c", "%25", "%252e", "%00", "%0a", "%"),
    *("%c2%85", "%7f", "%3b", "%41", "%7e", "%2d", "user@", "user:pw@", "evil.example", "@evil.x"),
    *(":443", ":80", ":8443", ":0", ":", "0", "00", "1", "256", "0x7f", "0177", "::", "::1", "a"),
    *("ffff:", "%25eth0", "xn--", "-", "_", "--", "\t", "\n", "\r\n", " ", "\0", "\x1b", "\x7f"),
    *("\x85", "\u00a0", "\u200b", "\u202e", "\uff0e", "\u3002", "\uff0f", "\u2215", "\uff03", "A"),
    *("\u00df", "\u0130", "\u017f", "\u212a", "\u0661", "\uff11", "\u00b2", "\u2100", "\ud800"),
    *("\U0001f600", '"', "<", ">", "^", "`", "{", "|", "}", "'", "!", "$", "(", ",", "=", "+", "~"),
    *("http://", "https://", "https:", "//a.example/", "x/", "/x", "a.example", ".example.com"),
)

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OTHER_METHODS = ("get", "CONNECT", "TRACE", "", "GET ", "QUERY", "GET / HTTP/1.1\r\n")
HEADER_NAMES = (
    *("Accept", "X-A", "x-a", "Host", "hOsT", "Connection", "Content-Length", "Content-Type"),
    *("Transfer-Encoding", "Upgrade", "TE", "Trailer", "Keep-Alive", "Expect", "Via", "Proxy-A"),
    *("proxy-", "HTTP2-Settings", "Authorization", "X-Host", "Cookie", "Proxy", "Te2", "!#~", ""),
)
HEADER_VALUES = ("1", "", "a b", "\t", " a", "a\r\nHost: x", "a\nb", "\u00e9", "a\0", 1, None, "~")

# -- addresses -------------------------------------------------------------------------------------

BLOCKS = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "8.8.8.8/32"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24"),
    *("192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24"),
    *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32", "::/128", "::1/128"),
    *("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64"),
    *("2001::/32", "2001:1::1/128", "2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001::/23"),
    *("2001:10::/28", "2001:20::/28", "2001:30::/28", "2001:db8::/32", "2002::/16", "2000::/3"),
    *("2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10"),
    *("ff00::/8", "4000::/3", "e000::/4", "100:0:0:1::/64", "2606:4700::/32"),
)


def wrapped(address: int) -> list[str]:
    """Return the IPv6 addresses that an IPv4 address is written in."""
    other = address ^ 0xFFFFFFFF
    forms = (
        *(0xFFFF << 32 | address, 0x64FF9B << 96 | address, 0x2002 << 112 | address << 80 | 1),
        *(
            0x20010000 << 96 | address << 64 | 0xF7F7F7F7,
            0x20010000 << 96 | 0x08080808 << 64 | other,
        ),
        *(address, 0xFFFF << 48 | address, 0x64FF9B0001 << 80 | address),
    )
    return [str(ipaddress.IPv6Address(form)) for form in forms]


def edges() -> Iterator[str]:
    """Return the addresses at and beside the ends of every block, in every form."""
    for block in map(ipaddress.ip_network, BLOCKS):
        first, last = int(block.network_address), int(block.broadcast_address)
        for number in (first - 1, first, first + 1, last - 1, last, last + 1):
            if 0 <= number < 1 << block.max_prefixlen:
                yield str(type(block.network_address)(number))
                yield from wrapped(number) if block.version == 4 else ()


ADDRESSES = tuple(edges())
PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "fe80::1%2")
ALLOWED = (
    *((), (), (), ("127.0.0.0/8",), ("10.0.0.0/8", "::1"), ("fd00::/8", "169.254.169.254")),
    *(("2002:a00::/24",), ("2001::/32",), ("::ffff:10.0.0.0/104",), ("64:ff9b::/96",)),
    *(("0.0.0.0/0",), ("::/0",), ("192.168.0.0/16", "fe80::/10")),
)

# -- cases -----------------------------------------------------------------------------------------


def pattern(draw: Draw) -> str:
    """Return a pattern, which most often is one."""
    wild = draw.chance(0.25)
    host = draw.one(NAMES if wild else HOSTS)
    path = draw.one(PATHS) if draw.chance(0.6) else "/"
    path = draw.one(OTHER_PATHS) if draw.chance(0.02) else path
    below = draw.chance(0.65)
    port = ":*" if draw.chance(0.1) else draw.one(PORTS)
    if draw.chance(0.06):
        host, port = draw.one(OTHER_HOSTS), draw.one(PORTS if draw.chance(0.7) else OTHER_PORTS)
    text = f"{draw.one(SCHEMES[:3])}://{'*.' * wild}{host}{port}"
    text += f"{path}{'/' * (below and not path.endswith('/'))}{'*' * below}"
    return mutate(draw, text, PIECES, 0.8) if draw.chance(0.06) else text


def url_of(draw: Draw, text: str) -> str:
    """Return a URL that a pattern covers, spelt in one of its ways."""
    if text.endswith("/*"):
        text = text[:-1] + draw.one(BELOW)
    text = text.replace("*.", draw.one(("x.", "x.y.", "X1.")), 1).replace(":*", ":8080", 1)
    if draw.chance(0.3):
        at = text.find("/", 8) if draw.chance(0.8) else draw.below(len(text) + 1)
        text = text[:at].upper() + text[at:]
    return text + draw.one(QUERIES)


def any_url(draw: Draw) -> str:
    """Return a URL out of the grammar's pieces, the wrong ones among them."""
    scheme = draw.one(SCHEMES if draw.chance(0.8) else OTHER_SCHEMES)
    host = draw.one(HOSTS if draw.chance(0.6) else OTHER_HOSTS)
    port = draw.one(PORTS if draw.chance(0.7) else OTHER_PORTS)
    path = draw.one(PATHS + OTHER_PATHS) + draw.one(BELOW)
    return f"{scheme}://{host}{port}{path}{draw.one(QUERIES)}"


def granted(draw: Draw) -> tuple[str, ...]:
    """Return what a manifest grants."""
    if draw.chance(0.1):
        return draw.one(RECORDED)[0]
    return tuple(pattern(draw) for _ in range(1 + draw.below(2) * draw.below(3)))


def request(draw: Draw) -> tuple[str, dict[str, object] | None]:
    """Return a method and headers, which mostly are in order."""
    if draw.chance(0.93):
        return "GET", None
    method = draw.one(METHODS if draw.chance(0.7) else OTHER_METHODS)
    names = {draw.one(HEADER_NAMES) for _ in range(draw.below(4))}
    return method, {
        mutate(draw, one, PIECES, 0.1): draw.one(HEADER_VALUES) for one in sorted(names)
    }


def cases(draw: Draw, count: int) -> Iterator[NetworkCase]:
    """Return so many cases; a manifest serves about sixteen of them."""
    manifests = [granted(draw) for _ in range(1 + count // 16)]
    for _ in range(count):
        patterns = draw.one(manifests)
        if patterns and draw.chance(0.85):
            url = url_of(draw, draw.one(patterns))
        elif draw.chance(0.5):
            patterns, url = draw.one(RECORDED)
        else:
            url = any_url(draw)
        url = mutate(draw, url, PIECES)
        if draw.chance(0.006):
            url = url.ljust(8190, "a") + "a" * draw.below(6)
        method, headers = request(draw)
        resolved = (draw.one(PUBLIC[:3]),)
        if draw.chance(0.25):
            some = PUBLIC if draw.chance(0.3) else ADDRESSES
            resolved = tuple(draw.one(some) for _ in range(1 + draw.below(3)))
        allowed = draw.one(ALLOWED) if draw.chance(0.3) else ()
        yield NetworkCase(patterns, url, method, headers, resolved, allowed)
