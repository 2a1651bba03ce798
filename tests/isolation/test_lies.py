"""A worker that a guest has taken over may say anything: none of it hurts the parent."""

from __future__ import annotations

import struct
from pathlib import Path

import msgspec
import pytest

from pytest_zeno import Limits, LoadError, TrapError
from pytest_zeno.isolation import process, wire
from pytest_zeno.isolation.failures import Failure
from pytest_zeno.isolation.process import Process
from tests.runtime.guests import Calls, guest, module

LIAR = """\
import struct, sys
read, write = sys.stdin.buffer, sys.stdout.buffer
for said in {said!r}:
    write.write(said)
    write.flush()
    size, = struct.unpack("<Q", read.read(8))
    read.read(size)
read.read()
"""
LOG = wire.Log(b"info", b"", 0)
LIMITS = Limits(log_records=20, log_bytes="1KiB")


def frame(message):
    """Return a message as it goes through the pipe."""
    data = message if isinstance(message, bytes) else wire.encode(message)
    return struct.pack("<Q", len(data)) + data


def failed(**parts):
    """Return an entry that failed in a way that no guest can."""
    said = {
        "kind": "TrapError",
        "message": "m",
        "code": "trap.other",
        "phase": "execute",
        "slot": "",
        "hint": "",
        "more": {},
    }
    failure = Failure(**said | parts)
    return frame(wire.Done(failure=msgspec.msgpack.encode(failure)))


LIES = {
    "no msgpack": frame(b"\xc1"),
    "nothing": frame(b""),
    "a message without end": struct.pack("<Q", 2**40),
    "another shape": frame(wire.encode([1, 2])),
    "an unknown kind": frame(wire.encode({"type": "Exec", "code": "import os"})),
    "deep nesting": frame(b"\x91" * 10_000),
    "that it starts": frame(wire.Ready()),
    "a function that is not there": frame(wire.Ask(8, b"", [])),
    "a function below the first": frame(wire.Outside(-1, 0, 0, [])),
    "more notes than a message has": frame(wire.Told([wire.Nested(1)] * 1025)),
    "more log lines than the limit": frame(wire.Done(notes=[LOG] * 21)),
    "longer logs than the limit": frame(wire.Told([wire.Log(b"", b"x" * 1025, 1025)])),
    "a memory of a terabyte": frame(wire.Done(memory_size=2**40)),
    "half a block": frame(wire.Done(blocks=b"half")),
    "an end that nobody asked for": frame(wire.Done(failure=wire.ENDED)),
    "a failure of the parent": failed(kind="ManifestError"),
    "a code that is none": failed(code="\x1b[31m"),
    "a phase that is none": failed(phase="later"),
    "logs of its own": failed(more={"logs": ["x"]}),
    "an attribute of another type": failed(more={"backtrace": 7}),
}


@pytest.fixture
def liar(monkeypatch, worker):
    """Return a started instance whose worker says what it is told to at the first call."""

    def open_instance(*said, calls=None):
        first = [frame(wire.Ready()), frame(wire.Done()), frame(wire.Done())]
        monkeypatch.setattr(process, "_BOOT", LIAR.format(said=[*first, *said]))
        worker._process = Process()
        worker._process.await_ready()
        return worker.open_instance(module(guest()), calls or Calls(), LIMITS, plugin="test")

    return open_instance


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_the_end_of_the_worker(liar, worker, lie):
    """It is killed, and the error says that the guest must have broken out."""
    instance = liar(LIES[lie])
    with pytest.raises(TrapError, match="broke off the conversation") as caught:
        instance.execute(b"test.run", b"{}")
    error = caught.value
    assert (error.code, error.plugin, error.phase) == ("trap.crash", "test", "execute")
    assert "broken out" in error.hint
    assert worker._process.ended
    assert instance.closed


def test_nothing_is_answered_after_an_end(liar):
    """Who goes on asking when the entry is over gets no answer and no effect."""

    class Failing(Calls):
        def answer(self, function, request, /):
            super().answer(function, request)
            raise ValueError("the parent's own")

    calls = Failing()
    ask = frame(wire.Ask(3, b"user", []))
    instance = liar(ask, ask, ask, frame(wire.Done()), calls=calls)
    with pytest.raises(ValueError, match="the parent's own"):
        instance.execute(b"test.run", b"{}")
    assert len(calls.heard) == 1
    assert instance.closed


def test_texts_are_made_visible(liar):
    """What a failure says cannot steer a terminal, wherever it stands."""
    more = {"backtrace": ["\x1b[2J"], "stderr": "a\n\x1b]0;b"}
    instance = liar(failed(message="\x1b[31mred", slot="\x07", hint="\u202e", more=more))
    with pytest.raises(TrapError) as caught:
        instance.execute(b"test.run", b"{}")
    assert not set(str(caught.value)) & set("\x1b\x07\u202e")
    assert r"\u001b[31mred" in caught.value.message


def test_a_system_that_gives_no_process_is_nobodys_failure(monkeypatch):
    """It is told like that, and no file stays open."""
    monkeypatch.setattr(process.sys, "executable", str(Path(__file__).parent))
    with pytest.raises(LoadError, match=r"does not start: .*Permission denied") as caught:
        Process()
    assert caught.value.code == "worker.start"


def test_a_worker_that_does_not_start_is_nobodys_failure(monkeypatch):
    """No plugin answers for it; the error shows what the worker wrote."""
    monkeypatch.setattr(process, "_BOOT", "raise SystemExit('no such interpreter')")
    started = Process()
    with pytest.raises(Exception, match="no such interpreter") as caught:
        started.await_ready()
    assert caught.value.code == "worker.start"
    assert started.ended
