"""From what wasmtime reports to the errors of this project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import (
    EndError,
    ExitError,
    LimitError,
    LoadError,
    ProtocolError,
    TrapError,
    ZenoError,
)
from pytest_zeno.limits import exceeded, wider
from pytest_zeno.runtime import backtrace, layout
from pytest_zeno.text import visible

if TYPE_CHECKING:
    import wasmtime

    from pytest_zeno.limits import Limits
    from pytest_zeno.runtime.wasi import Wasi

TIME: Final = "limit.time"
INTERRUPTED: Final = "limit.interrupted"
FUEL: Final = "limit.fuel"
STACK: Final = "trap.stack_overflow"

_ASKED: Final = {
    "memory minimum size": "memory",
    "table minimum size": "table_elements",
    "table count": "tables",
}
"""The words in which wasmtime refuses an instance, and the limit that they are about."""

OF_MEMORY: Final = ("trap.unreachable", "trap.memory", "exit.proc_exit", "protocol.alloc_null")
"""What guests do whose memory cannot grow: abort, write to -1 or 0, exit, give null."""

_TRAPS: Final = {
    "STACK_OVERFLOW": (STACK, "the guest's stack is exhausted"),
    "MEMORY_OUT_OF_BOUNDS": ("trap.memory", "memory access outside the linear memory"),
    "TABLE_OUT_OF_BOUNDS": ("trap.table", "table access outside the table"),
    "INDIRECT_CALL_TO_NULL": ("trap.call_null", "indirect call to an empty table entry"),
    "BAD_SIGNATURE": ("trap.call_type", "indirect call with the wrong type"),
    "INTEGER_OVERFLOW": ("trap.integer_overflow", "integer overflow in a division"),
    "INTEGER_DIVISION_BY_ZERO": ("trap.division_by_zero", "integer division by zero"),
    "BAD_CONVERSION_TO_INTEGER": ("trap.conversion", "a float has no integer value"),
    "UNREACHABLE": ("trap.unreachable", "unreachable code was reached (a panic or an abort)"),
}


def from_report(reported: wasmtime.Trap | wasmtime.WasmtimeError, wasi: Wasi) -> ZenoError:
    """Return the error for whatever ended an entry."""
    from wasmtime import Trap

    if isinstance(reported, Trap):
        return from_trap(reported, wasi)
    return TrapError(
        f"the engine stopped the guest: {first_line(str(reported))}", code="trap.other"
    )


def from_trap(trap: wasmtime.Trap, wasi: Wasi) -> ZenoError:
    """Return the error for a trap: a guest's own, an interrupt, or exhausted fuel."""
    error = _of_trap(trap)
    error.backtrace = backtrace.of(trap)
    error.stderr = wasi.stderr_text()
    return error


def _of_trap(trap: wasmtime.Trap) -> EndError:
    name = trap.trap_code.name if trap.trap_code else ""
    if name == "INTERRUPT":
        return LimitError("the time limit has passed", code=TIME)
    if name == "OUT_OF_FUEL":
        return LimitError("the fuel is used up", code=FUEL)
    code, text = _TRAPS.get(name, ("trap.other", first_line(trap.message)))
    deep = f"recurse less deeply, {wider('stack')}" if code == STACK else ""
    return TrapError(f"the guest trapped: {text}", code=code, hint=deep)


def from_exit(status: int, wasi: Wasi) -> ExitError:
    """Return the error for a guest that called proc_exit (ABI.md section 5)."""
    error = ExitError(
        f"the guest called proc_exit({status})",
        code="exit.proc_exit",
        hint="return from the function instead; an exit is a normal end only in _start, with 0",
    )
    error.status = status
    error.stderr = wasi.stderr_text()
    return error


def from_instantiation(error: Exception, limits: Limits) -> ZenoError:
    """Return the error for a module that could not be instantiated."""
    text = first_line(str(error))
    limit = next((name for words, name in _ASKED.items() if words in text), None)
    if limit is not None:
        return exceeded(
            limit,
            f"the module asks for more than the limits allow: {text}",
            "ask for less",
            allowed=getattr(limits, limit),
            code="limit.instantiate",
        )
    return LoadError(f"the module cannot be instantiated: {text}", code="load.instantiate")


def from_status(status: int, pointer: int, size: int, memory: int) -> ProtocolError:
    """Return the error for a pointer the contract does not allow (ABI.md sections 2 and 3).

    `pointer` and `memory` (the memory's size) are in bytes; `size` is what alloc was asked for.
    """
    code, text, hint = {
        layout.NULL_ANSWER: (
            "protocol.null_pointer",
            "the guest returned a null pointer",
            "return the address of a text that ends with a NUL byte",
        ),
        layout.ANSWER_OUTSIDE: (
            "protocol.pointer",
            f"the guest returned the pointer {pointer}, the memory has {memory} bytes",
            "return the address of a text that ends with a NUL byte",
        ),
        layout.NO_TERMINATOR: (
            "protocol.terminator",
            f"no NUL byte follows the text at {pointer} before the memory ends at {memory}",
            "write a NUL byte behind each text that the host reads",
        ),
        layout.ALLOC_NULL: (
            "protocol.alloc_null",
            f"alloc({size}) returned 0",
            "let alloc grow the memory; it may not return 0 for a size above 0",
        ),
        layout.ALLOC_OUTSIDE: (
            "protocol.alloc",
            f"alloc({size}) returned {pointer}, which does not fit: the memory has {memory} bytes",
            "return an address with that many bytes behind it inside the memory",
        ),
    }[status]
    error = ProtocolError(text, code=code, hint=hint)
    error.observed = f"pointer {pointer} (0x{pointer:08x}), memory {memory} bytes"
    return error


def explain(error: LimitError, limits: Limits, *, signalled: bool) -> None:
    """Say which limit has passed, or that a signal came: both arrive as the same trap."""
    if error.code == TIME and signalled:
        error.code = INTERRUPTED
        error.message = "a signal ended the call"
        return
    if error.code == FUEL:
        name, advice = "fuel", "do less in one call"
        error.message = f"the fuel of one entry, {limits.fuel}, is used up"
    else:
        name = "load_timeout" if error.phase in ("load", "start") else "timeout"
        advice = "look for a loop that does not end"
        error.message = f"the time limit of {getattr(limits, name):g} s has passed"
    error.limit, error.allowed = name, getattr(limits, name)
    error.hint = f"{advice}, {wider(name)}"


def explain_memory(error: ZenoError, size: int, limits: Limits) -> None:
    """Say that the memory may have been what ran out, where it could not have doubled.

    A guest whose `memory.grow` gives -1 fails in its own way, and seldom says why.
    """
    if 2 * size > limits.memory:
        error.hint = (
            f"its memory had {size} of the {limits.memory} bytes that it may have: "
            f"use less if that is why, {wider('memory')}"
        )


def name_too_long(size: int, limit: int) -> LimitError:
    """Return the error for a slot name that no plugin can have; both in bytes."""
    return LimitError(f"a slot name of {size} bytes, the limit is {limit}", code="limit.name")


def too_large(size: int, limit: int) -> LimitError:
    """Return the error for an answer above the reply limit, both in bytes."""
    text = f"the guest's answer has {size} bytes, the limit is {limit}"
    return exceeded("reply", text, "answer with less", given=size, allowed=limit)


def first_line(message: str) -> str:
    """Return the first line of what wasmtime says, fit to be shown."""
    return visible(message.strip().split("\n", 1)[0])
