"""The URLs that a guest may write."""

from __future__ import annotations

import pytest

from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.permissions.url import Url, parse_url


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("https://a.example", "https://a.example/"),
        ("https://a.example?q", "https://a.example/?q"),
        ("HTTPS://A.Example:443/B", "https://a.example/B"),
        ("http://a.example:443/", "http://a.example:443/"),
        ("http://a.example:80/", "http://a.example/"),
        ("http://localhost:65535/", "http://localhost:65535/"),
        ("http://my_service/", "http://my_service/"),
        ("http://1.2.3.4/", "http://1.2.3.4/"),
        ("http://1.2.3.4.example/", "http://1.2.3.4.example/"),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("https://a.example/%41%7e%2d%5f%2e", "https://a.example/A~-_."),
        ("https://a.example/%2f%c3%a9%3a", "https://a.example/%2F%C3%A9%3A"),
        ("https://a.example//b/", "https://a.example//b/"),
        ("https://a.example/.../..a/a..", "https://a.example/.../..a/a.."),
        ("https://a.example/a;b=1/@:!$&'()*+,=[]", "https://a.example/a;b=1/@:!$&'()*+,=[]"),
        ("https://a.example/?", "https://a.example/?"),
        ("https://a.example/?a=%zz/../%2e?@[]", "https://a.example/?a=%zz/../%2e?@[]"),
    ],
)
def test_canonical(text, canonical):
    """A URL has one canonical form, which stays as it is when it is read again."""
    assert str(parse_url(text)) == canonical
    assert str(parse_url(canonical)) == canonical


def test_parts():
    """The parts of a URL are there for the service: nothing has to be parsed again."""
    url = parse_url("https://[::1]:8443/a?b=c")
    assert url == Url("https", "[::1]", 8443, "/a", "b=c")
    assert (url.netloc, url.target) == ("[::1]:8443", "/a?b=c")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        *(
            (text, "url")
            for text in ("", "a.example", "//a.example/", "https:/a.example", "https:a")
        ),
        *((f"https://a.example/{c}", "url") for c in '\\"<>^`{|} \n\r\t\0\x7f\x80é'),
        *(
            (text, "url")
            for text in (" https://a.example/", "https://a.example/\n", "ht\ntps://a/")
        ),
        *((text, "url") for text in ("1https://a/", "https//a/")),
        *((f"{scheme}://a.example/", "scheme") for scheme in ("ftp", "file", "http+unix", "ws")),
        *((text, "fragment") for text in ("https://a.example/#", "https://a.example#b")),
        *(
            (text, "userinfo")
            for text in ("https://@a.example/", "https://a:b@c/", "https://a@b@c")
        ),
        *(
            (f"https://{host}/", "host")
            for host in ("", ".", ".a", "a.", "a..b", "-a", "a-", "a%2e")
        ),
        *(
            (f"https://{host}/", "host")
            for host in ("*.a", "a,b", "xn--", "a" * 64, "a." * 127 + "a")
        ),
        *(
            (f"http://{host}/", "host")
            for host in ("1", "127.1", "0x7f.1", "0177.0.0.1", "1.2.3.256")
        ),
        *(
            (f"http://{host}/", "host")
            for host in ("a.1", "a.0x", "a.0x1f", "1.2.3.4.5", "01.2.3.4")
        ),
        *(
            (f"http://{host}/", "host")
            for host in ("[]", "[a]", "[1.2.3.4]", "[::1", "::1]", "a[::1]")
        ),
        *(
            (f"http://{host}/", "host")
            for host in ("[::1]a", "[[::1]]", "[0::1]", "[::01]", "[::1%1]")
        ),
        *(
            (f"http://{host}/", "host")
            for host in ("[::ffff:1.2.3.4]", "[::ffff:102:304]", "[:::]")
        ),
        *(
            (f"http://a.example:{port}/", "port")
            for port in ("", "0", "00", "080", "65536", "-1", "+1")
        ),
        *((f"http://a.example:{port}/", "port") for port in ("a", "80:80", "99999999", "*", "8_0")),
        *((f"http://a.example/{path}", "path") for path in ("%", "%1", "%zz", "a%0", "%%41")),
        *(
            (f"http://a.example/{path}", "path")
            for path in ("%00", "%0d%0a", "%1f", "%7F", "%c2%85")
        ),
        *((f"http://a.example/{path}", "path") for path in (".", "..", "a/..", "./a", "a/../b")),
        *(
            (f"http://a.example/{path}", "path")
            for path in ("%2e", "%2E.", ".%2e/a", "..;a/b", ".;")
        ),
        *(
            (f"http://a.example/{path}", "path")
            for path in ("..%2fa", "a%5c..", "..%3ba", "a%2F.%5Cb")
        ),
    ],
)
def test_refused(text, rule):
    """A URL outside the grammar is an invalid request, with the part that is wrong."""
    with pytest.raises(Refused) as refusal:
        parse_url(text)
    assert (refusal.value.code, refusal.value.rule) == ("invalid_request", f"network.{rule}")


def test_longest():
    """A URL may have 8192 characters and no more."""
    text = "https://a.example/".ljust(8192, "a")
    assert str(parse_url(text)) == text
    with pytest.raises(Refused) as refusal:
        parse_url(text + "a")
    assert refusal.value.rule == "network.url"
