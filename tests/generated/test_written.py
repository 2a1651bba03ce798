"""A call as Python: short, pure ASCII, and the same parameters when it is run."""

from __future__ import annotations

import json

import pytest

from pytest_zeno.evidence.generated.cases import TRAITS, cases
from pytest_zeno.evidence.generated.written import written_call, written_send
from pytest_zeno.evidence.requests import parameters_of
from tests.generated.conftest import slot_with


class _Plugin:
    """Gives back what it is called with."""

    @staticmethod
    def call(slot, /, **parameters):
        return slot, parameters

    @staticmethod
    def send(slot, request):
        return slot, request


def _run(text):
    return eval(text, {"plugin": _Plugin, "json": json})  # noqa: S307 (what is tested)


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({}, 'plugin.call("a.b")'),
        ({"name": "\0"}, r'plugin.call("a.b", name="\u0000")'),
        ({"name": "x" * 64}, 'plugin.call("a.b", name="x" * 64)'),
        ({"name": '🦓"\\'}, r'plugin.call("a.b", name="\U0001f993\"\\")'),
        ({"a": True, "b": None, "c": -0.0}, 'plugin.call("a.b", a=True, b=None, c=-0.0)'),
        ({"a": 1, "b c": 2}, 'plugin.call("a.b", a=1, **{"b c": 2})'),
        ({"class": 1}, 'plugin.call("a.b", **{"class": 1})'),
        ({"": 1, "a": 2}, 'plugin.call("a.b", **{"": 1, "a": 2})'),
        ({"a": [1] * 65}, 'plugin.call("a.b", a=[1] * 65)'),
        ({"\n::error::": 1}, r'plugin.call("a.b", **{"\u000a::error::": 1})'),
    ],
)
def test_call_is_written(parameters, text):
    """Guest text is escaped, repetitions are short, names that are no words go into a map."""
    assert written_call("a.b", parameters) == text
    assert _run(text) == ("a.b", parameters)


@pytest.mark.parametrize("kind", ["string", "any", "list", "map", "number"])
def test_every_call_runs_as_it_is_written(kind):
    """Pasted, a call has the same parameters in the same order, and fits on a screen."""
    slot = slot_with(kind)
    for trait in TRAITS:
        for case in cases(slot, parameters_of(slot))[trait]:
            text = written_call(slot.name, case.parameters)
            _, parameters = _run(text)
            assert json.dumps(parameters) == json.dumps(case.parameters)
            assert text.isascii()
            assert text.isprintable()
            assert len(text) < 400


def test_request_is_written():
    """A request that no call makes is sent as bytes."""
    text = written_send("a.b", rb'{"a": "\u00e9"}')
    assert _run(text) == ("a.b", rb'{"a": "\u00e9"}')
