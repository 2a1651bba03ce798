"""The permissions agree with their second implementation, on cases that are drawn by number."""

from __future__ import annotations

import os
import re
from collections import Counter
from ipaddress import IPv4Address

import pytest

from pytest_zeno.manifest import grants as grammar
from pytest_zeno.permissions import url
from pytest_zeno.services.http import addresses

from .agreement import compare, difference, jobs, shrunk
from .asking import KINDS, at_once, grants_of
from .mutations import Draw

CASES = int(os.environ.get("ZENO_TEST_AGREEMENT_CASES", "20000"))
"""How many cases are compared; the nightly run and the command of agreement.py take millions."""


@pytest.mark.parametrize("kind", KINDS)
def test_both_decide_the_same(kind):
    """No case is allowed by one and refused by the other, for another reason or another place."""
    agreed: Counter[str] = Counter()
    for job in jobs([kind], CASES // len(KINDS), seed=0):
        tally = compare(job)
        assert tally.differing == []
        agreed.update({code: count for (_, code), count in tally.agreed.items()})
    assert agreed["allow"] >= agreed.total() // 10
    assert agreed["reject_manifest"] <= agreed.total() // 3


def test_a_seed_draws_the_same_cases():
    """Two draws from one seed are the same case by case, and another chunk has others."""
    for kind in KINDS.values():
        first, again, other = (list(kind.cases(Draw(seed), 50)) for seed in ("a", "a", "b"))
        assert first == again != other


NOTHING = re.compile(r"(?!)")


@pytest.mark.parametrize(
    ("kind", "module", "name", "broken"),
    [
        ("network", url, "has_dot_segment", lambda _path: False),
        ("network", url, "_AMBIGUOUS", NOTHING),
        ("network", url, "_CONTROL", NOTHING),
        ("network", addresses, "is_public", lambda address: not address.is_loopback),
        ("network", addresses, "_inside", lambda _address: [IPv4Address("8.8.8.8")]),
        ("network", grammar, "_NUMBER", NOTHING),
        ("filesystem", grammar, "_DEVICE", NOTHING),
        ("filesystem", grammar, "_ZERO_WIDTH", NOTHING),
        ("filesystem", grammar, "_FORBIDDEN", re.compile(r"[\\:]")),
        ("filesystem", grammar, "MOST_SEGMENT_BYTES", 256),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hole_is_found(monkeypatch, kind, module, name, broken):
    """Each of these mistakes in the implementation is a wrong allow among a few thousand cases."""
    grants_of.cache_clear()
    monkeypatch.setattr(module, name, broken)
    case = next(wrong_allows(KINDS[kind]), None)
    grants_of.cache_clear()
    assert case is not None


def wrong_allows(kind):
    """Yield the cases that the implementation alone allows."""
    with at_once():
        for case in kind.cases(Draw("holes"), 10_000):
            if difference(kind.first(case), kind.second(case)) == "WRONG ALLOW":
                yield case


def test_a_difference_is_shrunk(monkeypatch):
    """What is printed has no part that could be left out."""
    monkeypatch.setattr(url, "has_dot_segment", lambda _path: False)
    kind = KINDS["network"]
    case = next(wrong_allows(kind))
    short = shrunk(kind, case, "WRONG ALLOW")
    assert difference(kind.first(short), kind.second(short)) == "WRONG ALLOW"
    assert (len(short.patterns), short.headers, short.allowed) == (1, None, ())
    assert all(len(few) <= len(many) for few, many in zip(short[:2], case[:2], strict=True))
    assert len(short.url) < len("https://api.example.com/v1/..%2f")
