"""The workflow takes no right and no code that it was not given."""

from __future__ import annotations

import re

import pytest

from tests.repo.conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github").rglob("*.yml"))


def _steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_each_action_is_pinned_by_hash(path):
    """A tag can be moved to other code, a commit cannot; the comment says which release it is."""
    uses = re.findall(r"uses: *(.*)", path.read_text("utf-8"))
    wrong = [use for use in uses if not re.fullmatch(r"[\w/.-]+@[0-9a-f]{40} # v[\d.]+", use)]
    assert wrong == []


def test_an_action_has_one_version(workflow):
    """Two jobs that use an action use the same commit of it."""
    pins = {step["uses"] for step in _steps(workflow) if "uses" in step}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins)


def test_no_right_is_given_to_all_jobs(workflow):
    """Each job lists the rights it needs, and they are rights to read."""
    assert workflow["permissions"] == {}
    given = [right for job in workflow["jobs"].values() for right in job["permissions"].values()]
    assert set(given) == {"read"}


def test_no_checkout_leaves_its_token(workflow):
    """What runs after the checkout cannot push."""
    checkouts = [step for step in _steps(workflow) if "actions/checkout" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_each_job_ends_in_time(workflow):
    """A job that hangs is stopped before it costs six hours."""
    assert all(job["timeout-minutes"] <= 25 for job in workflow["jobs"].values())


def test_the_gate_waits_for_every_job(workflow):
    """One required check stands for all of them, whether they failed or were skipped."""
    jobs = dict(workflow["jobs"])
    gate = jobs.pop("check")
    assert gate["if"] == "always()"
    assert sorted(gate["needs"]) == sorted(jobs)


def test_what_is_tested_is_what_was_built(workflow):
    """Nothing but the job `build` builds; the others install its wheel."""
    jobs = dict(workflow["jobs"])
    assert any("python -m build" in step.get("run", "") for step in jobs.pop("build")["steps"])
    del jobs["check"]
    for name, job in jobs.items():
        commands = "\n".join(step.get("run", "") for step in job["steps"])
        assert "dist/*.whl" in commands, name
