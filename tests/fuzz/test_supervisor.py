"""A case that ends the process is found, however it does so."""

from __future__ import annotations

import sys

import pytest

from tests.fuzz import driver, supervisor
from tests.fuzz.asking import Job
from tests.fuzz.manifests import Manifests

NUMBER = 7
ENDS = {
    "the process died": "os.abort()",
    "it hangs": "threading.Event().wait()",
}


def _child(end):
    """Return a child that comes as far as a case and no further."""
    code = f"""
import os, struct, sys, threading
with open(sys.argv[2], "r+b") as file:
    file.write(struct.pack("<q", {NUMBER}))
{end}"""
    return [sys.executable, "-c", code]


@pytest.mark.parametrize("reason", ENDS)
def test_the_case_that_ended_the_child_is_told(reason, monkeypatch, tmp_path, capsys):
    """With the reason, the command that asks it again, and its bytes."""
    monkeypatch.setattr(supervisor, "_command", lambda _: _child(ENDS[reason]))
    job = Job("manifests", "some", 0, 100, tmp_path / "failures")
    assert supervisor.watch(job, patience=0.5) == 1
    told = capsys.readouterr().out
    assert f"FAILED {reason}" in told
    assert f"python -m tests.fuzz manifests --seed some --start {NUMBER} --count 1" in told
    case = Manifests(tmp_path).case(driver.numbered("manifests", "some", NUMBER))
    assert (job.save / f"manifests-some-{NUMBER}").read_bytes() == case


def test_the_childs_own_end_is_the_commands(monkeypatch, tmp_path):
    """With the child's exit code: it has told what there is to tell."""
    for code in (0, 1):
        monkeypatch.setattr(supervisor, "_command", lambda _, code=code: _child(f"exit({code})"))
        assert supervisor.watch(Job("manifests", "some", 0, 100, tmp_path), patience=60) == code
