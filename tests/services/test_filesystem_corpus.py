"""Recorded attacks on files, through the permission and the service together."""

from __future__ import annotations

import json
import os
import sys

import pytest

from pytest_zeno.limits import Limits
from pytest_zeno.manifest.grants import make_grants
from pytest_zeno.permissions.filesystem import decide_read, decide_write
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.files import FileService
from tests.permissions.corpus import by_id, load

PLATFORMS = {
    "any": True,
    "posix": sys.platform != "win32",
    "linux": sys.platform == "linux",
    "windows": sys.platform == "win32",
}
CODES = {
    "allow": {""},
    "deny": {"permission_denied", "invalid_request", "encoding"},
    "not_found": {"not_found"},
    "limit": {"limit_exceeded"},
    "encoding": {"encoding"},
}

CASES = load("filesystem")
# A grant that makes a manifest invalid is refused before, and the race has a test of its own.
RUN = [
    case
    for case in CASES
    if PLATFORMS[case["platform"]]
    and not case.get("reject_manifest")
    and case["expect"] != "never_secret"
]


@pytest.fixture
def disk(tmp_path):
    """The granted directory G, a neighbour O, and one whose name only begins like G."""
    places = {"G": tmp_path / "data", "O": tmp_path / "outside", "E": tmp_path / "data-evil"}
    (places["G"] / "sub/empty").mkdir(parents=True)
    places["O"].mkdir()
    places["E"].mkdir()
    (places["G"] / "a.txt").write_text("hello")
    (places["G"] / "sub/b.txt").write_text("deep")
    (places["O"] / "secret.txt").write_text("SECRET")
    (places["E"] / "x.txt").write_text("SECRET")
    return places


def at(disk, name):
    """Return the real path of ``G:a.txt``."""
    place, _, rest = name.partition(":")
    return disk[place] / rest


def prepare(disk, step):
    """Carry out one step of a case's setup."""
    path, to = at(disk, step["at"]), step.get("to", "")
    if step["do"] == "file":
        path.write_bytes(bytes.fromhex(step.get("hex", "")) or b"a" * step["size"])
    elif step["do"] == "symlink":
        path.symlink_to(at(disk, to) if to[:2] in ("G:", "O:") else to)
    elif step["do"] == "hardlink":
        os.link(at(disk, to), path)
    elif step["do"] == "fifo":
        os.mkfifo(path)
    else:
        pytest.fail(f"the corpus has the step {step['do']}, which this test does not know")


@pytest.mark.timeout(10)
@pytest.mark.parametrize("case", RUN, ids=by_id)
def test_attack(case, disk, tmp_path):
    """Each recorded attack ends as demanded and changes nothing outside."""
    if sys.platform == "win32" and case["category"] in ("symlink", "kind", "hardlink"):
        pytest.skip("links need rights on Windows that a test may not have")
    for step in case.get("setup", ()):
        prepare(disk, step)
    real = disk["G"]
    if case.get("mount_via_symlink"):
        real = tmp_path / "link"
        real.symlink_to(disk["G"])
    files = FileService()
    files.bind("/srv/data", real)
    code, content = run(files, case)
    files.close()
    assert code in CODES[case["expect"]]
    assert "SECRET" not in (content or "")
    assert content == case.get("read_equals", content)
    assert (disk["O"] / "secret.txt").read_text() == "SECRET"
    assert not (disk["O"] / "created.txt").exists()


def run(files, case):
    """Return the code of a request's refusal, or "" and what was read."""
    grants = make_grants({"filesystem": case["grants"]})
    try:
        if case["op"] == "read":
            decision = decide_read(grants, case["path"].encode("utf-8", "surrogatepass"))
            return "", files.read("hello", decision.resource)
        content = "a" * case["content_repeat"] if "content_repeat" in case else "new"
        request = json.dumps({"path": case["path"], "content": case.get("content", content)})
        files.write("hello", decide_write(grants, request.encode(), Limits()).resource)
    except Refused as refusal:
        return refusal.code, None
    return "", None
