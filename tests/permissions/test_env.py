"""Which environment variables a plugin may read."""

from __future__ import annotations

import pytest

from pytest_zeno.manifest.grants import Grants, make_grants
from pytest_zeno.permissions import env
from pytest_zeno.permissions.decision import Decision
from pytest_zeno.permissions.refusal import Refused

from .corpus import answer, by_id, load

CASES = load("env")
GRANTS = make_grants({"env": ["API_KEY", "OTHER"]})


def key_of(case):
    """Return the bytes that the guest asks with."""
    if "key_hex" in case:
        return bytes.fromhex(case["key_hex"])
    if "key_repeat" in case:
        unit, times = case["key_repeat"]
        return (unit * times).encode()
    return case["key"].encode()


@pytest.mark.parametrize("case", CASES, ids=by_id)
def test_attack(case):
    """Each recorded attack gets the value that it should: the empty one unless it is granted."""
    if case["expect"] == "reject_manifest":
        with pytest.raises(ValueError, match=r"^[a-z]"):
            make_grants({"env": case["grants"]})
        return
    outcome = answer(env.decide, make_grants({"env": case["grants"]}), key_of(case))
    assert isinstance(outcome, Decision) == (case.get("key") in case["grants"])
    value = case["host_env"].get(outcome.resource, "") if isinstance(outcome, Decision) else ""
    assert value == case["expect"]


def test_grant_names_itself():
    """A decision names the grant that allowed the request."""
    assert env.decide(GRANTS, b"OTHER") == Decision("env.grant OTHER", "OTHER")


@pytest.mark.parametrize(
    ("grants", "key", "code", "rule", "detail"),
    [
        (Grants(), b"API_KEY", "permission_denied", "env.no_grant", "the manifest grants no env"),
        (Grants(), b"\xff", "permission_denied", "env.no_grant", "the manifest grants no env"),
        (
            GRANTS,
            b"HOME",
            "permission_denied",
            "env.no_grant",
            "'HOME' is not granted; granted: API_KEY, OTHER",
        ),
        (GRANTS, b"A\xff", "encoding", "env.encoding", "byte 1 of the request is not UTF-8"),
    ],
)
def test_refusal(grants, key, code, rule, detail):
    """A refusal says in the ledger what decided and why."""
    with pytest.raises(Refused) as refusal:
        env.decide(grants, key)
    assert (refusal.value.code, refusal.value.rule) == (code, rule)
    assert refusal.value.detail == detail


def test_detail_is_short():
    """A refusal neither repeats a long key nor lists every grant."""
    grants = make_grants({"env": [f"NAME_{at}" for at in range(1000)]})
    with pytest.raises(Refused) as refusal:
        env.decide(grants, b"A" * 1_000_000)
    assert refusal.value.detail.endswith(
        "granted: NAME_0, NAME_1, NAME_2, NAME_3, NAME_4 and 995 more"
    )
    assert len(refusal.value.detail) < 500


def test_guest_text_is_escaped():
    """What a guest asked for stands in the detail with its control characters escaped."""
    with pytest.raises(Refused) as refusal:
        env.decide(GRANTS, b"\x1b[31m")
    assert refusal.value.detail.startswith(r"'\u001b[31m'")
