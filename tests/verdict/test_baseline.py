"""The baseline: what is expected today, what is wrong with the list, what a run leaves of it."""

from __future__ import annotations

from datetime import date

import pytest

from pytest_zeno.verdict.baseline import TODO, Baseline, Entry, updated
from pytest_zeno.verdict.baseline_file import MENDED, read_baseline, write_baseline
from pytest_zeno.verdict.comments import lost_comments
from pytest_zeno.verdict.status import Status

TODAY = date(2026, 6, 15)
ENTRY = Entry("STR-003", "hello", "see the tracker", "team-a", "2026-06-15", 1)
TEXT = """\
- rule: STR-003
  plugin: hello
  reason: see the tracker
  owner: team-a
  expires: 2026-06-15
"""


def problems(text: str) -> list[str]:
    """Return the problems of a baseline, without hints."""
    return [str(one).partition(" (")[0] for one in read_baseline(text.encode(), "b.yaml")[1]]


# -- reading ---------------------------------------------------------------------------------------


def test_an_entry_is_read():
    """Every field as it is spelled, and the line it starts on."""
    baseline, found = read_baseline(TEXT.encode(), "b.yaml")
    assert (baseline.entries, found) == ((ENTRY,), ())


@pytest.mark.parametrize("text", ["", "# nothing\n", "[]\n", "\ufeff"])
def test_an_empty_file_lists_nothing(text):
    """Nothing is wrong with that."""
    baseline, found = read_baseline(text.encode(), "b.yaml")
    assert (baseline.entries, found) == ((), ())


def test_a_reason_may_have_lines():
    """It is told on one."""
    text = TEXT.replace("see the tracker", "|\n    see\n    the tracker")
    assert read_baseline(text.encode(), "b.yaml")[0].entries[0].reason == "see the tracker"


@pytest.mark.parametrize("name", ["rule", "plugin", "reason", "owner", "expires"])
def test_every_field_is_required(name):
    """A breach that nobody answers for is none that is accepted."""
    text = "".join(
        line for line in TEXT.replace("- ", "  ").splitlines(True) if f" {name}:" not in line
    )
    assert problems(f"- {text[2:]}") == [f"b.yaml:1:3: the entry lacks `{name}`"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("see the tracker", "", "b.yaml:1:3: the entry lacks `reason`"),
        ("see the tracker", "TODO", "b.yaml:3:11: `reason` is still to be filled in"),
        ("2026-06-15", "TODO", "b.yaml:5:12: `expires` is still to be filled in"),
        ("2026-06-15", "soon", "b.yaml:5:12: `expires` is 'soon', which is no day"),
        ("2026-06-15", "2026-02-30", "b.yaml:5:12: `expires` is '2026-02-30', which is no day"),
        ("STR-003", "STR-999", "b.yaml:1:3: there is no rule 'STR-999'"),
        ("owner", "owned", "b.yaml:1:3: the entry lacks `owner`"),
        ("team-a", "[team-a]", "b.yaml:4:10: `[0].owner` is a list, expected a text"),
        ("- rule", "  rule", "b.yaml:1:3: the baseline is a mapping, expected a list"),
        ("team-a", "*a", "b.yaml:4:10: the alias '*a' is refused"),
        ("team-a", '"', "b.yaml:6:1: not YAML: found unexpected end of stream"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(old, new, expected):
    """And nothing ends in a traceback."""
    assert problems(TEXT.replace(old, new))[0] == expected


def test_a_hint_says_what_to_do():
    """A near id, a field's meaning."""
    hints = [one.hint for one in read_baseline(TEXT.replace("003", "093").encode(), "b")[1]]
    assert hints[0].startswith("did you mean 'STR-00")
    (missing,) = read_baseline(TEXT.replace("  owner: team-a\n", "").encode(), "b")[1]
    assert missing.hint == "write who is to mend it"


def test_an_entry_stands_once():
    """The second one says where the first is; another plugin's is another entry."""
    assert problems(TEXT + TEXT) == ["b.yaml:6:3: STR-003 of hello is listed already, on line 1"]
    assert problems(TEXT + TEXT.replace("hello", "other")) == []


# -- what is expected ------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "accepted"), [(14, True), (15, True), (16, False)])
def test_the_last_day_is_part_of_it(day, accepted):
    """After it nothing is expected, and the entry is a problem."""
    baseline, today = Baseline("b.yaml", (ENTRY,)), date(2026, 6, day)
    assert (baseline.accepted(today) == {ENTRY.key: ENTRY}) == accepted
    assert [str(one) for one in baseline.expired(today)] == (
        []
        if accepted
        else [
            (
                "b.yaml:1:1: the entry for STR-003 of hello expired on 2026-06-15 "
                "(mend the plugin, or agree with team-a on another day)"
            )
        ]
    )


@pytest.mark.parametrize("name", ["reason", "owner", "expires"])
def test_what_is_not_filled_in_expects_nothing(name):
    """Also while the list is updated."""
    entry = Entry(**{**_fields(ENTRY), name: TODO})
    assert not entry.accepted(TODAY)
    assert Baseline("b.yaml", (entry,)).expired(TODAY) == []


@pytest.mark.parametrize("status", Status)
def test_an_entry_is_stale_when_its_rule_is_kept(status):
    """What did not run, could not be tested or failed in the harness is left alone."""
    baseline = Baseline("b.yaml", (ENTRY,))
    stale = baseline.stale({ENTRY.key: status})
    assert bool(stale) == (status is Status.KEPT)
    assert baseline.stale({("STR-003", "other"): Status.KEPT, ("STR-004", "hello"): status}) == []


def test_a_plugin_that_is_not_judged_is_for_another_run():
    """Unless its rule is broken by one that has no entry: the name is wrong then, or old."""
    baseline = Baseline("b.yaml", (ENTRY,))
    kept = {("STR-003", "helo"): Status.KEPT}
    assert baseline.unknown(["helo"], kept, every=False) == []
    assert baseline.unknown(["hello"], {}, every=True) == []
    for outcomes, every in (({("STR-003", "helo"): Status.BROKEN}, False), (kept, True)):
        assert [str(one) for one in baseline.unknown(["helo"], outcomes, every=every)] == [
            (
                "b.yaml:1:1: the entry for STR-003 names the plugin hello, which this run does not "
                "judge (write helo, or remove the entry)"
            )
        ]


# -- writing ---------------------------------------------------------------------------------------

RULES = ("MOD-001", "STR-003", "STR-004")


def _fields(entry: Entry) -> dict[str, str]:
    return {name: getattr(entry, name) for name in ("rule", "plugin", "reason", "owner", "expires")}


@pytest.mark.parametrize("status", Status)
def test_an_update_adds_what_is_broken(status):
    """To be filled in; what is expected already, warned of or untested is nothing new."""
    added = [Entry("STR-004", "hello")] if status is Status.BROKEN else []
    assert updated([ENTRY], {("STR-004", "hello"): status}, RULES) == [ENTRY, *added]


@pytest.mark.parametrize("status", Status)
def test_an_update_drops_what_is_kept(status):
    """Whatever else becomes of the rule, the entry stays as it is."""
    left = [] if status is Status.KEPT else [ENTRY]
    assert updated([ENTRY], {ENTRY.key: status}, RULES) == left


def test_an_update_drops_what_means_nothing():
    """A rule that is no more, and the second of two entries."""
    gone, again = Entry("OLD-001", "hello"), Entry(*ENTRY.key, reason="another")
    assert updated([ENTRY, gone, again], {}, RULES) == [ENTRY]


def test_an_update_sorts():
    """By plugin and rule, so that two people's updates meet in few lines."""
    broken = dict.fromkeys([("STR-004", "b"), ("MOD-001", "b"), ("STR-003", "a")], Status.BROKEN)
    assert [entry.key for entry in updated([], broken, RULES)] == sorted(
        broken, key=lambda key: key[::-1]
    )


def test_what_is_written_is_read_again():
    """Whatever stands in it."""
    entries = (
        ENTRY,
        Entry("STR-004", "no", "see #12: 'tis so", "@team", "2026-01-31"),
        Entry("MOD-001", "1.10", "é 日本 \U0001f600", "null", "2026-12-01"),
    )
    text = write_baseline(entries)
    baseline, found = read_baseline(text.encode(), "b.yaml")
    assert [_fields(entry) for entry in baseline.entries] == [_fields(entry) for entry in entries]
    assert found == ()
    assert write_baseline(baseline.entries, text) == text


def test_a_new_file_says_what_it_is():
    """And where to read of it."""
    text = write_baseline([Entry("STR-003", "hello")])
    assert text.startswith("# Breaches that are known")
    assert text.endswith(
        "- rule: STR-003\n  plugin: hello\n  reason: TODO\n  owner: TODO\n  expires: TODO\n"
    )
    assert {one.code for one in read_baseline(text.encode(), "b")[1]} <= MENDED


def test_comments_at_the_top_are_kept():
    """Of those further down their lines are told."""
    text = (
        "# ours\n\n# too\n- rule: STR-003 # lost\n  plugin: hello\n  # lost\n"
        '  reason: "not # a comment"\n  owner: a#b\n  expires: 2026-06-15\n# lost\n'
    )
    assert lost_comments(text) == [4, 6, 10]
    (entry,) = read_baseline(text.encode(), "b.yaml")[0].entries
    written = write_baseline([entry], text)
    assert written.startswith("# ours\n\n# too\n- rule")
    assert lost_comments(written) == []
