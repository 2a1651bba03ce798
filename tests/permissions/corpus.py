"""Recorded attacks, and how far the permissions alone decide them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from pytest_zeno.permissions.decision import Decision
from pytest_zeno.permissions.refusal import Refused

DENIED = frozenset(("permission_denied", "invalid_request", "encoding"))
"""The codes of a request that is not allowed."""


def load(kind):
    """Return the attacks on one kind of permission."""
    path = Path(__file__).parent / "data" / f"{kind}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def split(cases, reason):
    """Return the cases decided here, those left for a service, and how many for which reason."""
    here = [case for case in cases if not reason(case)]
    left = [case for case in cases if reason(case)]
    return here, left, Counter(map(reason, left))


def answer(decide, *arguments):
    """Return the decision or the refusal; anything else that is raised fails the test."""
    try:
        decision = decide(*arguments)
    except Refused as refusal:
        return refusal
    assert isinstance(decision, Decision)
    return decision


def code(outcome):
    """Return the code of a refusal, '' for a decision."""
    return outcome.code if isinstance(outcome, Refused) else ""


def by_id(case):
    """Name a case in pytest's output."""
    return case["id"]
