"""The grammar of grants."""

from __future__ import annotations

import pytest

from pytest_zeno.manifest.grants import (
    KINDS,
    FileGrant,
    Grants,
    NetworkGrant,
    make_grants,
    parse_grant,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("https://a.example/*", ("https", "a.example", 443, "/", False, True)),
        ("http://a.example/", ("http", "a.example", 80, "/", False, False)),
        ("http://localhost:8080/x", ("http", "localhost", 8080, "/x", False, False)),
        ("https://a.example:*/v1/*", ("https", "a.example", None, "/v1/", False, True)),
        ("https://*.a.example/x", ("https", "a.example", 443, "/x", True, False)),
        ("http://10.0.0.1/*", ("http", "10.0.0.1", 80, "/", False, True)),
        ("http://[::1]:1/*", ("http", "[::1]", 1, "/", False, True)),
        (
            "https://hooks.example/T1/~a-b_c.d;e=f",
            ("https", "hooks.example", 443, "/T1/~a-b_c.d;e=f", False, False),
        ),
    ],
)
def test_network(text, parts):
    """A pattern comes taken apart, with its text as it was written."""
    grant = parse_grant("network", text)
    assert grant == NetworkGrant(text, *parts)
    assert str(grant) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "a.example/*", "https://", "https:///", "https:///*", "https://a.example"),
        *("ftp://a.example/*", "*://a.example/*", "HTTPS://a.example/*", "https://A.example/*"),
        *("https://*/*", "https://*.com/*", "https://*.*.a.example/*", "https://a.*.example/*"),
        *("https://a*.example/*", "https://*a.example/*", "https://*.1.2.3.4/*"),
        *("https://*.[::1]/*", "https://*./*", "https://.a.example/*", "https://a.example./*"),
        *("https://u@a.example/*", "https://u:p@a.example/*", "https://a.example:/*"),
        *("https://a.example:0/*", "https://a.example:080/*", "https://a.example:65536/*"),
        *("https://a.example:8*/*", "https://a.example:80:80/*", "https://a.example:\u0661/*"),
        *(
            "https://a.example*",
            "https://a.example/v1*",
            "https://a.example/*/x",
            "https://a.example/**",
        ),
        *("https://a.example/*?x", "https://a.example/x?y", "https://a.example/x#y"),
        *("https://a.example/%41", "https://a.example/../*", "https://a.example/./x"),
        *("https://a.example/..;a/*", "https://a.example/a b", "https://a.example/\u00e9"),
        *(
            "https://a.example/a\\b",
            "https://a.example/\n",
            "https://a.example/*\n",
            " https://a/*",
        ),
        *("http://127.1/*", "http://01.2.3.4/*", "http://2130706433/*", "http://[0::1]/*"),
        *("http://[::ffff:1.2.3.4]/*", "http://[fe80::1%25eth0]/*", "http://[a.example]/*"),
        *(
            "http://[::1/*",
            "http://[::A]/*",
            "https://b\u00fccher.example/*",
            "https://xn--.example/*",
        ),
    ],
)
def test_no_network(text):
    """What is no pattern is refused with a sentence that leaves the value to the caller."""
    with pytest.raises(ValueError, match=r"[a-z]") as error:
        parse_grant("network", text)
    assert len(text) < 4 or text not in str(error.value)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/data", ("data",)),
        ("/srv/data/", ("srv", "data")),
        ("/srv/long name.txt", ("srv", "long name.txt")),
        ("/caf\u00e9", ("caf\u00e9",)),
    ],
)
def test_filesystem(text, path):
    """A path comes as its segments; one slash at its end is tolerated."""
    grant = parse_grant("filesystem", text)
    assert grant == FileGrant(text, path)
    assert str(grant) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "/",
            "//",
            "data",
            "./data",
            "../data",
            "~",
            "~/x",
            "/~",
            "$HOME",
            "/$HOME",
            "/srv/*",
        ),
        *("/a//", "/a//b", "//a/b", "/a/../b", "/a/.", "C:\\data", "C:/data", "\\\\a\\b", "/C:/x"),
        *("/a\n", "/a\0", "/a ", "/a.", "/con", "/cafe\u0301", "/\u202ea", "/" + "a" * 256),
        "/" + "a/" * 2049,
    ],
)
def test_no_filesystem(text):
    """A path that no guest can ask for, or that something would expand, is no grant."""
    with pytest.raises(ValueError, match=r"^(a |expected)"):
        parse_grant("filesystem", text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("env", text) for text in ("A", "_", "a1", "API_KEY", "A" * 256)),
        *(("database", text) for text in ("default", "1", "_a", "a.b-c", "a" * 64)),
        *(("scope", text) for text in ("read", "write")),
    ],
)
def test_name(kind, text):
    """Names of variables and connections and the words of the scope are their own grants."""
    assert parse_grant(kind, text) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(
            ("env", text)
            for text in ("", "*", "A*", "A=B", "1A", "A B", "A\n", "\u00c4", "A" * 257)
        ),
        *(
            ("database", text)
            for text in ("", "*", "a*", ".a", "-a", "a/b", "a\n", "\u00e4", "a" * 65)
        ),
        *(("scope", text) for text in ("", "*", "READ", "admin", "read,write", "read ")),
    ],
)
def test_no_name(kind, text):
    """There are no wildcards, and no other words."""
    with pytest.raises(ValueError, match=r"^(a |expected)"):
        parse_grant(kind, text)


def test_unknown_kind():
    """An unknown kind is refused with the kinds there are."""
    for call in (lambda: parse_grant("exec", "ls"), lambda: make_grants({"exec": []})):
        with pytest.raises(ValueError, match=", ".join(KINDS)):
            call()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [True, None, "text", 1, [True], [None], [1], [["a"]], [{}]])
def test_no_list_of_texts(kind, value):
    """Grants are a list of texts and nothing else."""
    with pytest.raises(ValueError, match="text"):
        make_grants({kind: value})


def test_nothing_by_default():
    """What is not granted is not granted."""
    assert make_grants({}) == Grants() == Grants((), (), (), (), ())


def test_each_once():
    """Grants keep the manifest's order, each once, and can be compared and hashed."""
    grants = make_grants({"env": ["B", "A", "B"], "network": ["http://a.example/*"] * 2})
    assert grants.env == ("B", "A")
    assert len(grants.network) == 1
    assert hash(grants) == hash(make_grants({"network": grants.network, "env": grants.env}))
