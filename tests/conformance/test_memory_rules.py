"""Blocks, constants and used memory: what the rules on memory look at."""

from __future__ import annotations

import pytest
import wasmtime
from bad.base import base
from bad.mutant import adding, both, code

from pytest_zeno.errors import ProtocolError
from pytest_zeno.evidence import blocks
from pytest_zeno.evidence.constants import Constant, constants
from pytest_zeno.evidence.subject import Subject
from pytest_zeno.evidence.touched import Touched
from pytest_zeno.verdict.judge import judge

PAGE = 65_536


def _wasm(*lines):
    return bytes(wasmtime.wat2wasm(f"(module (memory 40000) {' '.join(lines)})"))


# -- used memory ---------------------------------------------------------------------------------


def test_first_use_is_counted_to_16_bytes():
    """A part counts once, when it first holds something, and in whole."""
    memory, touched = bytearray(2 * PAGE), Touched()
    memory[5] = memory[40] = 1
    assert touched.take(bytes(memory)) == 32
    memory[5], memory[6] = 0, 9
    assert touched.take(bytes(memory)) == 0
    memory[48:80] = b"x" * 32
    assert touched.take(bytes(memory)) == 32


@pytest.mark.parametrize("at", [0, 15, 16, PAGE - 1, 2 * PAGE - 1])
def test_every_place_counts(at):
    """The first and the last byte of a part, of a page and of the memory are seen."""
    memory = bytearray(2 * PAGE)
    memory[at] = 0x80
    assert Touched().take(bytes(memory)) == 16


def test_memory_may_grow():
    """What is used in pages that are new counts, the new pages themselves do not."""
    touched = Touched()
    assert touched.take(bytes(PAGE)) == 0
    assert touched.take(bytes(2 * PAGE)) == 0
    assert touched.take(bytes(2 * PAGE) + b"x" + bytes(PAGE - 1)) == 16


# -- constants -----------------------------------------------------------------------------------


def test_constants_are_found_where_they_lie():
    """Active segments have an address, above 2 GiB as well; passive ones have none."""
    wasm = _wasm(
        '(data (i32.const 8) "abc")', '(data "passive")', '(data (i32.const -65536) "top")'
    )
    found = [(one.start, one.data) for one in constants(wasm)]
    assert found == [(8, b"abc"), (2**32 - 65536, b"top")]


def test_module_without_constants_has_none():
    """A module may have no data section."""
    assert list(constants(_wasm())) == []


@pytest.mark.parametrize(
    ("start", "end", "lost"),
    [(0, 8, b""), (0, 9, b"a"), (9, 10, b"b"), (8, 11, b"abc"), (10, 99, b"c"), (11, 99, b"")],
)
def test_overlap_is_exact(start, end, lost):
    """What a block covers of a constant is told to the byte."""
    assert Constant(8, b"abc").within(start, end) == lost


def test_room_that_is_zero_is_no_constant(tmp_path):
    """A static buffer that the linker wrote out as zeros may be handed out."""
    zeros = "\\00" * 64
    adding(f'(data (i32.const 32776) "{zeros}")')(base()).write(tmp_path)
    assert judge(Subject(tmp_path))["MEM-002"].status == "kept"


# -- blocks --------------------------------------------------------------------------------------


@pytest.fixture
def made(tmp_path):
    """Return a plugin that is the good one, changed."""

    def make(change):
        change(base()).write(tmp_path)
        return Subject(tmp_path)

    return make


def test_blocks_are_known(made):
    """Every block that alloc gave is known, with what was asked for."""
    taken = blocks.take(made(code()), 12, 120, 40)
    assert [(block.start, block.size) for block in taken.blocks] == [
        (32768, 12),
        (32792, 120),
        (32920, 40),
    ]


def test_blocks_of_a_call_are_known(made):
    """The blocks of a call are those of the name, the request and the replies, in order."""
    with made(code()).measured_guest() as guest:
        guest.execute("base.ping", b"{}")
        assert [block.size for block in guest.blocks] == [9, 2, 6, 57]


def test_alloc_that_fails_is_told(made):
    """A block that is not there is the error that says so."""
    taken = blocks.take(made(code(('"memory") 2)', '"memory") 2 4)'))), 12, blocks.ROOM)
    assert isinstance(taken.error, ProtocolError)
    assert taken.blocks == ()


def test_alloc_by_fixed_steps_is_found(made):
    """An alloc that steps on by 64 bytes hands out blocks that lie in each other."""
    host = """(global $step (mut i32) (i32.const 40000))
      (func (export "alloc") (param i32) (result i32)
        (global.set $step (i32.add (global.get $step) (i32.const 64)))
        (global.get $step))"""
    subject = made(both(code(('$alloc (export "alloc")', "$alloc")), adding(host)))
    outcome = judge(subject)["MEM-001"]
    assert outcome.status == "broken"
    assert "alloc(120) = 40128, alloc(40) = 40192" in outcome.error.observed


def test_small_alloc_leaves_the_megabyte_to_its_owner(made):
    """Where 256 KiB find no room either, that is one finding, not two."""
    outcomes = judge(made(code(('"memory") 2)', '"memory") 2 4)'))))
    assert outcomes["STR-006"].status == "broken"
    assert (outcomes["MEM-003"].status, outcomes["MEM-003"].because) == ("untested", "STR-006")


def test_fuel_that_levels_off_is_no_finding(made):
    """A list that is bounded makes calls dearer at first, and then no more."""
    few = "(i32.lt_u (global.get $calls) (i32.const 300))"
    count = f"(if {few} (then (global.set $calls (i32.add (global.get $calls) (i32.const 1)))))"
    walk = """(global.set $left (global.get $calls))
      (loop $more
        (global.set $left (i32.sub (global.get $left) (i32.const 1)))
        (br_if $more (i32.gt_s (global.get $left) (i32.const 0))))"""
    change = adding(
        "(global $calls (mut i32) (i32.const 0)) (global $left (mut i32) (i32.const 0))",
        (
            '(call $host_log @"info" @"pinged")',
            f'{count} {walk} (call $host_log @"info" @"pinged")',
        ),
    )
    assert judge(made(change))["LIM-006"].status == "kept"
