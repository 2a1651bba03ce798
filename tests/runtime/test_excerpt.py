"""An error about a pointer holds what the memory has there."""

from __future__ import annotations

import pytest

from pytest_zeno import ProtocolError
from pytest_zeno.errors import Excerpt
from pytest_zeno.limits import PAGE
from tests.runtime.guests import OWN


def _refused(open_guest, body, **parts):
    with pytest.raises(ProtocolError) as caught:
        open_guest(run=body, **parts).execute(b"test.run", b"{}")
    return caught.value.excerpt


def test_a_text_without_nul_shows_where_it_begins(open_guest):
    """32 bytes before it, and what is left of the memory behind it."""
    at = PAGE * 2 - 4
    found = _refused(open_guest, f"(i32.const {at})", data={at: b"abcd"})
    assert found == Excerpt("memory", at - 32, at, b"\0" * 32 + b"abcd")


def test_a_pointer_behind_the_memory_shows_the_memorys_end(open_guest):
    """The byte in question is not among those shown."""
    found = _refused(open_guest, "(i32.const -1)")
    assert (found.of, found.at, len(found.data)) == ("memory", 2**32 - 1, 32)
    assert found.start % PAGE == PAGE - 32


def test_a_null_pointer_shows_the_memorys_start(open_guest):
    """From address 0."""
    found = _refused(open_guest, "(i32.const 0)", data={60: b"xyz", OWN: b"x"})
    assert (found.start, found.at, len(found.data)) == (0, 0, 64)
    assert found.data[60:63] == b"xyz"
