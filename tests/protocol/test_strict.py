"""Strict JSON: RFC 8259 and the rules of PERMISSIONS.md, Replies."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_zeno.errors import LimitError, ProtocolError
from pytest_zeno.limits import Limits
from pytest_zeno.protocol.strict import decode


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"{}", {}),
        (
            b' \t\r\n{"a" : [1, -0.0, 1e3, true, false, null]} \n',
            {"a": [1, -0.0, 1e3, True, False, None]},
        ),
        (b'"\\u00e9\\ud83e\\udd80\\u0000\\"\\\\\\/\\b\\f\\n\\r\\t"', 'é🦀\0"\\/\b\f\n\r\t'),
        ('"café 🦀"'.encode(), "café 🦀"),
        (b"9007199254740993", 2**53 + 1),
        (b"-9223372036854775808", -(2**63)),
        (b"18446744073709551615", 2**64 - 1),
        (b"5e-324", 5e-324),
        (b"1e-999", 0.0),
        (b'{"a:b":"c:d","e":"::\\u003a"}', {"a:b": "c:d", "e": ":::"}),
        (b'{"a":{"b":1},"c":[{"b":1},{"b":1}]}', {"a": {"b": 1}, "c": [{"b": 1}, {"b": 1}]}),
        (b'{"":{"":1}}', {"": {"": 1}}),
        (b'{"success":1,"Success":2}', {"success": 1, "Success": 2}),
    ],
)
def test_valid_json_is_read_exactly(data: bytes, value: Any) -> None:
    """Integers stay exact, escapes are undone, blanks around the value are nothing."""
    assert decode(data) == value


_REFUSED = {
    "protocol.json": [
        b"",
        b"  ",
        b"{",
        b'{"a":1',
        b'{"a":1]',
        b'{"a":1,}',
        b"[1,]",
        b"{}{}",
        b"{} x",
        b"{'a':1}",
        b"{a:1}",
        b"{1:1}",
        b'{"a" 1}',
        b'{"a":1 /* c */}',
        b"// c\n{}",
        b"True",
        b"nan",
        b"undefined",
        b"01",
        b"-",
        b"+1",
        b".5",
        b"1.",
        b"1e",
        b"0x10",
        b"1_000",
        b'"a\nb"',
        b'"a\tb"',
        b'"\x00"',
        b'"\x1f"',
        b'"\\x41"',
        b'"\\u00g0"',
        b'"\\u12"',
        b'"abc',
        b"{}\0",
        b"\x0b1",
        "\u00a01".encode(),
    ],
    "protocol.utf8": [
        b'"\xff"',
        b'"\x80"',
        b'"\xc3"',
        b'"\xc0\xaf"',
        b'"\xed\xa0\x80"',
        b'"\xf4\x90\x80\x80"',
        b'{"\xff":1}',
        b"\xff\xfe{\x00}\x00",
    ],
    "protocol.bom": [b"\xef\xbb\xbf{}"],
    "protocol.surrogate": [
        b'"\\ud800"',
        b'"\\udfff"',
        b'{"\\ud83e":1}',
        b'"\\ude00\\ud83d"',
        b'"\\ud800\\u0041"',
        b'["fine",{"a":"\\uDBFF"}]',
    ],
    "protocol.number": [
        b'{"a":' + b"1" * 400 + b"}",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"[1e999]",
        b"-1e999",
        b"18446744073709551616",
        b"-9223372036854775809",
        b"9" * 5000,
        b"1e" + b"9" * 5000,
        b'{"a":' + b"9" * 30 + b"}",
    ],
    "protocol.duplicate_key": [
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":{"b":1,"b":2}}',
        b'[{"a":1},{"c":[{"a":1,"b":2,"a":3}]}]',
        b'{"a":"\\u003a","a":""}',
        b'{"":1,"":2}',
        b'{"a":{"x":1,"y":2},"a":3,"b":":::"}',
    ],
}


@pytest.mark.parametrize(
    ("code", "data"),
    [(code, data) for code, texts in _REFUSED.items() for data in texts],
    ids=lambda value: repr(value[:30]) if isinstance(value, bytes) else value,
)
def test_what_is_refused_has_a_reason(code: str, data: bytes) -> None:
    """Each refusal names its rule, shows what came, and says what to do."""
    with pytest.raises(ProtocolError) as caught:
        decode(data)
    assert caught.value.code == code
    assert caught.value.hint
    assert caught.value.observed or not data.strip()


def test_a_refusal_shows_the_bytes_around_it_escaped() -> None:
    """The place, and what stands there."""
    with pytest.raises(ProtocolError) as caught:
        decode(b'{"name": "\x1b[31m"}')
    assert caught.value.message == "not JSON: Invalid control character at (byte 10)"
    assert caught.value.observed == '{"name": "\\u001b[31m"}'


def test_the_place_of_an_error_is_counted_in_bytes() -> None:
    """Not in characters: the reader has bytes."""
    with pytest.raises(ProtocolError, match=r"\(byte 10\)"):
        decode('{"é🦀":}'.encode())


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_depth_is_bounded(opening: str, closing: str) -> None:
    """64 levels are fine, one more is not, and a hundred thousand take no stack."""
    levels = opening.count("[") + opening.count("{")
    fits = 64 // levels
    assert decode((opening * fits + "1" + closing * fits).encode())
    too_deep = [
        opening * times + end
        for times in (fits + 1, 300, 3_000, 100_000)
        for end in ("1" + closing * times, "")
        if end or times * levels > 1_000  # shorter ones are told to be no JSON
    ]
    for text in too_deep:
        with pytest.raises(LimitError) as caught:
            decode(text.encode())
        many = text.count("[") + text.count("{") > 100_000  # both limits are passed
        assert caught.value.code == ("limit.json_nodes" if many else "limit.json_depth")


def test_nodes_are_bounded() -> None:
    """100,000 values are fine, one more is not."""
    assert len(decode(b"[" + b"0," * 99_999 + b"0]")) == 100_000
    with pytest.raises(LimitError) as caught:
        decode(b"[" + b"0," * 100_000 + b"0]")
    assert caught.value.code == "limit.json_nodes"


def test_nodes_are_counted_before_they_are_made() -> None:
    """Sixteen megabytes of empty lists would take twenty times as much memory."""
    import tracemalloc

    data = b"[" + b"[]," * 1_000_000 + b"0]"
    tracemalloc.start()
    with pytest.raises(LimitError):
        decode(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * len(data)


def test_many_commas_in_texts_are_no_nodes() -> None:
    """A long text is one value whatever stands in it."""
    text = 'a,"[{\\' * 50_000
    assert decode(json.dumps({"text": text}).encode()) == {"text": text}


def test_many_objects_side_by_side_are_not_deep() -> None:
    """Only what is nested counts."""
    assert len(decode(json.dumps([{"a": [{"b": "]["}]}] * 2_000).encode())) == 2_000


def test_a_large_text_that_does_not_close_is_no_json() -> None:
    """Not called too deep: that would send its author the wrong way."""
    with pytest.raises(ProtocolError) as caught:
        decode(b"[" + b'{"a":1},' * 1_000)
    assert caught.value.code == "protocol.json"


def test_limits_are_the_callers() -> None:
    """A host may allow less."""
    with pytest.raises(LimitError, match="deeper than 2 levels"):
        decode(b"[[[1]]]", Limits(json_depth=2))
    with pytest.raises(LimitError, match="more than 3 values"):
        decode(b"[1,2,3,4]", Limits(json_nodes=3))


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30
)


@given(_VALUES, st.booleans())
@example({"\ud7ff\ue000": ":", ":": "\\u003a"}, True)
def test_valid_json_is_read_as_json_loads_reads_it(value: Any, ascii_: bool) -> None:
    """On all that keeps the rules the two agree, to the type."""
    data = json.dumps(value, ensure_ascii=ascii_).encode()
    assert repr(decode(data)) == repr(json.loads(data))


@given(
    st.binary(max_size=40) | st.text('{}[]",:0123456789.eE+-\\u tfn', max_size=40).map(str.encode)
)
def test_whatever_comes_is_json_or_an_error_of_ours(data: bytes) -> None:
    """What json.loads refuses is refused; what is accepted is the same value."""
    try:
        value = decode(data)
    except (ProtocolError, LimitError):
        return
    expected = json.loads(data.decode())
    assert repr(value) == repr(expected)
    assert not (isinstance(value, float) and not math.isfinite(value))
