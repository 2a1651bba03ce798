"""What the short way of a call leaves out is refused all the same."""

from __future__ import annotations

import pytest

from pytest_zeno import LimitError, Limits, ProtocolError, ZenoHost
from pytest_zeno.protocol.response import SHORT, decode_response
from pytest_zeno.protocol.strict import decode
from pytest_zeno.runtime.fast import FastInstance
from tests.runtime.guests import Calls, guest, module

ANSWER = 30000
TOO_LARGE = ("18446744073709551616", "-9223372036854775809")


def _answering(make, text: bytes):
    return make(run=f"(i32.const {ANSWER})", data={ANSWER: text + b"\0"})


@pytest.mark.parametrize(
    "text",
    [
        b'{"success":true,"success":true}',
        b'{"success":true,"data":{"a":1,"a":2}}',
        b'{"data":{"a":1,"a":2},"success":true}',
        b'{"data":{},"data":{},"success":true}',
    ],
)
def test_a_short_answer_with_a_duplicate_is_refused(host, make, text):
    """A member that stands twice is a breach in an answer of any length."""
    assert len(text) <= SHORT
    plugin = host.load(_answering(make, text))
    with pytest.raises(ProtocolError) as caught:
        plugin.call("probe.run")
    assert caught.value.code == "protocol.duplicate_key"


@pytest.mark.parametrize(
    "text", [b'{"success":false}', b'{"success":1}', b"{", b'{"success":t\xff}']
)
def test_a_short_answer_that_is_no_response_is_refused(host, make, text):
    """What cannot be read in one go gets the same errors as everywhere."""
    plugin = host.load(_answering(make, text))
    with pytest.raises(ProtocolError):
        plugin.call("probe.run")


@pytest.mark.parametrize("number", TOO_LARGE)
def test_an_integer_beyond_64_bits_is_refused_in_canonical_json(number):
    """A text that is written again byte for byte may hold an integer that the contract does not."""
    text = f'{{"success":true,"data":{{"":{number}}}}}'.encode()
    assert len(text) > SHORT  # no shorter answer holds one
    for read in (lambda: decode_response(text, Limits()), lambda: decode(text)):
        with pytest.raises(ProtocolError) as caught:
            read()
        assert caught.value.code == "protocol.number"


def test_an_answer_above_the_limit_is_refused_once_all_is_quiet(host, make):
    """Also when neither log lines nor a grown memory have the host look twice."""
    text = b'{"success":true,"data":{"text":"' + b"x" * 200 + b'"}}'
    folder = _answering(make, text)
    with ZenoHost(limits=Limits(reply=150)) as small:
        plugin = small.load(folder)
        with pytest.raises(LimitError) as caught:
            plugin.call("probe.run")
    assert caught.value.code == "limit.reply"
    assert host.load(folder).call("probe.run").success


def test_a_name_is_written_again_after_a_large_request():
    """A request too large for scratch leaves its own slot's name there."""
    shown = b'{"success":true,"data":{"name":"?"}}'
    at = shown.index(b"?")
    wasm = guest(
        run=f"(i32.store8 (i32.const {ANSWER + at}) (i32.load8_u (local.get $name))) "
        f"(i32.const {ANSWER})",
        data={ANSWER: shown + b"\0"},
    )
    instance = FastInstance(module(wasm), Calls(), Limits())
    first, second = b"a.run", b"b.run"
    asked = [(first, b"{}"), (second, b" " * 100_000 + b"{}"), (first, b"{}"), (second, b"{}")]
    assert b"".join(instance.execute(*one)[at : at + 1] for one in asked) == b"abab"
    instance.close()
