"""Modules made into instances, and what they give each other, through wasmtime's C API.

A fresh guest is three or four instances and a dozen exports. The public API makes a Python object
of each and works its type out; here the engine copies an export into a row of places, and a
stretch of that row is what the next module imports.
"""

from __future__ import annotations

import ctypes
import functools
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.runtime.crossing import native, number, taken
from pytest_zeno.runtime.main_thread import main_thread

if TYPE_CHECKING:
    from wasmtime import Func, Memory, Module

_PLACE_BYTES: Final = 32
"""The size of a place, a `wasmtime_extern_t`: a kind, and what is of this kind."""
_ITSELF: Final = 8
"""Where in a place the function or memory itself lies."""
_FUNCTION: Final = 0
"""The kind of a function, WASMTIME_EXTERN_FUNC."""


class Linking:
    """A row of `size` places for what the instances of one store export."""

    def __init__(self, context: Any, size: int) -> None:
        self.context = context
        """A reference to the store's context."""
        self._row = (_structures().wasmtime_extern_t * size)()
        self._trap = ctypes.c_void_p()

    def instantiate(self, module: Module, first: int = 0, count: int = 0) -> Any:
        """Return a reference to a new instance of `module`, which imports a stretch of places.

        Raises what wasmtime reports: Trap from a start function, otherwise WasmtimeError.
        """
        instance = ctypes.byref(_structures().wasmtime_instance_t())
        error = native("wasmtime_instance_new", ctypes.c_void_p)(
            self.context,
            module.ptr(),
            ctypes.byref(self._row, first * _PLACE_BYTES),
            number(count),
            instance,
            ctypes.byref(self._trap),
        )
        if error or self._trap:
            raise taken(error, self._trap)
        return instance

    main_thread.doors.add(instantiate.__code__)

    def take(self, place: int, instance: Any, *names: str) -> None:
        """Put an instance's exports into the places from `place` on.

        Raises KeyError when there is none of that name.
        """
        get, context, row = _export_get(), self.context, self._row
        for at, name in enumerate(names, place):
            if not get(context, instance, *_named(name), ctypes.byref(row, at * _PLACE_BYTES)):
                raise KeyError(name)

    def function(self, instance: Any, name: str) -> Any:
        """Return a reference to an exported function. Raises KeyError when there is none."""
        found = _structures().wasmtime_extern_t()
        if not _export_get()(self.context, instance, *_named(name), ctypes.byref(found)):
            raise KeyError(name)
        return ctypes.byref(found, _ITSELF)

    def number(self, instance: Any, name: str) -> int:
        """Return the value of an exported i32 global."""
        value = _structures().wasmtime_val_t()
        found = self.function(instance, name)
        native("wasmtime_global_get")(self.context, found, ctypes.byref(value))
        result: int = value.of.i32
        return result

    def copy(self, source: int, place: int) -> None:
        """Put what is in one place into another one, too."""
        self._row[place] = self._row[source]

    def put(self, place: int, function: Func) -> None:
        """Put a function of the host into a place."""
        extern = self._row[place]
        extern.kind = _FUNCTION
        extern.of.func = function._func  # noqa: SLF001 (no public way)

    def memory(self, place: int) -> Memory:
        """Return the memory in a place for the public API."""
        import wasmtime

        raw = self._row[place].of.memory
        memory: Memory = wasmtime.Memory._from_raw(raw)  # noqa: SLF001 (no public way)
        return memory

    def start_of(self, place: int) -> int:
        """Return the address at which the memory in a place starts."""
        itself = ctypes.byref(self._row, place * _PLACE_BYTES + _ITSELF)
        start: int = native("wasmtime_memory_data", ctypes.c_size_t)(self.context, itself)
        return start

    def close(self) -> None:
        """Free a trap that nobody looked at: a signal came between it and `instantiate`'s raise."""
        if self._trap:
            taken(None, self._trap)


@functools.cache
def _export_get() -> Any:
    return native("wasmtime_instance_export_get", ctypes.c_bool)


@functools.lru_cache(512)
def _named(name: str) -> tuple[Any, Any]:
    """Return a name as the C API takes it: where it starts, and its length."""
    encoded = name.encode()
    start = ctypes.byref(ctypes.create_string_buffer(encoded, len(encoded)))
    return start, number(len(encoded))


@functools.cache
def _structures() -> Any:
    """Return the module that has the C API's structures: wasmtime is imported when it is needed."""
    from wasmtime import _ffi as ffi

    return ffi
