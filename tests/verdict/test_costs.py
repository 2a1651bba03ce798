"""What plugins cost, before and now: the file, what is compared, and what is not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pytest_zeno.verdict.cost_baseline import (
    METRICS,
    THRESHOLDS,
    Entry,
    SlotCost,
    compare,
    renewed,
    threshold,
)
from pytest_zeno.verdict.cost_file import HEAD, read_costs, write_costs


def cost(inputs="{}", **numbers):
    """Return a slot's cost: each metric is 1000 unless told otherwise."""
    return SlotCost(inputs, dict.fromkeys(METRICS, 1000) | numbers)


def entry(module="new", **members):
    """Return an entry of one slot."""
    slots = members.pop("slots", {"a.b": cost()})
    standard = {"wasmtime": 50, "manifest": "m", "module_bytes": 1000}
    return Entry(plugin="base", module=module, slots=slots, **standard | members)


OLD = entry("old")


def texts(changes):
    """Return changes as they are told."""
    return [str(one) for one in changes]


# -- comparing -------------------------------------------------------------------------------------


def test_one_percent_of_fuel_is_caught():
    """By default; the line has both numbers and the ratio."""
    made = compare(OLD, entry(slots={"a.b": cost(fuel=1010)}))
    assert texts(made.worse) == ["fuel rose from 1,000 to 1,010 (+1.00 %)"]
    assert (made.better, made.unsteady, made.outdated) == ((), (), ())


@pytest.mark.parametrize(("fuel", "told"), [(1005, 0), (1006, 1), (995, 0), (994, -1)])
def test_a_threshold_holds_both_ways(fuel, told):
    """Half a percent is allowed, and less is no improvement to speak of."""
    made = compare(OLD, entry(slots={"a.b": cost(fuel=fuel)}))
    assert len(made.worse) - len(made.better) == told


@pytest.mark.parametrize("metric", THRESHOLDS)
def test_each_metric_has_its_threshold(metric):
    """What a user gives takes the default's place."""
    doubled = {metric: 2000}
    size = doubled.pop("module_bytes", 1000)
    now = entry(slots={"a.b": cost(**doubled)}, module_bytes=size)
    assert [one.metric for one in compare(OLD, now).worse] == [metric]
    assert compare(OLD, now, THRESHOLDS | {metric: Decimal(100)}).worse == ()


def test_a_rise_from_nothing_is_one():
    """It has no ratio, and is beyond any threshold."""
    before = entry("old", slots={"a.b": cost(host_calls=0)})
    (made,) = compare(before, entry(), THRESHOLDS | {"host_calls": Decimal(100)}).worse
    assert str(made) == "host_calls rose from 0 to 1,000 (from nothing)"


def test_another_engine_is_not_compared():
    """Its fuel is another currency."""
    made = compare(replace(OLD, wasmtime=49), entry(slots={"a.b": cost(fuel=9999)}))
    assert (made.engine, made.worse, made.outdated) == (49, (), ())


def test_other_numbers_of_the_same_files_are_nobodys_regression():
    """However small the difference is."""
    made = compare(OLD, entry("old", slots={"a.b": cost(fuel=1001)}))
    assert (texts(made.unsteady), made.worse) == (["fuel rose from 1,000 to 1,001 (+0.10 %)"], ())


def test_another_manifest_may_change_the_numbers():
    """A permission more is a reply more."""
    now = entry("old", manifest="other", slots={"a.b": cost(fuel=2000)})
    assert [one.metric for one in compare(OLD, now).worse] == ["fuel"]


@pytest.mark.parametrize(
    ("slots", "unmeasured", "told"),
    [
        ({"a.b": cost(), "a.c": cost()}, {}, ["a.c is not listed"]),
        ({}, {}, ["a.b is listed, and the plugin has it no more"]),
        ({}, {"a.b": "it trapped"}, ["a.b could not be measured: it trapped"]),
        ({"a.b": cost("[]", fuel=9)}, {}, ["a.b was measured with {}, and now with []"]),
    ],
    ids=["new", "gone", "failed", "asked otherwise"],
)
def test_what_the_entry_does_not_fit_is_told(slots, unmeasured, told):
    """And is not compared."""
    made = compare(OLD, entry(slots=slots), unmeasured=unmeasured)
    assert (list(made.outdated), made.worse, made.better) == (told, (), ())


def test_an_update_keeps_what_could_not_be_measured():
    """Of the same engine; a slot that is gone goes."""
    before = entry("old", slots={"failed": cost(), "gone": cost()})
    now = entry(slots={"a.b": cost()})
    assert set(renewed(before, now, {"failed": "it trapped"}).slots) == {"failed", "a.b"}
    other = replace(before, wasmtime=49)
    assert set(renewed(other, now, {"failed": "it trapped"}).slots) == {"a.b"}


# -- thresholds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["fuel=1%", "fuel=1", " fuel = 1.0% "])
def test_a_threshold_is_read(text):
    """The sign may be left out."""
    assert threshold(text) == ("fuel", Decimal(1))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fule=1%", "did you mean 'fuel'?"),
        ("zzz=1%", "host_calls"),
        ("fuel", "write METRIC=PERCENT"),
        ("fuel=-1%", "has no percentage"),
        ("fuel=nan", "has no percentage"),
        ("fuel=1e9", "has no percentage"),
        ("fuel=\u0661", "has no percentage"),
    ],
)
def test_what_is_no_threshold_is_told(text, told):
    """With what would be one."""
    with pytest.raises(ValueError, match=r"has no percentage|names no metric") as caught:
        threshold(text)
    assert told in str(caught.value)


# -- the file --------------------------------------------------------------------------------------


def test_what_is_written_is_read_again():
    """Every number, and names that YAML would take for something else."""
    one = entry(slots={"no": cost('{"a":"é"}'), "1.10": cost(), "a: b": cost()}, module="12e45")
    two = replace(entry(), plugin="null", manifest="")
    text = write_costs([two, one])
    assert read_costs(text.encode(), "c.yaml") == ({"base": one, "null": two}, ())
    assert text.startswith(HEAD)
    assert write_costs([one, two], text) == text


def test_the_comments_at_the_top_are_kept():
    """A project may say there whose file it is."""
    assert write_costs([entry()], "# ours\nbase: {}\n").startswith("# ours\nbase:")


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n"])
def test_an_empty_file_lists_nothing(text):
    """Nothing is wrong with that."""
    assert read_costs(text.encode(), "c.yaml") == ({}, ())


GOOD = write_costs([entry()])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (GOOD, "- base", "the file is a list, expected a mapping"),
        (GOOD, "base: 1", "`base` is the text '1', expected a mapping"),
        (GOOD, "base:", "`base` is null, expected a mapping"),
        (GOOD, "a: *b", "alias"),
        (GOOD, "a: [", "close the bracket"),
        ("wasmtime: 50", "wasmtime: x", "`base.wasmtime` is the text 'x', expected a whole"),
        ("fuel: 1000", "fuel: -1", "`base.slots.a.b.fuel` is the text '-1', expected a whole"),
        ("fuel: 1000", "fuel: 1.5", "expected a whole number from 0 on"),
        ("fuel: 1000", "fule: 1000", "the key 'fule' is unknown"),
        ("fuel: 1000", "fule: 1000", "`base.slots.a.b` lacks `fuel`"),
        ("module: new", "modul: new", "`base` lacks `module`"),
        ("    a.b:\n", "    a.b:\n      logs: 1\n", "c.yaml:"),
    ],
)
def test_what_cannot_be_read_is_told(old, new, told):
    """Each problem at its line, with what to do."""
    found = read_costs(GOOD.replace(old, new).encode(), "c.yaml")[1]
    assert any(told in str(one) for one in found), list(map(str, found))


@pytest.mark.parametrize("data", [b"\xff", b"\0", b"a: !!python/object:x {}", b"%", b"? [a]\n: b"])
def test_hostile_bytes_are_problems(data):
    """And never an exception."""
    assert read_costs(data, "c.yaml")[1]
