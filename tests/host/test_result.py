"""What a call gives: a value with a short face, its costs, its logs, its host calls."""

from __future__ import annotations

import dataclasses

import pytest

from pytest_zeno import Limits, ZenoHost
from pytest_zeno.host import ledger
from pytest_zeno.host.ledger import Entry, Ledger, Trace
from tests.host.plugins import ask, asking, dropped

FAILURE = b'{"success":false,"error":"no \\u001b[31mluck"}\0'
ANSWER = b'{"success":true,"data":{"n":1}}\0'


def _answering(make, host, text, name="probe", **parts):
    run = parts.pop("run", "") + "(i32.const 9000)"
    parts["data"] = parts.get("data", {}) | {9000: text}
    return host.load(make(name, run=run, **parts))


def test_a_success(make, host):
    """Data and no error; fuel is not measured unless asked for; memory is in bytes."""
    result = _answering(make, host, ANSWER).call("probe.run")
    assert (result.success, result.data, result.error) == (True, {"n": 1}, None)
    assert (result.logs, result.host_calls, result.fuel) == ((), (), None)
    assert result.memory == 2 * 65536
    assert result.raw == ANSWER[:-1]
    assert repr(result) == "<Result success data={'n': 1}>"


def test_a_failure_is_a_result(make, host):
    """And no exception; what the guest wrote is shown escaped."""
    result = _answering(make, host, FAILURE).call("probe.run")
    assert (result.success, result.data, result.error) == (False, None, "no \x1b[31mluck")
    assert repr(result) == r"<Result failure error='no \x1b[31mluck'>"


def test_a_long_result_has_a_short_face(make, host):
    """A failed assertion does not fill the screen."""
    text = b'{"success":true,"data":{"text":"' + b"x" * 5000 + b'"}}\0'
    assert len(repr(_answering(make, host, text).call("probe.run"))) < 400


def test_results_are_equal_when_their_answers_are(make, host):
    """What a call cost and asked plays no part."""
    given = asking("host_log")
    plugin = _answering(make, host, ANSWER, **given, run=ask("host_log"))
    assert plugin.call("probe.run") == plugin.call("probe.run")
    other = _answering(make, host, FAILURE, "other")
    assert plugin.call("probe.run") != other.call("other.run")
    assert plugin.call("probe.run") != {"n": 1}


def test_a_result_is_no_key(make, host):
    """Its data is a dict."""
    with pytest.raises(TypeError):
        hash(_answering(make, host, ANSWER).call("probe.run"))


def test_results_and_host_calls_cannot_be_changed(make, host):
    """They are values."""
    given = asking("host_env_get")
    result = _answering(make, host, ANSWER, **given, run=dropped("host_env_get")).call("probe.run")
    with pytest.raises(AttributeError):
        result.pages = 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.host_calls[0].allowed = True


def test_order_is_kept(make, host):
    """Logs and host calls stand as the guest made them, in the result and in the ledger."""
    names = ("host_log", "host_env_get", "host_scope_get", "host_log")
    plugin = _answering(make, host, ANSWER, **asking(*names), run=dropped(*names))
    result = plugin.call("probe.run")
    assert [call.function for call in result.host_calls] == list(names)
    assert [call.function for call in host.ledger] == list(names)
    assert [record.message for record in result.logs] == ["hello", "hello"]
    assert host.log.records == result.logs


def test_each_result_keeps_its_own(make, host):
    """The next call does not change what the last one gave."""
    given = asking("host_env_get")
    plugin = _answering(make, host, ANSWER, **given, run=dropped("host_env_get"))
    first = plugin.call("probe.run")
    calls = first.host_calls
    plugin.call("probe.run")
    assert first.host_calls == calls
    assert len(host.ledger) == 2


def test_host_calls_are_equal_whatever_time_they_took(make, host):
    """So that two runs can be compared."""
    given = asking("host_env_get")
    plugin = _answering(make, host, ANSWER, **given, run=dropped("host_env_get"))
    assert plugin.call("probe.run").host_calls == plugin.call("probe.run").host_calls


def test_a_host_call_has_a_short_face(make, host):
    """Function, request, and what decided."""
    given = asking("host_env_get")
    plugin = _answering(make, host, ANSWER, **given, run=dropped("host_env_get"))
    (call,) = plugin.call("probe.run").host_calls
    assert repr(call) == "<HostCall host_env_get API_KEY: permission_denied (env.no_grant)>"


def test_dropped_log_lines_have_one_notice(make):
    """Behind the lines that were kept."""
    given = asking("host_log")
    with ZenoHost(limits=Limits(log_records=2)) as host:
        plugin = _answering(make, host, ANSWER, **given, run=ask("host_log") * 5)
        result = plugin.call("probe.run")
    messages = [record.message for record in result.logs]
    assert messages == ["hello", "hello", "3 log lines above the limits were dropped"]
    assert result.host_calls[-1].rule == "log.limit"


def test_fuel_of_a_first_call_is_the_same_in_two_hosts(make):
    """It is measured on a fresh instance, and above nothing."""
    folder = make(**asking("host_log"), run=ask("host_log") + "(i32.const 4096)")
    fuel = []
    for _ in range(2):
        with ZenoHost(measure_fuel=True) as host:
            fuel.append(host.load(folder).call("probe.run").fuel)
    assert fuel[0] == fuel[1]
    assert fuel[0] > 0


# -- the ledger's bounds ---------------------------------------------------------------------------


def _entry(calls, request=b""):
    entry = Entry("probe", "execute")
    for _ in range(calls):
        entry.add(Trace("host_env_get", request, "", "env.grant A", "", b"", 0.0), len(request))
    return entry


def test_the_ledger_forgets_the_oldest():
    """Above its number of host calls, a whole entry at a time."""
    kept = Ledger(most=5)
    for _ in range(4):
        kept.add(_entry(2))
    assert len(kept) == 4
    assert len(list(kept)) == 4
    kept.clear()
    assert (len(kept), list(kept)) == (0, [])


def test_the_ledger_forgets_what_is_heavy(monkeypatch):
    """Bytes count as well as calls."""
    monkeypatch.setattr(ledger, "KEPT_WEIGHT", 10_000)
    kept = Ledger()
    for _ in range(9):
        kept.add(_entry(1, b"x" * 3000))
    assert len(kept) == 3


def test_an_entry_has_room_for_so_much(monkeypatch):
    """What has no room is counted, with one notice."""
    monkeypatch.setattr(ledger, "KEPT_OF_ENTRY", 2_600)
    entry = _entry(10, b"x" * 1000)
    entry.say_dropped()
    *calls, notice = entry.calls
    assert [len(call.request) for call in calls] == [1000, 1000]
    assert (notice.rule, notice.detail) == (
        "ledger.full",
        "8 more host calls were not written down",
    )
