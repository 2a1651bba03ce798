"""Rules on the module: format, features, size, imports and exports (ABI.md section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_zeno.errors import LoadError
from pytest_zeno.runtime import binary
from pytest_zeno.verdict.broken import Broken, no_failures, no_problems
from pytest_zeno.verdict.rule import rule

if TYPE_CHECKING:
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.runtime.module import GuestModule


@rule(
    "MOD-001",
    level="MUST",
    section="1",
    why="Build systems leave component binaries, archives, empty files or text under the name "
    "of the module.",
    example="cargo build --target wasm32-wasip2, and the component is shipped.",
    fix={
        "c": "Ship what the linker writes (--target=wasm32 -Wl,--no-entry): no object file, no "
        "archive, no .wat text.",
        "go": "Ship what GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared writes: no .wat "
        "text, nothing for wasip2.",
        "rust": "Ship the .wasm of a cdylib for wasm32-unknown-unknown or wasm32-wasip1: no .wat "
        "text; wasip2 makes a component.",
        "zig": "Ship what zig build-exe -target wasm32-freestanding -fno-entry writes, no archive.",
        "assemblyscript": "Ship what asc --outFile writes, not the text of --textFile.",
    },
    codes=("load.not_wasm",),
)
def test_mod001_binary_is_a_core_module(zeno_subject: Subject) -> None:
    """The binary is a core WebAssembly module of version 1."""
    try:
        no_failures("MOD-001", zeno_subject, "load")
    except LoadError as error:
        if error.code != "load.not_wasm":
            raise
        start = zeno_subject.file.read_bytes()[: len(binary.MAGIC)]
        raise Broken(
            error.message,
            observed=f"first bytes {start.hex(' ') or '(none)'}",
            expected=f"first bytes {binary.MAGIC.hex(' ')}",
            hint=error.hint,
        ) from None


@rule(
    "MOD-002",
    level="MUST",
    section="1",
    why="Truncated uploads and post-processing tools leave modules that no engine accepts.",
    example="curl -r 0-65535 -o plugin.wasm …, which stops in the middle of the module.",
    fix={
        "c": "Build it again and copy the whole file; check the output of wasm-opt or strip.",
        "go": "Build it again and copy the whole file.",
        "rust": "Build it again; check what wasm-opt or wasm-strip did to it.",
    },
    codes=("load.invalid",),
)
def test_mod002_binary_is_valid(zeno_subject: Subject) -> None:
    """The binary passes WebAssembly validation."""
    no_failures("MOD-002", zeno_subject, "load")


@rule(
    "MOD-003",
    level="MUST",
    section="2",
    why="Newer compilers switch proposals on by default, and hosts with older engines refuse "
    "the module.",
    example="clang -mtail-call -pthread",
    fix={
        "c": "Compile with -mcpu=mvp or name what you use (-msimd128 -mbulk-memory); no "
        "-pthread, -mtail-call or -fwasm-exceptions.",
        "go": "Use the released toolchain's GOOS=wasip1 without GOWASM additions.",
        "rust": "Build with -C target-cpu=mvp, without +atomics, +tail-call, +relaxed-simd or "
        "+exception-handling.",
        "zig": "Build with -mcpu=mvp, or with the features of version 2.0 alone.",
        "assemblyscript": "Do not --enable threads, tail-calls, relaxed-simd or gc.",
    },
    codes=("load.feature",),
)
def test_mod003_module_needs_no_later_feature(zeno_subject: Subject) -> None:
    """The module needs no WebAssembly proposal later than version 2.0."""
    no_failures("MOD-003", zeno_subject, "load")


@rule(
    "MOD-004",
    level="MUST",
    section="PERMISSIONS.md, Limits",
    why="Debug builds and embedded data make modules that take seconds to load in every worker.",
    example='go build without -ldflags="-s -w", with a 30 MB table embedded.',
    fix={
        "c": "Build with -Os and strip (-Wl,--strip-all); do not embed data sets.",
        "go": 'Build with -ldflags="-s -w", or with TinyGo.',
        "rust": 'Build with --release, strip = true, opt-level = "s" and lto = true.',
        "zig": "Build with -O ReleaseSmall and -fstrip.",
        "assemblyscript": "Build with -Oz and --noAssert, without --debug.",
    },
    codes=("limit.module",),
)
def test_mod004_module_is_small_enough(zeno_subject: Subject) -> None:
    """The module is not larger than the host's limit, 32 MiB by default."""
    no_failures("MOD-004", zeno_subject, "load")


@rule(
    "MOD-005",
    level="MUST",
    section="PERMISSIONS.md, Limits",
    why="Listing imports costs time that grows with their square; thousands of them are an attack.",
    example="clang -Wl,--allow-undefined, and a header of 200 functions that nobody links.",
    fix={
        "c": "Do not link with --allow-undefined: what is missing becomes an import.",
        "go": "Remove //go:wasmimport declarations that are not used.",
        "rust": 'Remove extern "C" declarations and -C link-arg=--allow-undefined.',
    },
    codes=("limit.imports",),
)
def test_mod005_imports_are_few(zeno_subject: Subject) -> None:
    """The module has no more imports than the host's limit, 64 by default."""
    no_failures("MOD-005", zeno_subject, "load")


@rule(
    "MOD-006",
    level="MUST",
    section="PERMISSIONS.md, Limits",
    why="Linking with --export-all makes every function of the C library an export.",
    example="clang -Wl,--export-all",
    fix={
        "c": "Export by name (__attribute__((export_name))), not by -Wl,--export-all.",
        "go": "Remove //go:wasmexport from what is not in the contract.",
        "rust": "Remove #[no_mangle] from what is not in the contract.",
        "zig": "Remove export from what is not in the contract.",
        "assemblyscript": "Remove export from what is not in the contract, and --exportRuntime.",
    },
    codes=("limit.exports",),
)
def test_mod006_exports_are_few(zeno_subject: Subject) -> None:
    """The module has no more exports than the host's limit, 256 by default."""
    no_failures("MOD-006", zeno_subject, "load")


@rule(
    "MOD-007",
    level="MUST",
    section="PERMISSIONS.md, Limits",
    why="One generated function of some thousand branches can take a compiler minutes and "
    "gigabytes.",
    example="A generated switch of 50,000 cases in one function.",
    fix={
        "c": "Split generated tables and switch statements; build with -Os.",
        "go": "Split generated functions and large composite literals.",
        "rust": "Split generated match expressions; build with opt-level 1 or more.",
    },
    codes=("limit.compile_time", "limit.compile_memory", "load.compile"),
)
def test_mod007_module_compiles_within_limits(zeno_subject: Subject) -> None:
    """The module compiles within the host's limits, 10 seconds and 1.5 GiB by default."""
    no_failures("MOD-007", zeno_subject, "load")


@rule(
    "MOD-008",
    level="MUST",
    section="2",
    why="An import that the host does not provide ends the load, even when it is never called: "
    "env.memory, env.abort, emscripten and wasi_unstable functions are the usual ones.",
    example="asc without --use abort=…: the module imports env.abort.",
    fix={
        "c": 'Declare host functions with import_module("env"), and link without emscripten and '
        "--import-memory.",
        "go": "Use //go:wasmimport env NAME for host functions, and GOOS=wasip1, not js.",
        "rust": 'Use #[link(wasm_import_module = "env")]; wasm-bindgen does not work here.',
        "zig": 'Declare host functions as extern "env" fn.',
        "assemblyscript": 'Use @external("env", NAME) for host functions, and --use abort=… for an '
        "abort of your own.",
    },
    codes=("load.import",),
)
def test_mod008_imports_are_the_contracts(zeno_module: GuestModule) -> None:
    """The module imports the host functions of the contract, WASI preview 1, and nothing else."""
    no_problems("MOD-008", zeno_module.problems)


@rule(
    "MOD-009",
    level="MUST",
    section="6",
    why="A declaration with one parameter less, or with 64-bit sizes, links in silence and ends "
    "the load.",
    example="func hostLog(level, message uint64)  // below //go:wasmimport env host_log",
    fix={
        "c": "Declare pointers and lengths as they are on wasm32: const char *, size_t, int.",
        "go": "Declare every parameter and result of a //go:wasmimport as uint32 or int32.",
        "rust": "Declare pointers as *const u8 and lengths as u32 or usize, none as u64.",
    },
    codes=("load.import_type",),
)
def test_mod009_imports_have_their_types(zeno_module: GuestModule) -> None:
    """Every import has exactly the type that the contract gives it."""
    no_problems("MOD-009", zeno_module.problems)


@rule(
    "MOD-010",
    level="MUST",
    section="2",
    why="Linkers drop what is not exported by name; the plugin loads and fails at the first call.",
    example="fn plugin_init() -> *const u8 without #[no_mangle].",
    fix={
        "c": 'Write __attribute__((export_name("plugin_init"))) and so on; clang exports the '
        "memory by itself.",
        "go": "Write //go:wasmexport plugin_init above each function and build with "
        "-buildmode=c-shared.",
        "rust": 'Write #[no_mangle] pub extern "C" fn plugin_init, in a crate of type cdylib.',
        "zig": "Write export fn plugin_init, and build with -rdynamic.",
        "assemblyscript": "Write export function plugin_init in the entry file that asc is given.",
    },
    codes=("load.export",),
)
def test_mod010_exports_are_there(zeno_module: GuestModule) -> None:
    """The module exports the memory, alloc and the four plugin functions."""
    no_problems("MOD-010", zeno_module.problems)


@rule(
    "MOD-011",
    level="MUST",
    section="2",
    why="A function that returns a 64-bit pointer, or takes three of the four arguments, cannot "
    "be called by any host.",
    example="uint64_t plugin_execute(const char *name, const char *request)",
    fix={
        "c": "Let plugin_execute take two pointers and two size_t, and return a pointer.",
        "go": "Use uint32 for every pointer and length; int is 64 bits on wasm.",
        "rust": 'Use *const u8, *mut u8 and usize in extern "C" functions; no u64, no tuples.',
        "zig": "Use [*]const u8 and usize in export functions; no slices.",
        "assemblyscript": "Use usize for every pointer and length; no string, no f64.",
    },
    codes=("load.export_type",),
)
def test_mod011_exports_have_their_types(zeno_module: GuestModule) -> None:
    """Every export that the contract names has exactly the type that it gives."""
    no_problems("MOD-011", zeno_module.problems)


@rule(
    "MOD-012",
    level="MUST",
    section="PERMISSIONS.md, Limits",
    why="A memory that starts at 1 GiB, or tables of millions of entries, take the place of all "
    "other plugins.",
    example="clang -Wl,--initial-memory=134217728",
    fix={
        "c": "Lower -Wl,--initial-memory and the size of static arrays.",
        "go": "Do not hold large arrays in package variables.",
        "rust": "Remove large statics and -C link-arg=--initial-memory.",
    },
    codes=("limit.instantiate", "load.instantiate"),
)
def test_mod012_module_starts_within_limits(zeno_subject: Subject) -> None:
    """The module can be instantiated with the host's limits, 64 MiB of memory by default."""
    no_failures("MOD-012", zeno_subject, "load")
