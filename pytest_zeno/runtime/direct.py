"""Functions of 32-bit numbers, called without what the public API works out at every call.

wasmtime-py asks for the function's type and checks and converts each number: most of the time of a
call. A guest that is measured is called thousands of times, always in the same four ways.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from pytest_zeno.runtime.crossing import CELLS, Entry, context_address, reference

if TYPE_CHECKING:
    from wasmtime import Func, Store, Trap, WasmtimeError


class Direct:
    """A function of i32 in the place of a `Func`: called and failing as that is.

    It must not be entered again before it has returned.
    """

    def __init__(self, store: Store, function: Func) -> None:
        self._parameters = len(function.type(store).params)
        self._entry = Entry(
            reference(context_address(store)),
            ctypes.byref(function._func),  # noqa: SLF001 (no public way)
            _fail,
            numbers=max(1, self._parameters),
        )
        self._cells = self._entry.cells

    def __call__(self, store: Store, *values: int) -> int:
        """Return the result, from 0 up; a function without one leaves what stood there."""
        self._cells[: CELLS * self._parameters : CELLS] = list(values)
        self._entry()
        return self._cells[0]


def _fail(reported: Trap | WasmtimeError) -> None:
    """Raise what a callback has raised, otherwise what wasmtime reported."""
    from wasmtime._func import maybe_raise_last_exn

    maybe_raise_last_exn()
    raise reported
