"""What files can be reached on a real disk agrees with what a second look at that disk says."""

from __future__ import annotations

import json
import os

import pytest

from pytest_zeno.limits import Limits
from pytest_zeno.manifest.grants import make_grants
from pytest_zeno.permissions.filesystem import decide_read, decide_write
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.files import FileService
from tests.permissions.filesystem_cases import PIECES
from tests.permissions.mutations import Draw, mutate
from tests.permissions.second import disk, filesystem

CASES = min(int(os.environ.get("ZENO_TEST_AGREEMENT_CASES", "2000")), 100_000)
GRANTS = make_grants({"filesystem": ["/srv/data"]})
LIMITS = Limits()
LINKS = {"l": "a.txt", "d": "sub", "out": "../outside", "loop": "loop", "gone": "../outside/gone"}
NAMES = ("a.txt", "sub", "b.txt", "deep", "c.txt", "twice", "new", "secret.txt", "", "..", *LINKS)


@pytest.fixture
def root(tmp_path):
    """A granted directory with links that lead everywhere, and a neighbour with secrets."""
    root, outside = tmp_path / "data", tmp_path / "outside"
    (root / "sub" / "deep").mkdir(parents=True)
    outside.mkdir()
    for path in (root / "a.txt", root / "sub" / "b.txt", root / "sub" / "deep" / "c.txt"):
        path.write_text(path.name)
    (outside / "secret.txt").write_text("SECRET")
    (outside / "shared.txt").write_text("shared")
    os.link(outside / "shared.txt", root / "twice")
    for place in (root, root / "sub"):
        for name, to in LINKS.items():
            try:
                (place / name).symlink_to(to)
            except OSError:  # Windows asks for a right that a test may not have
                continue
    return root


@pytest.fixture
def files(root):
    """The service with the directory as `/srv/data`."""
    service = FileService()
    service.bind("/srv/data", root)
    yield service
    service.close()


def ask(files, path, text):
    """Read a path, or write a text to it; return the text, None for a refusal."""
    try:
        if text is None:
            return files.read("hello", decide_read(GRANTS, path.encode()).resource)
        request = json.dumps({"path": path, "content": text}).encode()
        files.write("hello", decide_write(GRANTS, request, LIMITS).resource)
    except Refused:
        return None
    return text


def expected(root, path, text):
    """Return what a look at the disk expects of the same."""
    decided = filesystem.decide(("/srv/data",), path.encode())
    if decided.code:
        return None
    names = decided.place[1][2:]
    if text is None:
        return disk.text_at(root, names)
    return text if disk.may_write(root, names) else None


def test_reads_and_writes(root, files):
    """No read and no write passes a link, and what is outside stays as it was."""
    draw = Draw("disk")
    passed = 0
    for number in range(CASES):
        path = "/srv/data/" + "/".join(draw.one(NAMES) for _ in range(1 + draw.below(3)))
        path = mutate(draw, path, PIECES[:60], 0.2)
        text = str(number) if draw.chance(0.3) else None
        answer = expected(root, path, text)
        assert (path, ask(files, path, text)) == (path, answer)
        passed += answer is not None
        if text is not None and answer is not None:
            assert expected(root, path, None) == text
    assert passed >= CASES // 10
    outside = root.parent / "outside"
    assert {one.name: one.read_text() for one in outside.iterdir()} == {
        "secret.txt": "SECRET",
        "shared.txt": "shared",
    }
