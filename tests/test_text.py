"""The door for guest text (PERMISSIONS.md, Text from a guest)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_zeno.text import INLINE, LOG, prefixed, quoted, visible, visible_bytes


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, café 🦀\t日本", "plain, café 🦀\t日本"),
        ("\x1b[31mred\x1b[0m", "\\u001b[31mred\\u001b[0m"),
        ("a\nb\rc\0d", "a\\u000ab\\u000dc\\u0000d"),
        ("\x7f\x80\x9b", "\\u007f\\u0080\\u009b"),
        ("\u202eevil\u202c\u2066x\u2069", "\\u202eevil\\u202c\\u2066x\\u2069"),
        ("a\u200bb\u200d\u2060\ufeff", "a\\u200bb\\u200d\\u2060\\ufeff"),
        ("line\u2028paragraph\u2029", "line\\u2028paragraph\\u2029"),
        ("soft\xadhyphen", "soft\\u00adhyphen"),
        ("\ud800 alone", "\\ud800 alone"),
        ("tag \U000e0041", "tag \\U000e0041"),
    ],
)
def test_what_could_deceive_is_written_out(text: str, shown: str) -> None:
    """Controls, bidi, zero-width, separators and halves of pairs; nothing else."""
    assert visible(text) == shown


def test_all_format_and_control_characters_are_written_out() -> None:
    """Unicode's own categories are the oracle: Cc but TAB, Cf, Zl, Zp, Cs."""
    every = (chr(point) for point in range(0x110000))
    hostile = [
        c for c in every if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cs"} and c != "\t"
    ]
    bidi = [
        c
        for c in map(chr, range(0x110000))
        if unicodedata.bidirectional(c)
        in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    ]
    for character in (*hostile, *bidi, "\u061c", "\u200e", "\u200f"):
        assert visible(character).startswith("\\")


def test_long_text_is_cut_and_says_so() -> None:
    """300 characters inline, with the whole length."""
    assert visible("x" * INLINE) == "x" * INLINE
    assert visible("x" * 301) == "x" * 300 + "… (301 characters)"
    assert visible("abcdef", 3) == "abc… (6 characters)"


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"caf\xc3\xa9", "café"),
        (b"\xff\xfe\x1b", "\\xff\\xfe\\u001b"),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
        (b"x" * 300, "x" * 300),
        (b"x" * 301, "x" * 300 + "… (301 bytes)"),
        (b"x" * 5000, "x" * 300 + "… (5000 bytes)"),
        (b"a" + "🦀".encode() * 300, "a" + "🦀" * 299 + "… (1201 bytes)"),
    ],
)
def test_bytes_are_shown_as_text_where_they_are_text(data: bytes, shown: str) -> None:
    r"""UTF-8 as it is, the rest as \xNN, and the whole length when it is cut."""
    assert visible_bytes(data) == shown


def test_quoted_text_stands_in_single_quotes() -> None:
    """For use in a sentence of ours."""
    assert quoted("a\nb", 2) == "'a\\u000a… (3 characters)'"


def test_no_guest_byte_starts_a_line() -> None:
    """CI systems execute lines that start with their commands."""
    log = "one\n::error::two\r##vso[x]\n"
    assert prefixed(log, "| ") == "| one\n| ::error::two\\u000d\\u0023#vso[x]\n| "


def test_a_log_is_cut_at_8_kib() -> None:
    """Of guest text, prefixes apart."""
    assert prefixed("x" * (LOG + 5), "").count("x") == LOG


@given(st.text(st.characters(codec=None), max_size=50))
def test_whatever_a_guest_writes_stays_on_its_line(text: str) -> None:
    """And can be printed anywhere that takes UTF-8."""
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    shown.encode()
    lines = prefixed(text, "> ").split("\n")
    assert all(line.startswith("> ") for line in lines)


@given(st.binary(max_size=2000))
def test_whatever_bytes_a_guest_has_can_be_shown(data: bytes) -> None:
    """On one line, and not longer than a message may be."""
    shown = visible_bytes(data)
    assert len(shown.splitlines()) <= 1
    assert len(shown) <= INLINE * 10 + 30
    shown.encode()


@pytest.mark.parametrize("command", ["##vso[task.setvariable]x", "##[error]x"])
def test_commands_that_a_ci_system_finds_anywhere_are_broken(command: str) -> None:
    """Some CI systems look for their commands inside of lines, too."""
    assert visible(f"a {command}") == f"a \\u0023{command[1:]}"
