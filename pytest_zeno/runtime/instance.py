"""One living guest: what both call paths share.

Life (ABI.md section 5): the constructor instantiates and runs the start function; then `init`,
`register`, `execute` as often as wanted, `cleanup`, `close`. Calls never overlap. Any failure of
an entry is the end of the instance: later entries raise ClosedError, and the caller makes a
fresh one.
"""

from __future__ import annotations

import functools
import time
from abc import ABC, abstractmethod
from ctypes import c_uint64
from threading import get_ident
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, TypeVar

from pytest_zeno.errors import (
    ClosedError,
    Excerpt,
    LimitError,
    LoadError,
    Phase,
    ProtocolError,
    ZenoError,
)
from pytest_zeno.runtime import faults
from pytest_zeno.runtime.crossing import context_address, headroom, native, reference
from pytest_zeno.runtime.engine import EngineOptions, running_engine
from pytest_zeno.runtime.helpers import INSTANCES, MEMORIES, SHIM_TABLES, helper
from pytest_zeno.runtime.ticker import ticker
from pytest_zeno.runtime.wasi import Exited, Wasi
from pytest_zeno.text import visible_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmtime import Memory, Module, Store

    from pytest_zeno.limits import Limits
    from pytest_zeno.runtime.module import GuestModule


T = TypeVar("T")

TURN: Final = 0
"""The key of `Instance._turn`."""
_BEFORE: Final = 32
_BEHIND: Final = 64
"""How much of the memory is shown before and behind a pointer that is not allowed."""

_FUEL: Final = 2**62
"""What a metered instance starts with when no limit is set."""


class HostCalls(Protocol):
    """What answers a guest's host calls. Functions are numbered as in `abi.HOST_FUNCTIONS`."""

    until: float
    """When the present entry ends, on the monotonic clock: set by the instance, for those who
    would wait."""

    def answer(self, function: int, request: bytes, /) -> bytes | int:
        """Answer a host call: a text, or 1 for done and 0 for not (`abi.ANSWER_NUMBERS`)."""

    def outside(self, function: int, pointer: int, size: int, /) -> bytes | int:
        """Answer a host call whose request lies outside the guest's memory."""

    def log(self, level: bytes, message: bytes, size: int, /) -> None:
        """Take a log line; `size` is the message's length before it was cut."""

    def log_outside(self, pointer: int, /) -> None:
        """Take notice of a log line that lies outside the guest's memory."""

    def log_dropped(self, count: int, /) -> None:
        """Take notice of log lines above the limits of one entry."""

    def nested(self, count: int, /) -> None:
        """Take notice of host calls made while alloc answered another one: they got 0."""

    def no_room(self, pointer: int, size: int, /) -> None:
        """Take notice that alloc gave no room of `size` bytes for a reply: the guest got 0."""


class Instance(ABC):
    """A guest in a store of its own.

    Args:
        module: a module without `GuestModule.problems`.
        calls: answers the guest's host calls.
        limits: ends what runs too long or grows too large.
        plugin: the name that errors carry.
        metered: count fuel, on an engine of its own.
    """

    execute: Callable[[bytes, bytes], bytes]
    """Call `plugin_execute` with a slot's name and a request; return the response's bytes.

    Raises TrapError, ExitError, LimitError, ProtocolError, ClosedError. An attribute and not a
    method, so that the fast path is one Python frame and `close` can replace it.
    """

    helpers: ClassVar[tuple[str, ...]] = ("shim", "wasi")
    """What this call path puts beside a guest."""

    pages = 0
    """The size of the linear memory, in pages of 64 KiB, when the guest last answered `execute`."""

    def __init__(
        self,
        module: GuestModule,
        calls: HostCalls,
        limits: Limits,
        *,
        plugin: str = "",
        metered: bool = False,
    ) -> None:
        self.calls = calls
        self.limits = limits
        self.plugin = plugin
        self.metered = metered
        self.wasi = self._new_wasi()
        self.refused_at_start = 0
        """Host calls made before the guest was there to be answered."""
        self._module = module
        self._turn: dict[int, None] = {TURN: None}
        """Holds its key while nobody is inside. To take it (`del`) and to give it back are single
        bytecodes: a signal cannot come between having the turn and knowing it, as it can between
        the call of a lock's `acquire` and its result."""
        self._vacant = False
        """Whether the turn was taken for good, by a failure or by `close`: nobody is inside."""
        self._end = ""
        """What ended the instance; a text, because an exception would keep all its frames."""
        self._armed_until = 0.0
        """Until when `execute` may use the deadline that is set: arming costs a crossing."""
        self._deadline = 0
        self._burnt: dict[int, int] = {}
        """The fuel of entries that nobody has asked about yet, by thread."""
        try:
            self._boot()
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.plugin or self._module.sha256[:12]}>"

    # -- life ------------------------------------------------------------------------------------

    def _boot(self) -> None:
        import wasmtime

        options = EngineOptions(self.limits.stack, metered=self.metered)
        engine = running_engine(options)
        compiled = self._module.compiled(metered=self.metered)
        for name in self.helpers:  # the time that they take to compile is not the guest's
            helper(name, options)
        self._store: Store = wasmtime.Store(engine)
        self._context = reference(context_address(self._store))
        ticker.watch(self, engine)
        self._arm(self.limits.load_timeout)
        try:
            self._begin_life(compiled, options)
        except wasmtime.Trap as trap:  # the time was up in a helper: the guest has used it all
            raise self._named(faults.from_trap(trap, self.wasi), "start") from None

    def _begin_life(self, compiled: Module, options: EngineOptions) -> None:
        shim = self._instantiate_shim(options)
        self._prepare(shim)
        self._instantiate(compiled, shim)
        if self._module.uses_wasi:
            self._attach_wasi(shim, options)
        self._start(shim, options)
        self._attach(shim, options)

    def _instantiate_shim(self, options: EngineOptions) -> Any:
        shim = self._link_shim(helper("shim", options))
        self._store.set_limits(  # what the helpers use comes on top of what the guest may have
            memory_size=self.limits.memory,
            table_elements=self.limits.table_elements,
            tables=self.limits.tables + SHIM_TABLES,
            instances=INSTANCES,
            memories=MEMORIES,
        )
        return shim

    def _instantiate(self, compiled: Module, shim: Any) -> None:
        import wasmtime

        try:
            self._memory: Memory = self._link(compiled, shim)
        except wasmtime.Trap as trap:
            raise self._named(faults.from_trap(trap, self.wasi), "start") from None
        except wasmtime.WasmtimeError as error:
            raise self._named(faults.from_instantiation(error, self.limits), "load") from None

    def _start(self, shim: Any, options: EngineOptions) -> None:
        """Run `_initialize`, or `_start`; an exit with 0 is a normal end of the latter."""
        name = next((n for n in ("_initialize", "_start") if self._module.has_export(n)), None)
        if name is None:
            return
        try:
            self._call(name)
        except Exited as exited:
            if name != "_start" or exited.status != 0:
                raise self._named(faults.from_exit(exited.status, self.wasi), "start") from None
            self._unwound(shim, options)
        except ZenoError as error:
            raise self._named(error, "start") from None

    def close(self) -> None:
        """Free the store; safe to call twice. Raises ClosedError while another thread is inside."""
        try:
            del self._turn[TURN]
        except KeyError:
            if not self._vacant:
                raise self._busy() from None
        self._vacant = True
        self._end = self._end or "it was closed"
        ticker.forget(self)
        self.execute = functools.partial(_refuse, self._end, self.plugin)
        self._detach()
        store = self.__dict__.pop("_store", None)
        if store is not None:
            # Not close(): a signal in it, after the store is freed, has it freed a second time.
            store._delete(store._consume())  # noqa: SLF001 (no public way)

    @property
    def closed(self) -> bool:
        """Whether the instance has ended, by `close` or by a failure."""
        return self._vacant

    # -- entries ---------------------------------------------------------------------------------

    def init(self) -> bytes:
        """Call `plugin_init` and return the metadata's bytes, without the NUL."""
        return self._enter("init", self._text)

    def register(self) -> bytes:
        """Call `plugin_register_slots` and return the slot list's bytes, without the NUL."""
        return self._enter("register", self._text)

    def cleanup(self) -> None:
        """Call `plugin_cleanup`."""
        self._enter("cleanup", self._run_cleanup)

    @property
    def memory_size(self) -> int:
        """The size of the linear memory in bytes. Raises ClosedError after `close`."""
        return self._memory.data_len(self._open_store)

    def memory(self) -> bytes:
        """Return a copy of the linear memory. Raises ClosedError after `close`."""
        return bytes(self._memory.read(self._open_store, 0, self.memory_size))

    @property
    def fuel(self) -> int:
        """The fuel burnt by the last entry; only a metered instance knows it."""
        return self._full_tank - self._open_store.get_fuel()

    @property
    def _open_store(self) -> Store:
        store: Store | None = self.__dict__.get("_store")
        if store is None:
            raise self._ended()
        return store

    def _enter(self, phase: Phase, run: Callable[[Phase], T], name: bytes = b"") -> T:
        entered = False
        try:
            del self._turn[TURN]
            entered = True
            headroom()
            self._arm(self.limits.timeout)
            result = run(phase)
            self._say_last()
            self._note_fuel()
            self._turn[TURN] = None
        except BaseException as error:  # noqa: BLE001 (raised again, named)
            try:
                raise self._failed(error, phase, name, entered=entered) from None
            finally:
                self._vacant = self._vacant or entered
        return result

    def _new_wasi(self) -> Wasi:
        return Wasi()

    # -- what a call path brings -----------------------------------------------------------------

    @abstractmethod
    def _link_shim(self, compiled: Module) -> Any:
        """Instantiate the shim, which is then handed to the following steps."""

    @abstractmethod
    def _prepare(self, shim: Any) -> None:
        """Get ready for WASI calls, which may come while the guest starts."""

    @abstractmethod
    def _link(self, compiled: Module, shim: Any) -> Memory:
        """Instantiate the guest and return its memory; raises what wasmtime reports."""

    @abstractmethod
    def _attach_wasi(self, shim: Any, options: EngineOptions) -> None:
        """Fill the shim's WASI table."""

    @abstractmethod
    def _unwound(self, shim: Any, options: EngineOptions) -> None:
        """Get ready again after an exit that is a normal end."""

    @abstractmethod
    def _attach(self, shim: Any, options: EngineOptions) -> None:
        """Answer host calls from now on, and make the entries callable."""

    @abstractmethod
    def _detach(self) -> None:
        """Let go of everything that points into the store."""

    @abstractmethod
    def _call(self, name: str) -> None:
        """Call an export without parameters and results; raises typed errors or Exited."""

    @abstractmethod
    def _text(self, phase: Phase) -> bytes:
        """Run `plugin_init` or `plugin_register_slots` and return the text's bytes."""

    @abstractmethod
    def _run_cleanup(self, phase: Phase) -> None:
        """Run `plugin_cleanup`."""

    @abstractmethod
    def _say_last(self) -> None:
        """Hand over the log lines and notices of the entry that ends."""

    # -- shared steps ----------------------------------------------------------------------------

    def _arm(self, seconds: float) -> None:
        """Set deadline and fuel of the next entry."""
        ticks = ticker.ticks(seconds)
        self._deadline = ticker.now + ticks
        self.calls.until = time.monotonic() + seconds
        # Not by the public API: on a full stack it turns RecursionError into something else.
        native("wasmtime_context_set_epoch_deadline")(self._context, c_uint64(ticks))
        if self.metered:
            self._store.set_fuel(self._full_tank)
        self._armed_until = 0.0

    def _note_fuel(self) -> None:
        """Keep what this thread's entry burnt, while nobody else can come in."""
        if self.metered:
            self._burnt[get_ident()] = self.fuel

    def take_fuel(self) -> int | None:
        """Return what this thread's last entry burnt, once; None when it is not counted."""
        return self._burnt.pop(get_ident(), None)

    def disarm(self) -> None:
        """Have the next `execute` set its deadline anew."""
        self._armed_until = 0.0

    @property
    def _full_tank(self) -> int:
        return _FUEL if self.limits.fuel is None else self.limits.fuel

    def _failed(
        self, error: BaseException, phase: Phase, name: bytes = b"", *, entered: bool
    ) -> BaseException:
        """End the instance, unless the entry was refused; return the error to raise, named."""
        if not entered:
            return self._ended() if self._vacant else self._busy()
        self._end = self._end or f"{type(error).__name__}: {error}"
        self._say_last()
        self._note_fuel()
        if isinstance(error, Exited):
            error = faults.from_exit(error.status, self.wasi)
        if isinstance(error, ZenoError):
            return self._named(error, phase, visible_bytes(name))
        return error

    def _named(self, error: ZenoError, phase: Phase, slot: str = "") -> ZenoError:
        """Fill in where an error happened, unless it knows already."""
        error.plugin = error.plugin or self.plugin
        error.phase = error.phase or phase
        error.slot = error.slot or slot
        if isinstance(error, LimitError):
            if (
                error.code in (faults.TIME, faults.FUEL) and not error.hint
            ):  # else explained already
                faults.explain(error, self.limits, signalled=ticker.now < self._deadline - 2)
        elif error.code in faults.OF_MEMORY and "_memory" in self.__dict__:
            faults.explain_memory(error, self.memory_size, self.limits)
        return error

    def _busy(self) -> ClosedError:
        return busy(self.plugin)

    def _ended(self) -> ClosedError:
        return ended(self._end or "it failed", self.plugin)

    def _wrong_pointer(self, status: int, pointer: int, size: int = 0) -> ProtocolError:
        """Return the error for a pointer that is not allowed, with what the memory holds there."""
        memory = self.memory_size
        error = faults.from_status(status, pointer, size, memory)
        start = max(0, min(pointer, memory) - _BEFORE)
        data = self._memory.read(self._store, start, min(pointer + _BEHIND, memory))
        error.excerpt = Excerpt("memory", start, pointer, bytes(data))
        return error

    def _check_reply(self, size: int) -> None:
        if size > self.limits.reply:
            raise faults.too_large(size, self.limits.reply)


def busy(plugin: str) -> ClosedError:
    """Return what is raised to those who come in while somebody is inside."""
    return ClosedError(
        "the instance is busy: calls into one instance never overlap",
        code="closed.busy",
        plugin=plugin,
        hint="give each thread a plugin of its own, and call no plugin from its own host call",
    )


def ended(end: str, plugin: str) -> ClosedError:
    """Return what is raised to those who come in after `end`, which is said in a few words."""
    return ClosedError(
        f"the instance has ended: {end}",
        code="closed.instance",
        plugin=plugin,
        hint="open a fresh instance",
    )


def _refuse(end: str, plugin: str, _name: bytes, _request: bytes) -> bytes:
    """Stand in for `execute` of a closed instance, without a reference to it."""
    raise ended(end, plugin)


def check_module(module: GuestModule, plugin: str = "") -> None:
    """Raise LoadError when imports or exports break the contract, and what compiling raises."""
    try:
        problems = module.problems
    except ZenoError as error:
        error.plugin = plugin
        raise
    if not problems:
        return
    first, *others = problems
    more = f" (and {len(others)} more)" if others else ""
    raise LoadError(
        f"{first.message}{more}", code=first.code, plugin=plugin, phase="load", hint=first.hint
    )
