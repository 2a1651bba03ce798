"""A plugin's module before it runs: read, validated, described, and compiled when asked."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_zeno.errors import LimitError, LoadError, Problem
from pytest_zeno.limits import exceeded
from pytest_zeno.runtime import abi, binary, cache
from pytest_zeno.runtime.engine import EngineOptions, lenient_engine, strict_engine
from pytest_zeno.text import quoted, visible, visible_bytes

if TYPE_CHECKING:
    import wasmtime

    from pytest_zeno.limits import Limits


@dataclass(frozen=True, slots=True)
class Import:
    """One import: from which module, under which name, of which type (``(i32) -> i32``)."""

    module: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Export:
    """One export: its name and its type (``memory``, ``(i32) -> i32``, ``global i32``)."""

    name: str
    type: str


class _Interface(NamedTuple):
    """What a module imports and exports, and how that breaks the contract."""

    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    problems: tuple[Problem, ...]


_MOST_INTERFACES: Final = 256
_interfaces: Final[dict[str, _Interface]] = {}
"""Those of the modules that were loaded last, by their digest."""


def _interface(compiled: wasmtime.Module) -> _Interface:
    imports = tuple(
        Import(entry.module, entry.name or "", _type_text(entry.type)) for entry in compiled.imports
    )
    exports = tuple(Export(entry.name, _type_text(entry.type)) for entry in compiled.exports)
    return _Interface(imports, exports, (*_import_problems(imports), *_export_problems(exports)))


class GuestModule:
    """A valid WebAssembly 2.0 module within the host's limits; it may still break the ABI.

    Args:
        wasm: the module's bytes.
        limits: what it may cost to compile and instantiate.

    Raises:
        LoadError: ``load.not_wasm``, ``load.invalid``, ``load.feature``.
        LimitError: ``limit.module``, ``limit.imports``, ``limit.exports``, and what compiling
            raises (`runtime.compiler`).
    """

    def __init__(self, wasm: bytes, limits: Limits) -> None:
        self.wasm = wasm
        self.limits = limits
        self._compiled: dict[bool, wasmtime.Module] = {}
        self.sha256 = hashlib.sha256(wasm).hexdigest()
        _check_size(wasm, limits)
        _check_header(wasm)
        self._known_valid = cache.is_known_valid(self.sha256)
        if not self._known_valid:
            _check_valid(wasm)
        _check_counts(wasm, limits)

    def __repr__(self) -> str:
        return f"<GuestModule {self.sha256[:12]} {len(self.wasm)} bytes>"

    def compiled(self, *, metered: bool = False) -> wasmtime.Module:
        """Return the module compiled for the running engine, or for the one that counts fuel."""
        found = self._compiled.get(metered)
        if found is None:
            options = EngineOptions(self.limits.stack, metered=metered)
            found = self._compiled[metered] = cache.compiled(
                self.wasm, options, self.limits, sha256=self.sha256
            )
            if not self._known_valid:
                cache.note_valid(self.sha256)
        return found

    @functools.cached_property
    def imports(self) -> tuple[Import, ...]:
        """What the module imports, in file order."""
        return self._interface.imports

    @functools.cached_property
    def exports(self) -> tuple[Export, ...]:
        """What the module exports, in file order."""
        return self._interface.exports

    @functools.cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Every way in which imports and exports break ABI.md sections 2 and 6."""
        return self._interface.problems

    @functools.cached_property
    def uses_wasi(self) -> bool:
        """Whether any import comes from WASI."""
        return any(entry.module == abi.WASI_MODULE for entry in self.imports)

    @functools.cached_property
    def _interface(self) -> _Interface:
        """What follows from the module's bytes alone, worked out once in a process."""
        compiled, found = self.compiled(), _interfaces.get(self.sha256)
        if found is None:
            while len(_interfaces) >= _MOST_INTERFACES:
                _interfaces.pop(next(iter(_interfaces)), None)
            found = _interfaces[self.sha256] = _interface(compiled)
        return found

    def has_export(self, name: str) -> bool:
        """Whether the module exports `name`."""
        return name in self._export_names

    @functools.cached_property
    def _export_names(self) -> frozenset[str]:
        return frozenset(entry.name for entry in self.exports)


def too_long(size: int, limits: Limits) -> LimitError:
    """Return the error for a module of so many bytes."""
    return exceeded(
        "module",
        f"the module has {size} bytes, the limit is {limits.module}",
        "strip debug information",
        given=size,
        allowed=limits.module,
        phase="load",
    )


def _check_size(wasm: bytes, limits: Limits) -> None:
    if len(wasm) > limits.module:
        raise too_long(len(wasm), limits)


def _check_header(wasm: bytes) -> None:
    """Refuse what is no core module by its first bytes: wasmtime would read text as WAT."""
    if wasm[: len(binary.MAGIC)] == binary.MAGIC:
        return
    raise LoadError(
        f"the file is {_what_it_is(wasm)}, not a core WebAssembly module",
        code="load.not_wasm",
        phase="load",
        hint="`binary` must name the compiled module, which starts with 00 61 73 6d 01 00 00 00",
    )


def _what_it_is(wasm: bytes) -> str:
    if not wasm:
        return "empty"
    if wasm[:4] == b"\0asm":
        if wasm[4:8] == b"\x0d\0\x01\0":
            return "a WebAssembly component"
        return f"WebAssembly of an unknown version ({wasm[4:8].hex(' ') or 'cut off'})"
    if wasm.lstrip()[:1] in (b"(", b";"):
        return "WebAssembly text"
    return f"something that starts with '{visible_bytes(wasm[:16])}'"


def _check_valid(wasm: bytes) -> None:
    from wasmtime import Module, WasmtimeError

    try:
        Module.validate(strict_engine(), wasm)
    except WasmtimeError as error:
        raise _invalid(wasm, str(error)) from None
    try:
        later = binary.uses_extended_const(wasm)
    except binary.TooManyError as error:
        raise LimitError(
            f"the module has {error}",
            code="limit.module",
            phase="load",
            hint="build it with a compiler that writes one section of each kind",
        ) from None
    if later:
        raise _later_feature("extended constant expressions")


def _invalid(wasm: bytes, reason: str) -> LoadError:
    from wasmtime import Module, WasmtimeError

    try:
        Module.validate(lenient_engine(), wasm)
    except WasmtimeError:
        return LoadError(
            f"the module is not valid WebAssembly: {visible(reason)}",
            code="load.invalid",
            phase="load",
            hint="the file is damaged or cut off; build it again",
        )
    return _later_feature(reason)


def _later_feature(reason: str) -> LoadError:
    return LoadError(
        f"the module needs a proposal later than WebAssembly 2.0: {visible(reason)}",
        code="load.feature",
        phase="load",
        hint="build for the MVP or 2.0 feature set (clang -mcpu=mvp, rustc -C target-cpu=mvp)",
    )


def _check_counts(wasm: bytes, limits: Limits) -> None:
    counted = (
        ("imports", binary.IMPORT, limits.imports),
        ("exports", binary.EXPORT, limits.exports),
    )
    for what, section, limit in counted:
        number = binary.count(wasm, section)
        if number > limit:
            text = f"the module has {number} {what}, the limit is {limit}"
            advice = f"remove {what} that are not used"
            raise exceeded(what, text, advice, given=number, allowed=limit, phase="load")


def _import_problems(imports: tuple[Import, ...]) -> list[Problem]:
    problems = []
    for entry in imports:
        known = abi.IMPORTS.get(entry.module, {})
        expected = known.get(entry.name)
        name = quoted(f"{entry.module}.{entry.name}")
        if expected is None:
            allowed = ", ".join(abi.HOST_FUNCTIONS)
            problems.append(
                Problem(
                    "load.import",
                    f"the module imports {name}, which the contract does not know",
                    field=entry.name,
                    hint=f"a plugin may import env.* ({allowed}) and {abi.WASI_MODULE}",
                )
            )
        elif expected != entry.type:
            problems.append(
                Problem(
                    "load.import_type",
                    f"the import {name} has the type {entry.type}, the contract's is {expected}",
                    field=entry.name,
                )
            )
    return problems


def _export_problems(exports: tuple[Export, ...]) -> list[Problem]:
    found = {entry.name: entry.type for entry in exports}
    problems = []
    for name, expected in (abi.EXPORTS | abi.OPTIONAL_EXPORTS).items():
        observed = found.get(name)
        if observed is None and name in abi.EXPORTS:
            problems.append(
                Problem(
                    "load.export",
                    f"the module does not export '{name}'",
                    field=name,
                    hint=f"export {name}: {expected}",
                )
            )
        elif observed is not None and observed != expected:
            problems.append(
                Problem(
                    "load.export_type",
                    f"the export '{name}' has the type {observed}, the contract's is {expected}",
                    field=name,
                )
            )
    return problems


def _type_text(extern: object) -> str:
    """Write a type as ABI.md does: ``memory``, ``(i32 i32) -> i32``, ``table``, ``global i32``."""
    from wasmtime import FuncType, GlobalType, MemoryType, TableType

    if isinstance(extern, FuncType):
        parameters = " ".join(str(value) for value in extern.params)
        results = [str(value) for value in extern.results]
        return f"({parameters}) -> {results[0] if len(results) == 1 else _list(results)}"
    if isinstance(extern, MemoryType):
        return "memory"
    if isinstance(extern, TableType):
        return "table"
    if isinstance(extern, GlobalType):
        return f"global {extern.content}"
    return "tag"


def _list(types: list[str]) -> str:
    return f"({' '.join(types)})"
