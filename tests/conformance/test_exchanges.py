"""Asking once: which requests are made, and what becomes of failures."""

from __future__ import annotations

from collections import Counter

import pytest

from pytest_zeno.errors import TrapError
from pytest_zeno.evidence.subject import Subject
from pytest_zeno.evidence.values import fitting, text_of, unfitting
from pytest_zeno.limits import Limits
from pytest_zeno.protocol.names import INPUT_TYPES


@pytest.fixture
def exchanges(built):
    """Return the exchanges with a plugin of this name."""
    found = []

    def ask(name, **limits):
        found.append(Subject(built / name, limits=Limits(**limits)))
        return found[-1].exchanges

    yield ask
    for subject in found:
        subject.close()


def _of(exchanges, kind, slot="base.echo"):
    return [one for one in exchanges if one.kind == kind and one.ask.name == slot]


def test_valid_request_has_every_input(exchanges):
    """The valid request gives each input a value of its type."""
    (one,) = _of(exchanges("base"), "valid")
    assert one.ask.request == b'{"slot_name":"base.echo","parameters":{"text":"value","loud":true}}'
    assert one.value == {"success": True, "data": {"text": "value"}}


def test_every_kind_is_asked(exchanges):
    """Each kind of request is made, for each input or slot it is about."""
    counted = Counter(one.kind for one in exchanges("base"))
    assert counted["missing"] == counted["left_out"] == 1
    assert counted["null"] == counted["wrong_type"] == 2
    assert counted["in_turn"] == 4
    assert len(counted) == 22


def test_awkward_text_comes_back_whole(exchanges):
    """Quotes, backslashes and characters beyond ASCII survive in a good plugin."""
    (one,) = _of(exchanges("base"), "awkward")
    assert one.success
    assert '"quoted"' in one.value["data"]["text"]


def test_failure_is_kept_and_the_next_request_asked(exchanges):
    """A call that traps is an exchange with an error; the next one runs on a fresh guest."""
    made = exchanges("lif005-missing-traps")
    (missing,) = _of(made, "missing")
    assert isinstance(missing.error, TrapError)
    assert (missing.response, missing.success) == (None, None)
    assert all(one.success for one in _of(made, "in_turn"))


def test_unreadable_response_is_told_apart(exchanges):
    """A response that came and is no JSON has bytes, and the reason why it has no value."""
    one = _of(exchanges("msg001-unescaped-quote"), "wrong_type")[-1]
    assert one.response.startswith(b'{"success":false')
    assert (one.error, one.unreadable.code) == (None, "protocol.json")


def test_plugin_that_runs_out_of_time_is_not_asked_for_ever(exchanges):
    """After three calls that ran out of time, the rest fails for the same reason at once."""
    made = exchanges("lif007-wrong-type-loops", timeout=0.1)
    late = {id(one.error) for one in made if one.error}
    assert len(late) <= 3


def test_each_kind_is_asked_however_long_it_takes(exchanges, monkeypatch):
    """Where there is no time for all, one request of each kind is made: no rule is kept unasked."""
    monkeypatch.setattr("pytest_zeno.evidence.exchanges.MOST_SECONDS", 0.0)
    counted = Counter(one.kind for one in exchanges("base"))
    assert len(counted) == 22
    assert {kind for kind, count in counted.items() if count > 1} == {"unknown_slot"}


def test_what_callers_send_comes_first(exchanges):
    """A finding shows the request that a caller is likeliest to send."""
    kinds = [one.kind for one in exchanges("base")]
    assert kinds.index("missing") < kinds.index("wrong_type") < kinds.index("not_json")


def test_host_calls_come_with_their_exchange(exchanges):
    """An exchange knows what the plugin asked of the host meanwhile, and what it logged."""
    (one,) = _of(exchanges("base"), "valid", "base.ping")
    assert [call.function for call in one.host_calls][-1] == "host_scope_set"
    assert [record.message for record in one.logs] == ["pinged"]


@pytest.mark.parametrize("kind", sorted(INPUT_TYPES))
def test_values_fit_and_do_not(kind):
    """Each type has a value, a text for the environment, and one that no conversion makes fit."""
    assert fitting(kind) is not None
    assert text_of(kind)
    assert (unfitting(kind) is None) == (kind == "any")
    assert type(fitting(kind)) is not type(unfitting(kind))


def test_default_is_the_value():
    """An input's default is a value that fits."""
    assert fitting("string", "Hello") == "Hello"
