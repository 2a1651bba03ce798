"""The second implementation stands on its own: it decides every recorded attack."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .corpus import by_id, load
from .second import addresses, filesystem, network

HERE = Path(__file__).parent / "second"
DENIALS = ("permission_denied", "invalid_request", "unavailable", "encoding")
RESOLVED = {"localhost": ["127.0.0.1", "::1"]}


@pytest.mark.parametrize("case", load("network"), ids=by_id)
def test_network(case):
    """Each recorded request is decided as its line demands, with the addresses that it leads to."""
    answer = network.decide(
        tuple(case["patterns"]), case["url"], case.get("method", "GET"), case.get("headers")
    )
    if not answer.code:
        resolved = case.get("resolves_to", RESOLVED.get(answer.place.host, ["93.184.216.34"]))
        allowed = case.get("host_policy", {}).get("allow_addresses", [])
        answer = network.connect(answer.place, tuple(resolved), tuple(allowed))
    codes = {"allow": ("",), "deny": DENIALS}[case["expect"]]
    assert answer.code in (("reject_manifest",) if case.get("reject_manifest") else codes)
    if "must_connect_to" in case:
        assert answer.place == tuple(map(addresses.packed, case["must_connect_to"]))


# A path that is allowed leads to something that may be refused.
ON_DISK = ("symlink", "hardlink", "kind", "race", "content", "missing")


@pytest.mark.parametrize("case", load("filesystem"), ids=by_id)
def test_filesystem(case):
    """Each recorded path is decided as its line demands, as far as paths go."""
    path = case["path"]
    answer = filesystem.decide(tuple(case["grants"]), path.encode("utf-8", "surrogatepass"))
    if case.get("reject_manifest"):
        assert answer.code == "reject_manifest"
        return
    leads = case["category"] in ON_DISK or [path] == case["grants"] or case["expect"] != "deny"
    if leads and ".." not in path.split("/"):
        assert answer.code == ""
        assert "/" + "/".join(answer.place[1]) == path
    else:
        assert answer.code in DENIALS


@pytest.mark.parametrize(
    ("address", "allowed", "may"),
    [
        *(("8.8.8.8", (), True), ("10.0.0.1", (), False), ("10.0.0.1", ("10.0.0.0/8",), True)),
        *(("::ffff:8.8.8.8", (), True), ("::ffff:10.0.0.1", (), False)),
        *(("::ffff:10.0.0.1", ("10.0.0.0/8",), True), ("2002:808:808::1", (), True)),
        *(("2001:0:a9fe:a9fe::f7f7:f7f7", (), False), ("2001:0:808:808::f7f7:f7f7", (), True)),
        *(("2606:4700::1111", (), True), ("4000::1", (), False), ("fe80::1%2", (), False)),
    ],
)
def test_addresses(address, allowed, may):
    """Public is public in every form, and so is private."""
    assert addresses.may_connect(address, allowed) == may


@pytest.mark.parametrize("module", sorted(HERE.glob("*.py")), ids=lambda path: path.name)
def test_it_shares_nothing_with_the_first(module):
    """It imports neither the package nor the libraries that the package decides with."""
    tree = ast.parse(module.read_text("utf-8"))
    names = {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names.isdisjoint(("ipaddress", "urllib3", "msgspec", "os"))
    assert not any("zeno" in name for name in names)
