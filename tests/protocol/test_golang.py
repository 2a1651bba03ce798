"""JSON as Go writes and reads it; the recorded runs in tests/replay hold it to the real one."""

from __future__ import annotations

import pytest

from pytest_zeno.errors import ProtocolError
from pytest_zeno.protocol.golang import read_response, write_request
from pytest_zeno.protocol.response import Response


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("<a href='x'>&", r'"\u003ca href=' + r"'x'\u003e\u0026" + '"'),
        ("\u2028\u2029é🦓", r'"\u2028\u2029é🦓"'),
        ('"\\\t\x01', r'"\"\\\t\u0001"'),
        ("half \ud83e", '"half \ufffd"'),
        (2.0, "2"),
        (-0.0, "-0"),
        (0, "0"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e21, "1e+21"),
        (1e-6, "0.000001"),
        (1.5e-10, "1.5e-10"),
        (2**53 + 1, "9007199254740992"),
        ([True, None, {}], "[true,null,{}]"),
        ({"é": 1, "b": 2, "B": 3}, '{"B":3,"b":2,"é":1}'),
    ],
)
def test_values(value, written):
    """Numbers are float64, keys sorted, and what HTML would trip over is escaped."""
    expected = f'{{"slot_name":"a.b","parameters":{{"v":{written}}}}}'
    assert write_request("a.b", {"v": value}).decode() == expected


@pytest.mark.parametrize(
    ("text", "response"),
    [
        (b'{"success":true}', Response(success=True, data=None, error="")),
        (b"{}", Response(success=False, data=None, error="")),
        (b"null", Response(success=False, data=None, error="")),
        (b'{"success":true,"SUCCESS":false}', Response(success=False, data=None, error="")),
        (b'{"success":true,"data":{"a":1},"data":null}', Response(True, None, "")),
        (b'{"success":true,"data":{"a":1},"Data":{"b":2}}', Response(True, {"a": 1, "b": 2}, "")),
        (b'{"error":"\xff\\ud800"}', Response(success=False, data=None, error="\ufffd\ufffd")),
        (b'{"more":[{}]}', Response(success=False, data=None, error="")),
    ],
)
def test_responses(text, response):
    """Case plays no part, the last member counts, and what is no character becomes U+FFFD."""
    assert read_response(text) == response


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"success":1}',
        b'{"data":[]}',
        b'{"data":{"a":1e999}}',
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_go_refuses(text):
    """Wrong types, numbers beyond float64 and what is no JSON are refused there as well."""
    with pytest.raises(ProtocolError) as caught:
        read_response(text)
    assert caught.value.code == "protocol.json"


def test_depth_is_no_crash():
    """As deep as a window goes, it ends in an error."""
    with pytest.raises(ProtocolError):
        read_response(b'{"data":{"a":' + b"[" * 100_000)
