"""Each leak is found by the check that it belongs to, and good plugins have none.

`ZENO_TEST_LEAK_RUNS` judges the good plugins so many times over.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from bad.base import base
from bad.mutant import PONG
from bad.on_memory import losing

pytest.importorskip("memray")

from pytest_zeno.evidence.subject import Subject
from pytest_zeno.host.guest import Guest
from pytest_zeno.leaks import plugin as checks
from pytest_zeno.leaks import tell
from pytest_zeno.services.scope import ScopeService

FIXTURES = Path(__file__).parents[2] / "fixtures"
LONG_RUNS = int(os.environ.get("ZENO_TEST_LEAK_RUNS", "0"))
LANGUAGES = ("c", "zig", "rust", "as", "go") if LONG_RUNS else ("c",)
CALLS = checks.CALLS if LONG_RUNS else 100
KEPT = []


@pytest.fixture
def hello():
    """The good plugin in C."""
    subject = Subject(FIXTURES / "hello-c")
    yield subject
    subject.close()
    KEPT.clear()


def test_a_guest_that_leaks_16_bytes_a_call_is_found(tmp_path):
    """The guest's half names the slot and its rate; the host's half has nothing to say."""
    losing("(i32.const 16)", PONG)(base()).write(tmp_path)
    subject = Subject(tmp_path)
    found = checks.guest(subject)
    losing_slots = {loss.call.slot for loss in found.losses}
    assert losing_slots == {"base.ping"}
    assert subject.steadiness.calls <= 2_100
    assert found.losses[0].bytes == pytest.approx(16, rel=0.1)
    assert not any(checks.calls(subject, CALLS).grown.values())
    assert "base.ping loses 16 bytes a call" in tell.guest_line(found)


def test_a_service_that_keeps_an_object_is_found(hello, monkeypatch):
    """The check of calls names the slot that asks it, and the line that allocates."""
    honest = ScopeService.find

    def keeping(self, keys):
        KEPT.append(object())
        return honest(self, keys)

    monkeypatch.setattr(ScopeService, "find", keeping)
    found = checks.calls(hello, CALLS)
    assert [slot for slot, grown in found.grown.items() if grown] == ["hello.count"]
    (one,) = [grown for grown in found.grown["hello.count"] if grown.blocks]
    assert one.blocks == pytest.approx(1, rel=0.1)
    assert 16 <= one.bytes < 40  # and the list takes some
    assert (one.stack[0].function, one.stack[0].file) == ("keeping", __file__)
    assert checks.guest(hello).losses == ()


def test_one_store_that_is_kept_is_found(hello, monkeypatch):
    """One of all loads is enough: the check of loads names it and who holds it."""
    honest = Guest.close

    def keeping(self):
        if len(KEPT) < 20:
            KEPT.append(None)
        elif len(KEPT) == 20:
            KEPT.append(self.instance._store)
        honest(self)

    monkeypatch.setattr(Guest, "close", keeping)
    assert not any(checks.calls(hello, CALLS).grown.values())
    found = checks.loads(hello, 10)
    (one,) = found.living
    assert (one.kind, one.count) == ("wasmtime.Store", 1)
    assert one.holder == f"a list, in the globals of {__name__}"
    assert found.grown == ()


def test_every_load_that_stays_is_found(hello, monkeypatch):
    """The blocks of each module are told with the stack of the load."""
    honest = Guest.close

    def keeping(self):
        KEPT.append(self)
        honest(self)

    monkeypatch.setattr(Guest, "close", keeping)
    found = checks.loads(hello, 10)
    assert "pytest_zeno.GuestModule" in {one.kind for one in found.living}
    assert found.grown


@pytest.mark.parametrize("language", LANGUAGES)
def test_good_plugins_keep_nothing(language):
    """Neither the guest nor the host reports anything, run after run."""
    for _ in range(LONG_RUNS or 1):
        subject = Subject(FIXTURES / f"hello-{language}")
        assert checks.guest(subject).losses == ()
        assert not any(checks.calls(subject, CALLS).grown.values())
        found = checks.loads(subject, checks.LOADS if LONG_RUNS else 10)
        assert (found.grown, found.living) == ((), ())
        subject.close()
