"""The reference host's way with an instance, quirk by quirk (ABI.md section 9).

A guest that fails there can be run with one quirk at a time on what is otherwise the contract's
host: what goes wrong then has that quirk for its only cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from pytest_zeno.errors import ProtocolError, TrapError
from pytest_zeno.limits import KIB
from pytest_zeno.runtime import faults
from pytest_zeno.runtime.instance import TURN
from pytest_zeno.runtime.plain import PlainInstance
from pytest_zeno.runtime.wasi import Exited, Wasi

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmtime import Instance as WasmInstance

    from pytest_zeno.errors import Phase
    from pytest_zeno.runtime.engine import EngineOptions

T = TypeVar("T")

WINDOWS: Final[dict[Phase, int]] = {"init": 4 * KIB, "register": 8 * KIB, "execute": 16 * KIB}
"""Bytes that the reference host reads where an answer starts."""

EPOCH: Final = 1_640_995_200 * 10**9
"""When its clock starts: 2022-01-01T00:00:00Z, in nanoseconds."""

TICK: Final = 10**6
"""How far its clock moves at each read, in nanoseconds."""

EXIT: Final = "portability.exit"
"""The code of the error for an exit from `_start`."""

_SEED: Final = 42


@dataclass(frozen=True, slots=True)
class Quirks:
    """What is done as the reference host does it; the rest is done as the contract says."""

    start: bool = False
    """Call `_start` alone; an exit there closes the module."""
    windows: bool = False
    """Read a fixed window at each pointer."""
    replies: bool = False
    """Write replies of n bytes into `alloc(n)`, without a NUL."""
    wasi: bool = False
    """Count time from 2022 by reads, give fixed random bytes, drop output."""
    traps: bool = False
    """Go on with the same instance after a trap."""


ALL: Final = Quirks(start=True, windows=True, replies=True, wasi=True, traps=True)
"""The reference host."""


class Text(NamedTuple):
    """Where a guest's answer lay: its address, its length up to the NUL, the memory's size."""

    phase: Phase
    pointer: int
    size: int
    memory: int

    @property
    def window(self) -> int:
        """Bytes that the reference host reads there."""
        return WINDOWS[self.phase]

    @property
    def room(self) -> int:
        """Bytes from the address to the end of the memory."""
        return self.memory - self.pointer


class ReferenceWasi(Wasi):
    """A clock that only reading moves, random bytes that are always the same, no output."""

    def __init__(self) -> None:
        super().__init__()
        self._reads: dict[int, int] = {}
        self._random = Random(_SEED)  # noqa: S311 (predictable on purpose)

    def clock(self, number: int) -> int:
        """Return the time of clock `number`: the wall clock's from 2022 on, the others' from 0."""
        reads = self._reads.get(number, 0)
        self._reads[number] = reads + 1
        return (0 if number else EPOCH) + reads * TICK

    def random(self, size: int) -> bytes:
        """Return the next `size` bytes of a fixed sequence."""
        return self._random.randbytes(size)

    def write(self, function: int, data: bytes) -> None:
        """Drop what the guest wrote."""


class ReferenceInstance(PlainInstance):
    """An instance with some quirks of the reference host; `free` is never called.

    Attributes:
        text: where the last answer lay; None before the first.
    """

    text: Text | None = None

    def __init__(self, *arguments: Any, quirks: Quirks = ALL, **options: Any) -> None:
        self.quirks = quirks
        self._phase: Phase = "start"
        super().__init__(*arguments, **options)

    def output(self) -> bytes:
        """Return what the guest wrote to stdout and stderr."""
        return bytes(self.wasi.stdout + self.wasi.stderr)

    # -- start -----------------------------------------------------------------------------------

    def _new_wasi(self) -> Wasi:
        return ReferenceWasi() if self.quirks.wasi else super()._new_wasi()

    def _start(self, shim: WasmInstance, options: EngineOptions) -> None:
        if not self.quirks.start:
            super()._start(shim, options)
        elif self._module.has_export("_start"):
            try:
                self._call("_start")
            except Exited as exited:
                error = faults.from_exit(exited.status, self.wasi)
                error.code = EXIT
                error.hint = "return from _start; the reference host takes any exit for the end"
                raise self._named(error, "start") from None

    def _attach(self, shim: WasmInstance, options: EngineOptions) -> None:
        super()._attach(shim, options)
        self._functions.pop("free", None)

    # -- entries ---------------------------------------------------------------------------------

    def _enter(self, phase: Phase, run: Callable[[Phase], T], name: bytes = b"") -> T:
        self._phase = phase
        self._answering = False  # a trap inside alloc may have left it set
        try:
            return super()._enter(phase, run, name)
        except (TrapError, ProtocolError):
            if self.quirks.traps:
                self._go_on()
            raise

    def _go_on(self) -> None:
        """Take back the end of the instance: a trap leaves it as it stands."""
        self._vacant, self._end = False, ""
        self._turn[TURN] = None

    def _read(self, pointer: int) -> bytes:
        memory = self.memory_size
        if not self.quirks.windows:
            text = super()._read(pointer)
            self.text = Text(self._phase, pointer, len(text), memory)
            return text
        window = WINDOWS[self._phase]
        if pointer + window > memory:
            raise ProtocolError(
                f"the window of {window} bytes at {pointer} passes the end of the memory, "
                f"which has {memory} bytes",
                code="portability.window",
            )
        text = self._bytes(pointer, window)
        end = text.find(b"\0")
        self.text = Text(self._phase, pointer, end, memory)
        return text[:end] if end > 0 else text

    def _give(self, reply: bytes) -> int:
        return self._placed(reply) if self.quirks.replies else super()._give(reply)
