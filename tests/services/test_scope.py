"""The scope gives and takes copies, walks maps only, and has an end."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_zeno.limits import MIB
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.scope import MOST_KEYS, ScopeService

VALUES = {
    "user": {"name": "ann", "tags": ["a"]},
    "count": 3,
    "list": [1, 2],
    "a.b": "dotted",
    "nothing": None,
}


@pytest.fixture
def scope():
    """A scope with one value of each kind."""
    return ScopeService(VALUES)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("count",), 3),
        (("user", "name"), "ann"),
        (("nothing",), None),
        (("list",), [1, 2]),
    ],
)
def test_read(scope, keys, value):
    """A value is found by its name, or through maps by several."""
    assert scope.read(keys) == value


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        (("nope",), "scope.absent"),
        (("user", "nope"), "scope.absent"),
        (("a", "b"), "scope.absent"),
        (("list", "0"), "scope.walk"),
        (("count", "real"), "scope.walk"),
        (("nothing", "x"), "scope.walk"),
        (("user", "__class__", "__mro__"), "scope.absent"),
        (("a",) * 10_000, "scope.absent"),
    ],
)
def test_what_is_not_there_is_not_found(scope, keys, rule):
    """Lists, scalars, attributes and names with dots in them are not walked into."""
    with pytest.raises(Refused) as refusal:
        scope.read(keys)
    assert (refusal.value.code, refusal.value.rule) == ("not_found", rule)


def test_a_missing_name_gets_the_nearest_one(scope):
    """The ledger's detail helps with a misspelt key."""
    with pytest.raises(Refused) as refusal:
        scope.read(("user", "nmae"))
    assert refusal.value.detail == "the scope has no 'user.nmae'; did you mean 'name'?"


@pytest.mark.parametrize("key", ["visit", "x" * 256])
def test_a_missing_name_is_compared_with_a_few_short_ones(key):
    """A guest that asks for nonsense again and again costs the host no search for what is near."""
    scope = ScopeService(dict.fromkeys(map(str, range(100)), 0) | {"visits": 1, "x" * 255: 1})
    with pytest.raises(Refused) as refusal:
        scope.read((key,))
    assert "did you mean" not in refusal.value.detail


def test_values_are_copied_in_and_out():
    """Neither the test's nor the guest's value is the one that is kept."""
    given = {"list": [1]}
    scope = ScopeService(given)
    value = [2]
    scope.write(("new",), value)
    for changed in (given["list"], value, scope.read(("list",)), scope.snapshot()["new"]):
        changed.append(666)
    assert scope.snapshot() == {"list": [1], "new": [2]}


@pytest.mark.parametrize(
    ("keys", "value", "after"),
    [
        (("count",), 4, {"count": 4}),
        (("user", "name"), "bob", {"user": {"name": "bob", "tags": ["a"]}}),
        (("fresh", "deep", "er"), True, {"fresh": {"deep": {"er": True}}}),
        (("big",), 2**64 - 1, {"big": 2**64 - 1}),
    ],
)
def test_write(scope, keys, value, after):
    """A value goes where its keys say; maps on the way are made, neighbours stay."""
    scope.write(keys, value)
    assert scope.snapshot() == {**VALUES, **after}


@pytest.mark.parametrize("keys", [("list", "0"), ("count", "x"), ("nothing", "x")])
def test_writing_into_something_else_than_a_map_is_refused(scope, keys):
    """A write does not turn a list or a scalar into a map."""
    with pytest.raises(Refused) as refusal:
        scope.write(keys, 1)
    assert (refusal.value.code, refusal.value.rule) == ("invalid_request", "scope.walk")
    assert scope.snapshot() == VALUES


def nested(depth):
    """Return so many lists in each other."""
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("-inf"),
        2**64,
        -(2**63) - 1,
        "\ud800",
        {"\udfff": 1},
        {1: 2},
        b"bytes",
        {1, 2},
        nested(65),
    ],
    ids=repr,
)
def test_what_is_no_json_is_refused(scope, value):
    """Only what a reply could carry is kept."""
    with pytest.raises(Refused) as refusal:
        scope.write(("x",), value)
    assert (refusal.value.code, refusal.value.rule) == ("invalid_request", "scope.value")
    assert "x" not in scope
    with pytest.raises(ValueError, match="the scope's 'x' holds"):
        ScopeService({"x": value})


def test_depth_counts_from_the_top(scope):
    """64 levels pass, and the maps of the key are levels too."""
    scope.write(("x",), nested(64))
    scope.write(("y", "z"), nested(63))
    with pytest.raises(Refused, match="more than 64 levels"):
        scope.write(("y", "z"), nested(64))


def test_a_value_has_at_most_a_mebibyte(scope):
    """1 MiB of JSON passes; more is refused, also in small steps below one name."""
    scope.write(("x",), "a" * (MIB - 2))
    scope.write(("y", "half"), "a" * (MIB // 2))
    for keys, value in ((("x",), "a" * (MIB - 1)), (("y", "other"), "a" * (MIB // 2))):
        with pytest.raises(Refused) as refusal:
            scope.write(keys, value)
        assert (refusal.value.code, refusal.value.rule) == ("limit_exceeded", "scope.size")
    assert "y.other" not in scope


def test_a_scope_has_at_most_ten_thousand_names():
    """One name more is refused, a new value for an old name is not."""
    scope = ScopeService({f"k{at}": at for at in range(MOST_KEYS)})
    scope.write(("k0",), "new")
    with pytest.raises(Refused) as refusal:
        scope.write(("more",), 1)
    assert (refusal.value.code, refusal.value.rule) == ("limit_exceeded", "scope.keys")
    assert len(scope) == MOST_KEYS


def test_update_takes_all_or_nothing(scope):
    """A response's data is merged name by name, dots and all, unless a part of it is refused."""
    scope.update({"count": 5, "x.y": 1})
    assert scope.snapshot() == {**VALUES, "count": 5, "x.y": 1}
    for bad in (float("nan"), "a" * MIB):
        with pytest.raises(Refused):
            scope.update({"count": 6, "bad": bad})
    assert scope["count"] == 5


def test_a_scope_reads_like_a_map(scope):
    """Tests use dotted keys, `in`, and a default."""
    scope["user.id"] = 7
    assert scope["user.id"] == scope.get("user.id") == 7
    assert "user.id" in scope
    assert "user.nope" not in scope
    assert scope.get("user.nope", "default") == "default"
    assert list(scope) == list(VALUES)
    with pytest.raises(KeyError, match="the scope has no 'nope'"):
        scope["nope"]


def test_writers_do_not_lose_each_others_values():
    """Many threads write below one name, and every value is there."""
    scope = ScopeService()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda at: scope.write(("map", f"k{at}"), at), range(1_000)))
    finally:
        sys.setswitchinterval(interval)
    assert scope["map"] == {f"k{at}": at for at in range(1_000)}


def test_close_forgets(scope):
    """After close the scope is empty, and closing twice is fine."""
    scope.close()
    scope.close()
    assert scope.snapshot() == {}
