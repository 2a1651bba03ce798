"""The helper modules beside a guest: what they are, compiled, and how to reach their exports."""

from __future__ import annotations

import atexit
import ctypes
import functools
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.runtime.crossing import native
from pytest_zeno.runtime.engine import EngineOptions, running_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmtime import Instance, Module, Store

SHIM_TABLES: Final = 2
"""How many tables shim.wat defines; they come on top of what a guest may have."""

INSTANCES: Final = 5
"""Instances in a store: the guest, shim, adapter and WASI, and WASI again after `_start` exits."""

MEMORIES: Final = 2
"""Memories in a store: the guest's and the scratch memory."""


@functools.cache
def helper(name: str, options: EngineOptions) -> Module:
    """Return ``wat/<name>.wat`` compiled for `options`: ours and small, so compiled right here."""
    from wasmtime import Module

    text = resources.files("pytest_zeno.runtime").joinpath("wat", f"{name}.wat").read_text("utf-8")
    return Module(running_engine(options), text)


atexit.register(helper.cache_clear)  # while wasmtime's modules still exist: see engine.py


def export(store: Store, instance: Instance, name: str) -> Any:
    """Return one export (Func, Memory, Table or Global); `Instance.exports` is quadratic.

    Raises KeyError when there is none.
    """
    get, kind, wrap = _exporting()
    found = kind()
    if not get(
        store._context(),  # noqa: SLF001 (no public way to one export)
        ctypes.byref(instance._instance),  # noqa: SLF001 (no public way)
        *_named(name),
        ctypes.byref(found),
    ):
        raise KeyError(name)
    return wrap(found)


@functools.lru_cache(256)
def _named(name: str) -> tuple[Any, ctypes.c_size_t]:
    """Return a name as the C API takes it."""
    encoded = name.encode()
    return ctypes.create_string_buffer(encoded, len(encoded)), ctypes.c_size_t(len(encoded))


@functools.cache
def _exporting() -> tuple[Any, Any, Callable[[Any], Any]]:
    """Return what gets an export, what it is put into, and what wraps it.

    Looked up once: a fresh instance asks for a dozen exports, and that is a third of what it costs.
    """
    from wasmtime import Func
    from wasmtime import _ffi as ffi
    from wasmtime._extern import wrap_extern

    function, of_raw = ffi.WASMTIME_EXTERN_FUNC.value, Func._from_raw  # noqa: SLF001 (no public way)

    def wrap(found: Any) -> Any:
        return of_raw(found.of.func) if found.kind == function else wrap_extern(found)

    get = native("wasmtime_instance_export_get", ctypes.c_bool)
    return get, ffi.wasmtime_extern_t, wrap
