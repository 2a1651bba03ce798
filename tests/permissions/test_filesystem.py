"""Which files a plugin may read and write."""

from __future__ import annotations

import json

import pytest

from pytest_zeno.limits import Limits
from pytest_zeno.manifest.grants import Grants, make_grants
from pytest_zeno.permissions import filesystem
from pytest_zeno.permissions.decision import Decision
from pytest_zeno.permissions.filesystem import FileTarget, FileWrite

from .corpus import DENIED, answer, by_id, code, load, split

LIMITS = Limits()
GRANTS = make_grants({"filesystem": ["/srv/data", "/srv/data/deep/", "/etc/app.conf"]})
MIB = 1024 * 1024


def reason(case):
    """Say why a case needs more than a decision; '' when it does not."""
    if case["expect"] == "never_secret":
        return "what changes under a walk"
    if case["expect"] in ("limit", "encoding") and case["op"] == "read":
        return "what a file holds"
    linked = case["category"] in ("symlink", "hardlink") and ".." not in case["path"]
    if case["expect"] == "deny" and linked:
        return "what a path leads to"
    if case["category"] == "kind" or case["path"] in case["grants"][:1] == ["/srv/data"]:
        return "what is no regular file"
    return ""


HERE, LEFT, REASONS = split(load("filesystem"), reason)


def ask(case):
    """Return what is decided about a recorded request."""
    grants = make_grants({"filesystem": case["grants"]})
    if case["op"] == "read":
        path = case["path"].encode("utf-8", "surrogatepass")
        return answer(filesystem.decide_read, grants, path)
    content = "a" * case["content_repeat"] if "content_repeat" in case else case.get("content", "")
    request = json.dumps({"path": case["path"], "content": content}).encode()
    return answer(filesystem.decide_write, grants, request, LIMITS)


@pytest.mark.parametrize("case", HERE, ids=by_id)
def test_attack(case):
    """Each recorded attack is refused, and what is no attack is allowed."""
    if case.get("reject_manifest"):
        with pytest.raises(ValueError, match=r"^[a-z]"):
            make_grants({"filesystem": case["grants"]})
        return
    codes = {"deny": DENIED, "limit": {"limit_exceeded"}, "allow": {""}, "not_found": {""}}
    outcome = ask(case)
    assert code(outcome) in codes[case["expect"]]
    if not code(outcome):
        assert "/" + "/".join(outcome.resource.path) == case["path"]


def test_nothing_is_lost():
    """Every recorded attack is decided here or left for a reason, and those are counted."""
    assert len(HERE) + len(LEFT) == 106
    assert REASONS == {
        "what changes under a walk": 1,
        "what a file holds": 2,
        "what a path leads to": 10,
        "what is no regular file": 4,
    }


@pytest.mark.parametrize("case", LEFT, ids=by_id)
def test_left_for_the_service(case):
    """What is left for the service is allowed as far as the path goes."""
    assert isinstance(ask(case), Decision)


# -- rights ----------------------------------------------------------------------------------------


def read(path, grants=GRANTS):
    """Return what is decided about reading a path."""
    return answer(filesystem.decide_read, grants, path.encode())


def write(grants=GRANTS, limits=LIMITS, **members):
    """Return what is decided about a write with these members."""
    return answer(filesystem.decide_write, grants, json.dumps(members).encode(), limits)


def test_read_gives_segments():
    """A file to read comes as the segments of its grant and of its path."""
    target = FileTarget(("srv", "data"), ("srv", "data", "a", "b.txt"))
    assert read("/srv/data/a/b.txt") == Decision("filesystem.grant /srv/data", target)


def test_write_gives_segments_and_content():
    """A file to write comes with its content."""
    target = FileWrite(("etc", "app.conf"), ("etc", "app.conf"), "é")
    assert write(path="/etc/app.conf", content="é") == Decision(
        "filesystem.grant /etc/app.conf", target
    )


def test_closest_grant():
    """Of several grants that cover a path, the closest one decides, as it was written."""
    decision = read("/srv/data/deep/x")
    assert decision.rule == "filesystem.grant /srv/data/deep/"
    assert decision.resource.grant == ("srv", "data", "deep")


@pytest.mark.parametrize(
    "path",
    ["/x", "/srv", "/srv/dat", "/srv/data-evil/x", "/srv/dataevil", "/SRV/data/x", "/etc/app"],
)
def test_outside(path):
    """A well-formed path that no grant covers at a slash is denied, existing or not."""
    outcome = read(path)
    assert (code(outcome), outcome.rule) == ("permission_denied", "filesystem.no_grant")
    assert outcome.text == "permission denied: filesystem"


@pytest.mark.parametrize("path", ["/srv/data/x", "", "x"])
def test_no_grant(path):
    """With no path granted the request is not looked at."""
    for outcome in (read(path, Grants()), write(Grants(), path=path)):
        assert (outcome.code, outcome.rule) == ("permission_denied", "filesystem.no_grant")
        assert outcome.detail == "the manifest grants no filesystem"


@pytest.mark.parametrize("path", ["/srv/data/../x", "/etc/../x", "x"])
def test_malformed_comes_first(path):
    """A malformed path is invalid, also where a well-formed one would be denied."""
    assert read(path).code == "invalid_request"


# -- paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("a", "..a", "a..b", ".hidden", "a b", "caf\u00e9", "漢字", "a~1.txt", "$x", "%2e%2e"),
        *("con1", "xcon", "com", "com10", "nulls", "a.con", "a" * 255, "é" * 127, "\uff0e\uff0e"),
        "\u00e9##[a",
    ],
)
def test_name(name):
    """Names that every system keeps as they are are allowed."""
    assert read(f"/srv/data/{name}").resource.path == ("srv", "data", name)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "...", "a.", "a ", " a", "\u00a0a", "a" * 256, "é" * 128, "a//b", "a/"),
        *(
            "a\0",
            "a\n",
            "a\x7f",
            "a\x9f",
            "a\u200b",
            "\u3164",
            "a\u202e",
            "a\u2066",
            "\ufeffa",
            "a\u2028",
        ),
        *("a\u034f", "a\u17b4", "a\u180b", "a\ufe0f", "a\U000e0100", "a\U00013439", "\u0600a"),
        *("a\\b", "a:b", "a*", 'a"', "a?", "a<", "a>", "a|", "cafe\u0301"),
        *("con", "CON", "Nul.txt", "aux.", "prn/x", "com0", "COM9.tar.gz", "lpt1", "COM\u00b9"),
        *("nul .txt", "conin$", "CONOUT$"),
    ],
)
def test_no_name(name):
    """What some system reads as something else is refused on every one, in any segment."""
    for path in (f"/srv/data/{name}", f"/srv/data/{name}/x"):
        outcome = read(path)
        assert (code(outcome), outcome.rule) == ("invalid_request", "filesystem.path")
    outcome = write(path=f"/srv/data/{name}", content="")
    assert (code(outcome), outcome.rule) == ("invalid_request", "filesystem.path")


def test_path_of_4096_bytes():
    """A path may have 4096 bytes and no more, for reading and for writing."""
    path = "/srv/data/" + "/".join(["é" * 100] * 20)
    path += "/" + "a" * (4095 - len(path.encode()))
    assert read(path).resource.path == write(path=path, content="").resource.path
    for outcome in (read(path + "a"), write(path=path + "a", content="")):
        assert (code(outcome), outcome.rule) == ("invalid_request", "filesystem.path")


@pytest.mark.parametrize("path", [b"/srv/data/\xff", b"/srv/data/\xed\xa0\x80"])
def test_path_in_other_encoding(path):
    """A path that is not UTF-8 is answered as such."""
    outcome = answer(filesystem.decide_read, GRANTS, path)
    assert (code(outcome), outcome.rule) == ("encoding", "filesystem.encoding")


# -- content ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "code_", "rule"),
    [
        ({"content": ""}, "invalid_request", "filesystem.path"),
        ({"path": 1, "content": ""}, "invalid_request", "filesystem.path"),
        ({"path": "/srv/data/x"}, "invalid_request", "filesystem.content"),
        ({"path": "/srv/data/x", "content": None}, "invalid_request", "filesystem.content"),
        ({"path": "/srv/data/x", "content": "\ud800"}, "invalid_request", "filesystem.json"),
        (
            {"path": "/x", "content": "a" * (8 * MIB + 1)},
            "permission_denied",
            "filesystem.no_grant",
        ),
        (
            {"path": "/srv/data/x", "content": "a" * (8 * MIB + 1)},
            "limit_exceeded",
            "filesystem.size",
        ),
        (
            {"path": "/srv/data/x", "content": "é" * (4 * MIB + 1)},
            "limit_exceeded",
            "filesystem.size",
        ),
    ],
)
def test_malformed_write(members, code_, rule):
    """A write that is malformed or too large is refused with the rule that it breaks."""
    outcome = write(**members)
    assert (code(outcome), outcome.rule) == (code_, rule)


def test_content_of_8_mib():
    """A file may have 8 MiB, however it is escaped."""
    content = "\0" * (8 * MIB)
    assert write(path="/srv/data/x", content=content).resource.content == content


def test_request_in_other_encoding():
    """A write that is not UTF-8 is answered as such."""
    outcome = answer(filesystem.decide_write, GRANTS, b'{"path":"\xff"}', LIMITS)
    assert (code(outcome), outcome.rule) == ("encoding", "filesystem.encoding")
