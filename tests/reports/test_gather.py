"""What a rule's report carries, and how a record is made of it."""

from __future__ import annotations

import msgspec
import pytest

from pytest_zeno.errors import Excerpt, Problem
from pytest_zeno.host.ledger import HostCall
from pytest_zeno.reports import gather
from pytest_zeno.reports.build import Gathered, record
from pytest_zeno.reports.record import About, Finding
from pytest_zeno.verdict import finding
from pytest_zeno.verdict.rule import catalogue
from pytest_zeno.verdict.status import Status
from pytest_zeno.verdict.verdict import Verdict
from tests.reports import samples

RULE = next(rule for rule in catalogue() if rule.id == "STR-003")
ABOUT = About(label="x", name="x", path="x", module="x/x.wasm")


def call(request=b"visits", **members):
    """Return a host call as the ledger has it."""
    standard = {
        "plugin": "x",
        "phase": "execute",
        "slot": "x.y",
        "function": "host_scope_get",
        "request": request,
        "allowed": True,
        "code": "",
        "rule": "scope.grant read",
        "detail": "",
        "reply": b"1",
        "seconds": 0.5,
    }
    return HostCall(**{**standard, **members})


def test_host_calls_that_are_alike_are_one():
    """In the order of the first of each kind, with how many there were."""
    shown, more = gather.host_calls([call(), call(b"other"), call(seconds=0.1)])
    assert [(one.request, one.times) for one in shown] == [("visits", 2), ("other", 1)]
    assert more == 0


def test_host_calls_that_are_too_many_are_counted():
    """All of those that are not shown, not their kinds."""
    kinds = [call(str(number).encode()) for number in range(gather.MOST_CALLS)]
    shown, more = gather.host_calls([*kinds, call(b"late"), call(b"late")])
    assert (len(shown), more) == (gather.MOST_CALLS, 2)


def test_a_refused_call_says_so():
    """With the code that the guest learns."""
    ((one,), _) = gather.host_calls([call(code="not_found", rule="scope.absent")])
    assert (one.allowed, one.code) == (False, "not_found")


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_no_text_of_a_plugin_is_carried_as_it_is(text):
    """Whatever field it stands in; what is carried can be sent and written."""
    problem = Problem("x", text, text, 1, 2)
    found = finding.Finding(
        RULE, text, text, text, text, (text,), text, (problem,), Excerpt("memory", 0, 1, b"ab")
    )
    breach = gather.breach(found, language="c", again=text, shown=str)
    calls, _ = gather.host_calls([call(text.encode("utf-8", "replace"), slot=text, detail=text)])
    sent = msgspec.json.encode((breach, calls)).decode()
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u200b", "\ufeff", "\u2028"} & set(sent)


def test_a_breach_has_its_fix_in_the_authors_language():
    """And its bytes in digits."""
    found = finding.Finding(RULE, "x", excerpt=Excerpt("answer", 3, 4, b"\x00\xff"))
    breach = gather.breach(found, language="go", again="pytest", shown=str)
    assert [fix.text for fix in breach.fixes] == [RULE.fix["go"]]
    assert (breach.excerpt.of, breach.excerpt.hex) == ("answer", "00ff")


def test_a_manifest_stands_with_what_was_expected():
    """Line by line, so that it can be pasted from any report."""
    found = finding.Finding(RULE, "x", expected="less", manifest="permissions:\n  env: [A]")
    breach = gather.breach(found, language="", again="", shown=str)
    assert breach.expected == "less\npermissions:\n  env: [A]"


def _carried(**members):
    carried = gather.Carried(rule=RULE.id, test="test_str003_x", about=ABOUT, **members)
    return msgspec.to_builtins(carried)


def _run(status, *carried, because=""):
    verdict, gathered = Verdict("x", frozenset({RULE.id})), Gathered()
    verdict.add(RULE.id, status, because)
    for one in carried:
        gathered.add("x", one)
    return record([verdict], gathered, exit_code=1, version="1", date="2026")


def test_the_verdict_says_what_became_of_a_rule():
    """The record has its word for it, and counts it."""
    seen = Finding(message="x")
    for status in Status:
        (plugin,) = _run(status, _carried(finding=seen)).plugins
        assert [rule.status for rule in plugin.rules] == [status]
        assert getattr(plugin.counts, status) == 1
        mild = status in (Status.KEPT, Status.UNTESTED)
        assert plugin.rules[0].finding == (None if mild else seen)


def test_a_rule_that_left_nothing_behind_has_its_status():
    """A worker that crashed sends a status and nothing else."""
    verdict, gathered = Verdict("x", frozenset({RULE.id})), Gathered()
    gathered.meet("x", ABOUT)
    verdict.add(RULE.id, Status.ERROR)
    (plugin,) = record([verdict], gathered, exit_code=3, version="1").plugins
    assert [(rule.test, rule.status) for rule in plugin.rules] == [(RULE.test, "error")]
    assert plugin.about == ABOUT


def test_a_finding_outlives_a_report_without_one():
    """A rule that fails, and whose teardown passes or was repeated."""
    run = _run(Status.BROKEN, _carried(finding=Finding(message="x")), _carried())
    assert run.plugins[0].rules[0].finding.message == "x"


def test_the_longest_list_of_host_calls_is_the_last():
    """Reports of two workers come in any order."""
    one, two = gather.host_calls([call()]), gather.host_calls([call(), call(b"b")])
    lists = [_carried(host_calls=calls) for calls, _ in (two, one)]
    assert _run(Status.KEPT, *lists).plugins[0].host_calls == two[0]


def test_a_rule_that_is_no_part_of_the_verdict_is_left_out():
    """The user's own mark skipped it."""
    gathered = Gathered()
    gathered.add("x", _carried())
    (plugin,) = record(
        [Verdict("x", frozenset({RULE.id}))], gathered, exit_code=0, version="1"
    ).plugins
    assert (plugin.rules, plugin.verdict) == ((), "no verdict")
