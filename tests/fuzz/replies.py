"""Replies of every kind, bytes that a guest gives back as it is told, and pointers as well.

Nothing that a guest answers may end in anything but a result or a typed error. What is read is
exactly what lies at the pointer up to the first NUL, and the quick reader of responses comes to
what the slow one comes to.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_zeno import ZenoHost
from pytest_zeno.errors import ZenoError
from pytest_zeno.host import loading
from pytest_zeno.limits import Limits
from pytest_zeno.protocol.response import Response, _decode_slowly, decode_response
from tests.fuzz import messages
from tests.fuzz.driver import check
from tests.fuzz.mutation import mutated
from tests.host.plugins import write
from tests.runtime.scenarios import ECHO

if TYPE_CHECKING:
    from random import Random

    from pytest_zeno import Plugin
    from pytest_zeno.host.guest import Guest

DATA = Path(__file__).parent.parent / "protocol" / "data" / "hostile.jsonl"
SLOT = "probe.run"
LIMITS = Limits(timeout=2.0, json_nodes=5_000)

RESPONSE, WHOLE, POINTER, METADATA, SLOTS = range(5)
"""The first byte of a case: what the bytes behind it are."""
_KINDS = (RESPONSE,) * 10 + (WHOLE, POINTER, METADATA, METADATA, SLOTS, SLOTS)

_MESSAGES = {METADATA: messages.METADATA, SLOTS: messages.slots}
_DAMAGED_SEEDS = 0.3
_DAMAGED_MESSAGES = 0.3

_POINTED = "(i32.load (local.get $request))"
"""The body of a `plugin_execute` that answers with the pointer it is given."""

TOKENS = (
    *(rb'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\0", b" ", b"\t", b"\r\n", b"/**/"),
    *(b"true", b"false", b"null", b"NaN", b"-Infinity", b"-0", b"1e999", b"-1e-999", b"0x1", b"01"),
    *(
        b"9223372036854775808",
        b"18446744073709551615",
        b"18446744073709551616",
        b"1" * 5000,
        b"1.0",
    ),
    *(rb"\u0000", rb"\ud800", rb"\udc00", rb"\ud83d\ude00", rb"\u001b", rb"\x41", rb"\u202e"),
    *(b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\xe2\x80\xae"),
    *(b'"success":true', b'"success":false', b'"data":{}', b'"error":"e"', b'"data":null'),
    *(b'"name":"probe"', b'"version":"1.0.0"', b'"config":{"a":"b"}', b'{"name":"probe.x"}'),
    *(b'"inputs":{"a":{"type":"string","required":true}}', b'"outputs":{}', b'"type":"any"'),
    *(b'{"a":', b"[[", b'"\x1b[31m"', b"::error::", b'"name":"log"', b'"name":"probe."'),
)


class _Said:
    """A guest that has said something: what loading reads of it, and no more."""

    plugin = "probe"

    def __init__(self, text: bytes) -> None:
        self._text = text

    def init(self) -> bytes:
        return self._text

    register = init


class Replies:
    """A guest that answers with its request, and one that answers with the pointer in it."""

    name = "replies"

    def __init__(self, folder: Path) -> None:
        self.seeds = [json.loads(line) for line in DATA.read_text("ascii").splitlines()]
        self.seeds = [line["reply_text"] for line in self.seeds if "reply_text" in line]
        self.texts = [text.encode("utf-8", "surrogatepass") for text in self.seeds]
        self.host = ZenoHost(limits=LIMITS)
        self.echo = self.host.load(write(folder / "probe", "probe", run=ECHO))
        self.pointer = self.host.load(write(folder / "pointer", "pointer", run=_POINTED))

    def case(self, rng: Random) -> bytes:
        """Return a kind and a damaged reply, or a pointer."""
        kind = rng.choice(_KINDS)
        if kind == POINTER:
            return bytes([kind]) + _pointer(rng).to_bytes(4, "little")
        if rng.random() < _DAMAGED_SEEDS:
            return bytes([kind]) + mutated(rng.choice(self.texts), rng, TOKENS, self.texts)
        text = messages.written(_MESSAGES.get(kind, messages.RESPONSE), rng)
        damage = rng.random() < _DAMAGED_MESSAGES
        return bytes([kind]) + (mutated(text, rng, TOKENS, self.texts) if damage else text)

    def ask(self, case: bytes) -> str:
        """Have the reply given, and look at what the host makes of it."""
        kind, reply = case[0], case[1:]
        if kind == POINTER:
            return _sent(self.pointer, "pointer.run", reply)
        if kind == METADATA:
            loading._metadata(_said(reply), None, "probe", LIMITS)
            return "metadata"
        if kind == SLOTS:
            return f"{min(1, len(loading._slots(_said(reply), 'probe', LIMITS)))} slots"
        if kind == WHOLE:
            return _sent(self.echo, SLOT, reply)
        answer = self.echo._living("execute", SLOT).instance.execute(SLOT.encode(), reply)
        assert answer == reply.partition(b"\0")[0]
        return _agreed(answer)

    def close(self) -> None:
        """Close the host."""
        self.host.close()


def _said(text: bytes) -> Guest:
    return _Said(text.partition(b"\0")[0])  # type: ignore[return-value]  # all that is read of it


def _pointer(rng: Random) -> int:
    """Return a pointer: anywhere, near the end of the memory, or near where a sign changes."""
    edge = rng.choice((0, 4096, 65536, 131072, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF))
    near = edge + rng.randint(-40, 40)
    return rng.choice((near, near, rng.getrandbits(32), rng.randrange(131072))) & 0xFFFFFFFF


def _sent(plugin: Plugin, slot: str, request: bytes) -> str:
    """Call a slot all the way; an error says where, and the next call finds a fresh instance."""
    try:
        return f"success {plugin.send(slot, request).success}"
    except ZenoError as error:
        place = (error.plugin, error.phase, error.slot)
        check(place == (plugin.name, "execute", slot), f"the error's place is {place}")
        raise


def _agreed(answer: bytes) -> str:
    """Read a response quickly and slowly: both give the same, or refuse it for the same reason."""
    quick, slow = (_read(reader, answer) for reader in (decode_response, _decode_slowly))
    if isinstance(quick, ZenoError):
        assert isinstance(slow, ZenoError)
        assert quick.code == slow.code
        raise quick
    assert repr(quick) == repr(slow)  # in which a NaN is a NaN
    return f"success {quick.success}"


def _read(reader, answer: bytes) -> Response | ZenoError:
    try:
        return reader(answer, LIMITS)
    except ZenoError as error:
        return error
