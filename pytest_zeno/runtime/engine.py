"""The engines: one to run guests, one to judge them, one to measure them.

Guests are validated by a strict engine that knows WebAssembly 2.0 and nothing later (ABI.md
section 2) and compiled by the running one, whose helper modules need multi-memory.
"""

from __future__ import annotations

import atexit
import functools
import platform
from importlib import metadata
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_zeno.runtime import backtrace

if TYPE_CHECKING:
    from wasmtime import Config, Engine

_LATER_PROPOSALS: Final = (
    "wasm_threads",
    "wasm_tail_call",
    "wasm_multi_memory",
    "wasm_memory64",
    "wasm_relaxed_simd",
    "wasm_exceptions",
    "wasm_function_references",
    "wasm_gc",
    "wasm_wide_arithmetic",
    "wasm_custom_page_sizes",
    "wasm_stack_switching",
)


class EngineOptions(NamedTuple):
    """What makes two compiled modules incompatible, and so part of the cache's key.

    ``stack`` is the guest's stack in bytes; ``metered`` counts fuel, which costs speed.
    """

    stack: int
    metered: bool = False

    def fingerprint(self) -> str:
        """Return a text that names the compiler, the machine and the options."""
        options = ",".join(f"{name}={value}" for name, value in sorted(self._asdict().items()))
        return f"wasmtime-{wasmtime_version()}-{platform.machine()}-dwarf-{options}"


@functools.cache
def wasmtime_version() -> str:
    """Return the version of the engine, such as ``50.0.1``."""
    return metadata.version("wasmtime")


def running_config(options: EngineOptions) -> Config:
    """Return the configuration of the engine that compiles and runs guests."""
    from wasmtime import Config

    with backtrace.details():
        config = Config()
    config.wasm_multi_memory = True
    config.epoch_interruption = True
    config.consume_fuel = options.metered
    config.max_wasm_stack = options.stack
    config.memory_may_move = False
    # A trap must not depend on who installed the last signal handler (faulthandler, pytest).
    config.signals_based_traps = False
    return config


@functools.cache
def running_engine(options: EngineOptions) -> Engine:
    """Return the engine of this process for `options`; it lives as long as the process."""
    from wasmtime import Engine

    return Engine(running_config(options))


@functools.cache
def strict_engine() -> Engine:
    """Return the engine that only validates: WebAssembly 2.0, no later proposal."""
    from wasmtime import Config, Engine

    config = Config()
    for proposal in _LATER_PROPOSALS:
        setattr(config, proposal, False)
    return Engine(config)


def strictness() -> str:
    """Return a text that names what is valid; the number is raised when `binary` decides anew."""
    return f"wasmtime-{wasmtime_version()}-1-{','.join(_LATER_PROPOSALS)}"


@functools.cache
def lenient_engine() -> Engine:
    """Return the engine that validates every proposal, to tell a later feature from damage."""
    from wasmtime import Config, Engine

    config = Config()
    for proposal in _LATER_PROPOSALS:
        if proposal != "wasm_stack_switching":  # not on every platform
            setattr(config, proposal, True)
    config.shared_memory = True
    return Engine(config)


# While wasmtime's modules still exist: its finalizers complain when the interpreter has gone.
for _engine in (running_engine, strict_engine, lenient_engine):
    atexit.register(_engine.cache_clear)
