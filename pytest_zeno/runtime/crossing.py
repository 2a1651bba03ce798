"""Crossing between Python and wasm through ctypes, faster and safer than the public API.

Signals decide the shape of the callback. An exception that a signal handler raises at the entry
of an ordinary ctypes callback leaves its result uninitialised, and wasmtime frees that garbage as
a trap. A generator is resumed inside its own `try`, so nothing can be raised outside of it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Generator
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.runtime.main_thread import main_thread

if TYPE_CHECKING:
    from wasmtime import Func, Memory, Store, Trap, WasmtimeError

CELLS: Final = 4
"""What one number has: room for a vector of 128 bits."""

Fail = Callable[["Trap | WasmtimeError"], None]
"""Called with what wasmtime reported; raises."""

_NO_VALUES: Final = (ctypes.c_size_t * 2)()
"""An empty `wasm_valtype_vec_t`: no size, no data. It is empty again when it has been taken."""

_Callback: Final = ctypes.CFUNCTYPE(ctypes.c_size_t)


@cache
def native(name: str, result: Any = None, *, keep_gil: bool = False) -> Any:
    """Return a function of wasmtime's C API without argtypes.

    `keep_gil` is for short functions between which no other Python thread may run.
    """
    from wasmtime import _ffi as ffi

    library = ctypes.PyDLL if keep_gil else ctypes.CDLL
    function = library(ffi.dll._name)[name]  # noqa: SLF001 (no public way)
    function.restype = result
    return function


class Entry:
    """The crossing into a function; it has `cells` for its numbers, four for each.

    With prebuilt arguments and no argtypes ctypes takes its fastest conversion path: 0.29 us a
    call instead of 0.57. `FastInstance.execute` makes the call itself, with `error`, `arguments`
    and `trap`, and saves a Python frame.
    """

    def __init__(self, context: Any, function: Any, fail: Fail, numbers: int = 1) -> None:
        self.error = native("wasmtime_func_call_unchecked", ctypes.c_void_p)
        self.trap = ctypes.c_void_p()
        """Set after a call that trapped."""
        self.cells = (ctypes.c_uint32 * (CELLS * numbers))()
        """Where parameters of 32 bits are put, and then a result stands, each in the first of
        `CELLS`."""
        self._fail = fail
        self.arguments = (
            context,
            function,
            ctypes.byref(self.cells),
            number(numbers),
            ctypes.byref(self.trap),
        )

    def __call__(self) -> None:
        """Run the function; a failure is taken over by `fail`, which raises."""
        error = self.error(*self.arguments)
        if error or self.trap:
            self.fail(error)

    main_thread.doors.add(__call__.__code__)

    def fail(self, error: int | None) -> None:
        """Hand over what wasmtime reported."""
        self._fail(taken(error, self.trap))

    def close(self) -> None:
        """Free a trap that nobody looked at: a signal came between it and `fail`."""
        if self.trap:
            taken(None, self.trap)


def taken(error: int | None, trap: ctypes.c_void_p) -> Trap | WasmtimeError:
    """Take ownership of what wasmtime reported; the cell is cleared before it could be freed."""
    from wasmtime import Trap, WasmtimeError
    from wasmtime import _ffi as ffi

    if error:
        return WasmtimeError._from_ptr(  # noqa: SLF001 (no public way)
            ctypes.cast(ctypes.c_void_p(error), ctypes.POINTER(ffi.wasmtime_error_t))
        )
    pointer = trap.value
    trap.value = None
    return Trap._from_ptr(ctypes.cast(ctypes.c_void_p(pointer), ctypes.POINTER(ffi.wasm_trap_t)))  # noqa: SLF001 (no public way)


@cache
def number(number: int) -> Any:
    """Return a number as an argument that is passed with the least work."""
    return reference(number)


def reference(address: int) -> Any:
    """Return an argument that ctypes passes as `address` with the least work."""
    return ctypes.byref(ctypes.c_char.from_address(address))


def context_address(store: Store) -> int:
    """Return where a store's context lies."""
    return _address(store._context())  # noqa: SLF001 (no public way)


def _address(pointer: Any) -> int:
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0


def view(store: Store, memory: Memory, size: int) -> memoryview:
    """Return `size` bytes of address space from a linear memory's start.

    What lies behind the memory's present size must not be touched: reading there kills the
    process. The start never moves, because `memory_may_move` is off.
    """
    return view_at(ctypes.addressof(memory.data_ptr(store).contents), size)


def view_at(start: int, size: int) -> memoryview:
    """Return `size` bytes of address space as `view` does."""
    return memoryview(_bytes_type(size).from_address(start)).cast("B")


@cache
def _bytes_type(size: int) -> type[ctypes.Array[ctypes.c_ubyte]]:
    return ctypes.c_ubyte * size


class HostFunction:
    """The one function wasm calls to reach the host, without parameters: see the mailbox.

    `answer` does the work. Its first exception is kept in `error` and becomes a trap; after that
    the function must not be called again: make a new one.
    """

    def __init__(self, context: Any, answer: Callable[[], None]) -> None:
        import wasmtime

        self.error: BaseException | None = None
        # Made now: while an exception is being kept nothing may be called.
        new_trap = native("wasmtime_trap_new", ctypes.c_size_t)
        self._spare: int | None = new_trap(b"host", ctypes.c_size_t(4))
        self._answers = self._answering(answer, self._spare)
        next(self._answers)
        self._callback = _Callback(self._answers.__next__)
        raw = wasmtime._ffi.wasmtime_func_t()  # noqa: SLF001 (no public way)
        # One for each function: a type that an engine has seen aborts the process in another.
        no_values = ctypes.byref(_NO_VALUES)
        new_kind = native("wasm_functype_new", ctypes.c_size_t)
        kind = ctypes.c_void_p(new_kind(no_values, no_values))
        define = native("wasmtime_func_new_unchecked")
        define(context, kind, self._callback, None, None, ctypes.byref(raw))
        native("wasm_functype_delete")(kind)
        self.function: Func = wasmtime.Func._from_raw(raw)  # noqa: SLF001 (no public way)

    def close(self) -> None:
        """Let go of the generator, and with it of whoever answers; frees a trap nobody took."""
        self._answers.close()
        spare, self._spare = self._spare, None
        if spare is not None:
            native("wasm_trap_delete")(ctypes.c_void_p(spare))

    def _answering(self, answer: Callable[[], None], spare: int) -> Generator[int]:
        """Answer for ever. No call, so no place for a signal, lies between except and yield."""
        waiting = True
        try:
            while True:
                yield 0
                waiting = False
                answer()
                waiting = True
        except BaseException as error:  # noqa: BLE001 (kept, and raised when wasm has unwound)
            if waiting and error.__class__ is GeneratorExit:
                return
            self.error, self._spare = error, None
            yield spare


# A host call needs room on Python's stack. This runs before the guest is entered, so that a full
# stack shows as RecursionError there and not inside the callback.


def headroom() -> None:
    """Raise RecursionError unless there is room for the frames of a host call."""
    _headroom2()


def _headroom2() -> None:
    _headroom3()


def _headroom3() -> None:
    _headroom4()


def _headroom4() -> None:
    _headroom5()


def _headroom5() -> None:
    _headroom6()


def _headroom6() -> None:
    pass
