"""What a plugin did with unusual parameters: breaches, their causes, and what was left out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_zeno.errors import LimitError, ProtocolError, TrapError, ZenoError
from pytest_zeno.evidence.generated import asking
from pytest_zeno.evidence.generated.cases import TRAITS
from pytest_zeno.verdict.rule import owner_of
from pytest_zeno.verdict.verdict import Verdict
from tests.generated.conftest import FIXTURES

LONG = "(i32.gt_u (i32.sub (call $value (local.get $text)) (local.get $text)) (i32.const 302))"


def _calls(asked, what, **limits):
    return {kind: vars(error)["call"] for kind, error in asked(what, **limits).broken.items()}


def _echoing(condition, then):
    """Return the change that does something else than echo when a condition holds."""
    from bad.mutant import ECHO, code

    return code((ECHO, f"(if {condition} (then {then}))\n    {ECHO}"))


def _counting(then):
    """Return the change that does something at every hundredth call of a guest."""
    from bad.mutant import ECHO, adding

    count = "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))"
    often = "(i32.eqz (i32.rem_u (global.get $calls) (i32.const 100)))"
    return adding(
        "(global $calls (mut i32) (i32.const 0))",
        (ECHO, f"{count} (if {often} (then {then})) {ECHO}"),
    )


@pytest.mark.parametrize(
    ("mutant", "kind", "call"),
    [
        ("par010-last-byte", "empty", 'plugin.call("base.echo", text="")'),
        ("par011-number-as-text", "other_type", 'plugin.call("base.echo", text=0)'),
        ("par012-truncates", "number", 'plugin.call("base.echo", text="Hello", times=2147483648)'),
        ("par013-raw-controls", "character", r'plugin.call("base.echo", text="\u0008")'),
        ("par014-nul-ends", "nul", r'plugin.call("base.echo", text="\u0000")'),
        ("par015-stack-buffer", "long", 'plugin.call("base.echo", text="x" * 201)'),
        ("par015-snprintf", "long", 'plugin.call("base.echo", text="x" * 1001)'),
    ],
)
def test_call_is_the_smallest(asked, mutant, kind, call):
    """The finding shows the smallest call that does it, without what has no part in it."""
    assert _calls(asked, mutant) == {kind: call}


def test_breach_is_the_rules(asked):
    """The error of a breach belongs to the rule on its kind, and keeps what came."""
    found = asked("par014-nul-ends")
    with pytest.raises(ProtocolError, match="Unterminated string") as caught:
        found.check("nul")
    assert owner_of(caught.value).id == "PAR-014"
    assert vars(caught.value)["observed"] == '{"success":true,"data":{"text":"'
    found.check("long")


def test_trap_keeps_its_backtrace(asked):
    """Who reads of a trap reads where it was."""
    with pytest.raises(TrapError) as caught:
        asked("par015-stack-buffer").check("long")
    assert caught.value.backtrace[0].startswith("echo")


def test_two_runs_say_the_same(asked):
    """Every call is made in every run: nothing is drawn by chance, shrinking included."""
    for name in ("par015-snprintf", "par016-tokens", "par020-spills"):
        first, second = (asked(name) for _ in range(2))
        said = [[vars(error) for error in found.broken.values()] for found in (first, second)]
        assert [one["call"] for one in said[0]] == [one["call"] for one in said[1]] != []
        assert [one["observed"] for one in said[0]] == [one["observed"] for one in said[1]]


def test_aftermath_shows_both_calls(asked):
    """A call that breaks the next one is shown with it."""
    (call,) = _calls(asked, "par020-spills").values()
    assert call.startswith('plugin.call("base.echo", text="x" * 256); plugin.send("base.echo", ')


def test_state_is_not_blamed_on_a_call(asked):
    """A guest that fails at its hundredth call, whatever it is, has no call to show."""
    found = asked(_counting("unreachable"))
    assert (found.broken, found.barred, found.unsound) == ({}, {}, None)


def test_one_cause_is_one_breach(asked):
    r"""A reader that traps at \u is broken once; what fails for the same cause names it."""
    from bad.mutant import ECHO, adding
    from bad.on_parameters import HAS

    reading = rf'(if (call $has (local.get $text) @"\5cu") (then unreachable)) {ECHO}'
    found = asked(adding(HAS, (ECHO, reading)))
    assert set(found.broken) == {"character"}
    assert found.barred["nul"] is found.broken["character"]
    assert owner_of(found.barred["escape"]).id == "PAR-013"


def test_slot_whose_plain_requests_fail_is_not_asked(asked):
    """What plain requests show is not told again: the rule that tells it is named."""
    found = asked("lif005-missing-traps")
    assert (found.broken, found.barred) == ({}, {})
    with pytest.raises(ZenoError) as caught:
        found.check("nul")
    assert owner_of(caught.value).id == "LIF-005"


def test_malformed_plain_response_is_its_rules(asked):
    """The same holds for a response that is JSON, and not the contract's."""
    with pytest.raises(ProtocolError) as caught:
        asked("rsp005-no-reason").check("nul")
    assert owner_of(caught.value).id == "RSP-005"


def test_another_parameter_taken_for_an_input_is_seen_in_the_answer(asked):
    """Where every type is taken, the answer shows whose value it is."""
    from bad.mutant import adding, both, slots
    from bad.on_parameters import SEARCH, TEXT

    takes_all = slots('"type": "string", "required"', '"type": "any", "required"')
    searching = adding(SEARCH, (TEXT, "(local.set $text (call $search (local.get $request)))"))
    found = asked(both(takes_all, searching))
    assert set(found.broken) == {"name"}
    assert found.broken["name"].message == "a parameter that is no input is taken for one"


def test_slot_that_answers_all_it_was_given_is_not_blamed(asked):
    """Parameters that no input names may show in the answer, as deep as they came."""
    from bad.mutant import ECHO, code

    put = """(call $put @"{\\22success\\22:true,\\22data\\22:{\\22all\\22:")
    (call $put (local.get $parameters)
      (i32.sub (call $value (local.get $parameters)) (local.get $parameters)))
    (call $put @"}}")
    (return (call $close))"""
    found = asked(code((ECHO, f"(call $open) {put} {ECHO}")))
    assert (found.broken, found.barred, found.unsound) == ({}, {}, None)


def test_call_that_hangs_is_ended_and_not_made_smaller(asked):
    """An endless loop costs its time twice: once in turn, once to be sure."""
    found = asked(_echoing(LONG, "(loop $for_ever (br $for_ever))"), timeout=0.1)
    assert set(found.broken) == {"long"}
    assert isinstance(found.broken["long"], LimitError)
    assert vars(found.broken["long"])["call"].startswith('plugin.call("base.echo", text="x" * 511')


def test_plugin_that_always_hangs_is_left_alone(asked):
    """After three calls in turn that ran out of time nothing is asked, and no rule is kept."""
    found = asked(_counting("(loop $for_ever (br $for_ever))"), timeout=0.1)
    assert found.broken == {}
    with pytest.raises(LimitError):
        found.check("escape")
    assert owner_of(found.barred["escape"]).id == "LIF-007"


def test_one_case_of_each_trait_is_asked_however_long_it_takes(asked, monkeypatch):
    """Where time is up, what was not asked is counted, and told."""
    monkeypatch.setattr(asking, "MOST_SECONDS", 0.0)
    found = asked("par010-last-byte")
    assert set(found.broken) == {"empty"}
    assert found.unasked > 500
    assert found.left_out == f"{found.unasked:,} generated calls not made: no time"


def test_verdict_says_what_was_left_out():
    """The verdict's line ends with it; nothing is left out in silence."""
    verdict = Verdict("hello", frozenset({"A"}), left_out="7 generated calls not made: no time")
    assert str(verdict).endswith("; 7 generated calls not made: no time")


def test_nothing_is_left_behind(asked, tmp_path, monkeypatch):
    """Looking for a smaller call leaves no folder, and Hypothesis where it was."""
    from hypothesis.configuration import storage_directory

    def home():
        known = storage_directory("x", intent_to_write=False)
        return getattr(known, "path", known)

    monkeypatch.chdir(tmp_path)
    before = home()
    assert _calls(asked, "par015-snprintf")
    assert home() == before
    assert not (tmp_path / ".hypothesis").exists()


def test_good_plugin_costs_no_hypothesis():
    """Hypothesis is imported where something has to be made smaller, and not before."""
    code = (
        "import sys; from pathlib import Path; from pytest_zeno.evidence.subject import Subject\n"
        f"found = Subject(Path({str(FIXTURES / 'hello-c')!r})).generated\n"
        "print(found.broken, found.unasked, 'hypothesis' in sys.modules)"
    )
    ran = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["{}", "0", "False"]


@pytest.mark.parametrize("name", ["hello-as", "hello-c", "hello-rust", "hello-zig"])
def test_good_plugins_answer_everything(name):
    """Every case is asked of the hello plugins, and answered."""
    from pytest_zeno.evidence.subject import Subject

    subject = Subject(Path(FIXTURES / name))
    found = subject.generated
    subject.close()
    assert (found.broken, found.barred, found.unsound, found.unasked) == ({}, {}, None, 0)
    for trait in TRAITS:
        found.check(trait)
