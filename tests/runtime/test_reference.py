"""Quirks of the reference host, each alone on what is otherwise the contract's host."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import pytest

from pytest_zeno.errors import ClosedError, ExitError, ProtocolError, TrapError
from pytest_zeno.limits import Limits
from pytest_zeno.runtime.reference import EXIT, Quirks, ReferenceInstance, ReferenceWasi, Text
from tests.runtime.guests import RESPONSE, Calls, guest, module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Open = Callable[..., ReferenceInstance]

ASK = (b"test.run", b"{}")
ONCE = """(if (i32.eqz (global.get $calls)) (then (global.set $calls (i32.const 1)) unreachable))
  (i32.const 4096)"""
CALLS = "(global $calls (mut i32) (i32.const 0))"
READY = f"""{CALLS} (func (export "%s") (global.set $calls (i32.const 1)))"""
GREETING = Calls({"host_env_get": b"Hello"})


@pytest.fixture
def reference() -> Iterator[Open]:
    """Open guests with quirks, from parts as `guest` takes them; closed after the test."""
    opened: list[ReferenceInstance] = []

    def open_reference(quirks: Quirks, calls: Calls | None = None, **parts: Any) -> Any:
        made = module(guest(**parts))
        instance = ReferenceInstance(made, calls or Calls(), Limits(), quirks=quirks)
        opened.append(instance)
        return instance

    yield open_reference
    for instance in opened:
        instance.close()


@pytest.mark.parametrize(
    ("export", "quirk", "answers"),
    [
        ("_initialize", False, True),
        ("_initialize", True, False),
        ("_start", False, True),
        ("_start", True, True),
    ],
)
def test_start_alone_is_called(reference: Open, export: str, *, quirk: bool, answers: bool) -> None:
    """The contract's host calls either, the reference host `_start` alone."""
    instance = reference(Quirks(start=quirk), extra=READY % export, run=ONCE)
    if answers:
        assert instance.execute(*ASK) == RESPONSE
    else:
        with pytest.raises(TrapError):
            instance.execute(*ASK)


@pytest.mark.parametrize("status", [0, 1])
def test_any_exit_of_start_ends_the_load(reference: Open, status: int) -> None:
    """An exit has a code of its own, so that one rule can answer for it."""
    exits = f'(func (export "_start") (call $proc_exit (i32.const {status})))'
    with pytest.raises(ExitError) as caught:
        reference(Quirks(start=True), imports=("proc_exit",), extra=exits)
    assert (caught.value.code, caught.value.phase, caught.value.status) == (EXIT, "start", status)


def test_after_a_trap_the_instance_goes_on(reference: Open) -> None:
    """It keeps its state: what trapped once answers the next time."""
    instance = reference(Quirks(traps=True), extra=CALLS, run=ONCE)
    with pytest.raises(TrapError):
        instance.execute(*ASK)
    assert instance.execute(*ASK) == RESPONSE
    assert not instance.closed


def test_without_that_quirk_a_trap_is_the_end(reference: Open) -> None:
    """As the contract says."""
    instance = reference(Quirks(), extra=CALLS, run=ONCE)
    with pytest.raises(TrapError):
        instance.execute(*ASK)
    with pytest.raises(ClosedError):
        instance.execute(*ASK)


def test_an_exit_is_the_end_all_the_same(reference: Open) -> None:
    """It kills the module until a reload."""
    exits = "(call $proc_exit (i32.const 0)) (i32.const 4096)"
    instance = reference(Quirks(traps=True), imports=("proc_exit",), run=exits)
    with pytest.raises(ExitError):
        instance.execute(*ASK)
    with pytest.raises(ClosedError):
        instance.execute(*ASK)


@pytest.mark.parametrize(
    ("at", "data", "read"),
    [
        (114_688, RESPONSE, RESPONSE),
        (114_688, b"x" * 16_384, b"x" * 16_384),
        (70_000, b"x" * 17_000, b"x" * 16_384),
        (70_000, b"\0ab", b"\0ab" + bytes(16_381)),
    ],
)
def test_a_window_is_read(reference: Open, at: int, data: bytes, read: bytes) -> None:
    """Up to the first NUL, whole without one, and whole when that NUL stands first."""
    instance = reference(Quirks(windows=True), run=f"(i32.const {at})", data={at: data})
    assert instance.execute(*ASK) == read


def test_a_window_past_the_end_is_no_answer(reference: Open) -> None:
    """However short the text in it is."""
    run = "(i32.const 114689)"
    instance = reference(Quirks(windows=True), run=run, data={114_689: RESPONSE + b"\0"})
    with pytest.raises(ProtocolError) as caught:
        instance.execute(*ASK)
    assert caught.value.code == "portability.window"


def test_each_answer_says_where_it_lay(reference: Open) -> None:
    """Also without windows, so that what would be read can be told."""
    instance = reference(Quirks())
    assert instance.text is None
    instance.init()
    assert instance.text == Text("init", 1024, 33, 131_072)
    assert (instance.text.window, instance.text.room) == (4_096, 130_048)
    instance.register()
    assert instance.text == Text("register", 2048, 21, 131_072)
    instance.execute(*ASK)
    assert instance.text == Text("execute", 4096, len(RESPONSE), 131_072)


@pytest.mark.parametrize(("quirk", "behind"), [(False, 0), (True, 0x78)])
def test_replies_have_no_nul(reference: Open, *, quirk: bool, behind: int) -> None:
    """What stood behind the buffer stays there."""
    run = f"""(memory.fill (i32.const 65600) (i32.const 0x78) (i32.const 200))
      (local.set $a (call $host_env_get (i32.const 0) (i32.const 1)))
      (if (i32.ne (i32.load8_u offset=5 (local.get $a)) (i32.const {behind})) (then unreachable))
      (i32.const 4096)"""
    parts: dict[str, Any] = {"imports": ("host_env_get",), "run": run}
    heap = {"alloc": '(func (export "alloc") (param i32) (result i32) (i32.const 65700))'}
    instance = reference(Quirks(replies=quirk), GREETING, **parts, **heap)
    assert instance.execute(*ASK) == RESPONSE


def test_free_is_never_called(reference: Open) -> None:
    """Whichever quirks there are."""
    traps = '(func (export "free") (param i32) unreachable)'
    assert reference(Quirks(), extra=traps).execute(*ASK) == RESPONSE


def test_the_clock_moves_by_reads() -> None:
    """From 2022-01-01 on for the wall clock, from 0 for the others, a millisecond a read."""
    wasi = ReferenceWasi()
    begin = 1_640_995_200_000_000_000
    assert [wasi.clock(0) for _ in range(3)] == [begin, begin + 10**6, begin + 2 * 10**6]
    assert [wasi.clock(1) for _ in range(2)] == [0, 10**6]


def test_random_bytes_are_the_same_each_time() -> None:
    """Two instances get the same, and one of them not the same twice."""
    one, other = ReferenceWasi(), ReferenceWasi()
    first = one.random(16)
    assert first == other.random(16)
    assert first != one.random(16)


def test_output_is_dropped(reference: Open) -> None:
    """What is written is nowhere afterwards."""
    run = """(drop (call $fd_write
      (i32.const 1) (i32.const 8192) (i32.const 1) (i32.const 8208))) (i32.const 4096)"""
    parts: dict[str, Any] = {
        "imports": ("fd_write",),
        "run": run,
        "data": {8192: struct.pack("<II", 1024, 5)},
    }
    kept, dropped = reference(Quirks(), **parts), reference(Quirks(wasi=True), **parts)
    assert kept.execute(*ASK) == dropped.execute(*ASK) == RESPONSE
    assert (bytes(kept.wasi.stdout), bytes(dropped.wasi.stdout)) == (b'{"nam', b"")
