"""What is refused before any code runs (ABI.md section 2; PERMISSIONS.md, Limits)."""

from __future__ import annotations

import pytest

from pytest_zeno.errors import LimitError, LoadError
from pytest_zeno.limits import Limits
from pytest_zeno.runtime import abi
from pytest_zeno.runtime import module as module_code
from pytest_zeno.runtime.instance import check_module
from pytest_zeno.runtime.module import GuestModule
from tests.runtime.guests import ALLOC, guest, module, text, wasm


def _load(binary: bytes, limits: Limits = Limits()) -> GuestModule:  # noqa: B008 (frozen)
    return GuestModule(binary, limits)


def _code(binary: bytes) -> str:
    with pytest.raises(LoadError) as caught:
        _load(binary)
    assert caught.value.phase == "load"
    return caught.value.code


# -- no core module --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("binary", "says"),
    [
        (b"", "empty"),
        (b"(module)", "WebAssembly text"),
        (b"  ;; comment\n(module)", "WebAssembly text"),
        (b"\0asm", "an unknown version (cut off)"),
        (b"\0asm\x02\0\0\0", "an unknown version (02 00 00 00)"),
        (b"\0asm\x0d\0\x01\0", "a WebAssembly component"),
        (b"\x7fELF\x02\x01\x01\x1b[31m", "starts with '\\u007fELF"),
        (b"name: hello\nbinary: hello.wasm", "starts with 'name: hello\\u000abina'"),
    ],
)
def test_what_is_no_core_module_is_named(binary: bytes, says: str) -> None:
    """Text, components and empty files are refused by their first bytes, and shown escaped."""
    with pytest.raises(LoadError) as caught:
        _load(binary)
    assert caught.value.code == "load.not_wasm"
    assert says in caught.value.message


@pytest.mark.parametrize(
    "binary",
    [
        b"\0asm\x01\0\0\0\x01",
        b"\0asm\x01\0\0\0\x01\xff\x01",
        b"\0asm\x01\0\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\0asm\x01\0\0\0\x63\x00",
        guest()[:-10],
        guest()[:200] + b"\xff\xff" + guest()[202:],
    ],
    ids=["cut", "overrun", "endless number", "unknown section", "cut off", "overwritten"],
)
def test_damage_is_invalid(binary: bytes) -> None:
    """What no version of WebAssembly knows is damage, not a feature."""
    assert _code(binary) == "load.invalid"


# -- features --------------------------------------------------------------------------------------

_LATER = {
    "threads": "(memory 1 1 shared)",
    "atomics": "(memory 1) (func (drop (i32.atomic.load (i32.const 0))))",
    "tail call": "(func $f (return_call $f))",
    "extended const global": "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
    "extended const data": '(memory 1) (data (i32.sub (i32.const 9) (i32.const 2)) "x")',
    "extended const element": "(table 9 funcref) (elem (i32.mul (i32.const 1) (i32.const 2)))",
    "extended const i64": "(global i64 (i64.add (i64.const 1) (i64.const 2)))",
    "a global of its own in a constant": """(global $a i32 (i32.const 1))
                                            (global i32 (global.get $a))""",
    "multi-memory": "(memory 1) (memory 1)",
    "memory64": "(memory i64 1)",
    "table64": "(table i64 1 funcref)",
    "exceptions": "(tag $t) (func (throw $t))",
    "GC": "(type (struct (field i32)))",
    "i31": "(func (drop (ref.i31 (i32.const 1))))",
    "typed references": "(type $t (func)) (func (param (ref $t)))",
    "initialised table": "(table 1 funcref (ref.null func))",
    "relaxed SIMD": """(func (param v128) (drop (i8x16.relaxed_swizzle
                         (local.get 0) (local.get 0))))""",
    "wide arithmetic": """(func (param i64) (result i64 i64)
                            (i64.mul_wide_u (local.get 0) (local.get 0)))""",
    "custom page sizes": "(memory 1 (pagesize 1))",
}

_KNOWN = {
    "SIMD": "(func (param v128) (drop (i8x16.add (local.get 0) (local.get 0))))",
    "a SIMD global": "(global v128 (v128.const i64x2 0x0b0b 0x6a6a))",
    "bulk memory": "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))",
    "passive data": '(memory 1) (data "\\6a\\6a")',
    "multi-value": "(func (result i32 i32) (i32.const 1) (i32.const 2))",
    "reference types": "(table 1 externref) (func (param externref))",
    "two tables": "(table 1 funcref) (table 1 funcref)",
    "element expressions": "(func $f) (elem funcref (ref.func $f) (ref.null func))",
    "declared elements": "(func $f) (elem declare func $f)",
    "sign extension": "(func (drop (i32.extend8_s (i32.const 1))))",
    "saturating conversion": "(func (drop (i32.trunc_sat_f32_s (f32.const 1))))",
    "constants that look like arithmetic": """(global i32 (i32.const 0x6a6b6c))
      (global f32 (f32.const nan:0x6a6a6a)) (global f64 (f64.const 0x1.6a6a6ap1))""",
    "an imported global in a constant": """(import "m" "g" (global $g i32))
                                           (global i32 (global.get $g))""",
}


@pytest.mark.parametrize("feature", _LATER)
def test_a_later_proposal_is_refused(feature: str) -> None:
    """WebAssembly 2.0 and nothing after it, with a hint how to build for it."""
    with pytest.raises(LoadError) as caught:
        _load(wasm(f"(module {_LATER[feature]})"))
    assert caught.value.code == "load.feature"
    assert "mvp" in caught.value.hint


@pytest.mark.parametrize("feature", _KNOWN)
def test_what_webassembly_2_knows_is_accepted(feature: str) -> None:
    """Also where its bytes look like something later."""
    assert _load(wasm(f"(module {_KNOWN[feature]})"))


# -- imports and exports ---------------------------------------------------------------------------


def _problems(**parts: object) -> list[tuple[str, str]]:
    return [(problem.code, problem.field) for problem in module(guest(**parts)).problems]


def test_a_good_guest_has_no_problems() -> None:
    """All host functions and all of WASI preview 1 may be imported."""
    assert _problems(imports=()) == []
    everything = (*abi.HOST_IMPORTS, *abi.WASI_IMPORTS)
    assert _problems(imports=everything) == []
    check_module(module(guest()))


@pytest.mark.parametrize(
    ("raw", "code", "field"),
    [
        ('(import "env" "host_exec" (func))', "load.import", "host_exec"),
        ('(import "ENV" "host_log" (func))', "load.import", "host_log"),
        ('(import "wasi_unstable" "fd_write" (func))', "load.import", "fd_write"),
        ('(import "wasi_snapshot_preview1" "sock_open" (func))', "load.import", "sock_open"),
        ('(import "env" "memory" (memory 1))', "load.import", "memory"),
        ('(import "env" "table" (table 1 funcref))', "load.import", "table"),
        ('(import "env" "host_log" (global i32))', "load.import_type", "host_log"),
        ('(import "env" "host_log" (func (param i32 i32)))', "load.import_type", "host_log"),
        (
            '(import "env" "host_env_get" (func (param i32 i32) (result i64)))',
            "load.import_type",
            "host_env_get",
        ),
    ],
)
def test_an_import_is_known_and_of_the_exact_type(raw: str, code: str, field: str) -> None:
    """Eight host functions and WASI preview 1, each of its one type."""
    memory = "" if "(memory" in raw else '(memory (export "memory") 2)'
    parts = {"raw_imports": raw, "memory": memory}
    if not memory:
        parts["extra"] = '(export "memory" (memory 0))'
    assert _problems(**parts) == [(code, field)]


_MISSING = {
    "memory": {"extra": "", "memory": "(memory 2)"},
    "alloc": {"alloc": "(func $alloc)"},
    "plugin_init": {"init": ""},
    "plugin_register_slots": {"register": ""},
    "plugin_cleanup": {"cleanup": ""},
}


@pytest.mark.parametrize("name", _MISSING)
def test_every_export_of_the_contract_is_there(name: str) -> None:
    """Found at load, not at the first call."""
    assert _problems(**_MISSING[name]) == [("load.export", name)]


@pytest.mark.parametrize(
    ("parts", "field", "type_"),
    [
        ({"cleanup": '(table (export "plugin_cleanup") 1 funcref)'}, "plugin_cleanup", "table"),
        (
            {"init": '(func (export "plugin_init") (result f64) (f64.const 1))'},
            "plugin_init",
            "() -> f64",
        ),
        (
            {"init": '(global (export "plugin_init") i32 (i32.const 1))'},
            "plugin_init",
            "global i32",
        ),
        (
            {
                "alloc": ALLOC.replace('(export "alloc")', "")
                + '(func (export "alloc") (param i64) (result i32 i32) (i32.const 1) (i32.const 1))'
            },
            "alloc",
            "(i64) -> (i32 i32)",
        ),
        ({"extra": '(func (export "free"))'}, "free", "() -> ()"),
        ({"extra": '(func (export "_start") (param i32))'}, "_start", "(i32) -> ()"),
        ({"extra": '(memory (export "_initialize") 1)', "memory": ""}, "_initialize", "memory"),
    ],
)
def test_an_export_has_the_exact_type(parts: dict[str, str], field: str, type_: str) -> None:
    """The observed and the expected type stand in the message."""
    found = {problem.field: problem for problem in module(guest(**parts)).problems}
    assert found[field].code == "load.export_type"
    assert f"has the type {type_}, the contract's is" in found[field].message


def test_several_problems_are_one_error_with_a_count() -> None:
    """The first is told, the others are counted."""
    broken = module(guest(init="", cleanup="", register=""))
    with pytest.raises(LoadError, match=r"'plugin_init' \(and 2 more\)") as caught:
        check_module(broken, "hello")
    assert (caught.value.code, caught.value.plugin) == ("load.export", "hello")


def test_names_of_imports_are_shown_escaped() -> None:
    """A name is text from the guest."""
    bad = module(guest(raw_imports='(import "env" "\\1b[31m\\e2\\80\\ae" (func))')).problems
    assert "'env.\\u001b[31m\\u202e'" in bad[0].message


# -- counts and sizes ------------------------------------------------------------------------------


def _limit(binary: bytes, limits: Limits) -> str:
    with pytest.raises(LimitError) as caught:
        _load(binary, limits)
    assert caught.value.phase == "load"
    return caught.value.code


def test_a_module_has_a_largest_size() -> None:
    """Counted before anything looks into it."""
    binary = guest()
    assert _load(binary, Limits(module=len(binary)))
    assert _limit(binary, Limits(module=len(binary) - 1)) == "limit.module"


def test_imports_are_counted_before_they_are_listed() -> None:
    """Listing them takes time that grows with their square."""
    raw = '(import "env" "host_log" (func (param i32 i32 i32 i32)))'
    assert _load(guest(raw_imports=raw * 64))
    assert _limit(guest(raw_imports=raw * 65), Limits()) == "limit.imports"


def test_exports_are_counted_before_they_are_listed() -> None:
    """100,000 exports are refused at once."""
    extra = "".join(f'(export "e{number}" (func $alloc))' for number in range(251))
    assert _limit(guest(extra=extra), Limits()) == "limit.exports"
    assert _load(guest(extra=extra), Limits(exports=257))


def test_a_broken_name_section_is_only_debug_data() -> None:
    """The guest runs, and its trap can be told."""
    name_section = b"\0\x0b\x04name\x01\x04\x01\x00\x01\xff"
    assert module(guest() + name_section).problems == ()


def test_a_module_says_what_it_is() -> None:
    """Short, and the same for the same bytes."""
    binary = wasm(text())
    loaded = _load(binary)
    assert repr(loaded) == f"<GuestModule {loaded.sha256[:12]} {len(binary)} bytes>"
    assert [entry.name for entry in loaded.exports][:2] == ["memory", "alloc"]
    assert not loaded.uses_wasi


def test_what_a_module_imports_and_exports_is_worked_out_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tests load the same plugin over and over; another module has its own, the oldest goes."""
    monkeypatch.setattr(module_code, "_interfaces", known := {})
    monkeypatch.setattr(module_code, "_MOST_INTERFACES", 1)
    wasm, other = guest(imports=("host_log",)), guest(run="(i32.const 1)")
    first, again = GuestModule(wasm, Limits()), GuestModule(wasm, Limits())
    assert first.imports is again.imports
    assert [entry.name for entry in first.imports] == ["host_log"]
    assert GuestModule(other, Limits()).imports == ()
    assert list(known) == [GuestModule(other, Limits()).sha256]
    assert GuestModule(wasm, Limits()).imports == first.imports
