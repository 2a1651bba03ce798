"""Modules made into instances through the C API, and what they give each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import wasmtime

from pytest_zeno.limits import Limits
from pytest_zeno.runtime.crossing import context_address, reference
from pytest_zeno.runtime.engine import EngineOptions, running_engine
from pytest_zeno.runtime.linking import Linking

if TYPE_CHECKING:
    from collections.abc import Iterator

OPTIONS = EngineOptions(Limits().stack)
GIVER = """(module
  (memory (export "memory") 3)
  (global (export "seven") i32 (i32.const 7))
  (func (export "first") (result i32) (i32.const 1))
  (func (export "second") (result i32) (i32.const 2)))"""
TAKER = """(module
  (import "a" "b" (func $b (result i32)))
  (import "a" "memory" (memory 3))
  (global $got (export "got") (mut i32) (i32.const 0))
  (func $start (global.set $got (call $b)))
  (start $start))"""


def compiled(text: str) -> wasmtime.Module:
    """Compile a module's text."""
    return wasmtime.Module(running_engine(OPTIONS), text)


@pytest.fixture
def linking() -> Iterator[Linking]:
    """A row of four places of a store with time enough."""
    store = wasmtime.Store(running_engine(OPTIONS))
    store.set_epoch_deadline(10**6)
    yield (made := Linking(reference(context_address(store)), 4))
    made.close()
    store.close()


@pytest.mark.parametrize(("name", "value"), [("first", 1), ("second", 2)])
def test_a_module_imports_a_stretch_of_places(linking: Linking, name: str, value: int) -> None:
    """What lies in the places, in their order, is what it imports."""
    giver = linking.instantiate(compiled(GIVER))
    linking.take(1, giver, name, "memory")
    taker = linking.instantiate(compiled(TAKER), 1, 2)
    assert linking.number(taker, "got") == value


def test_a_place_is_copied(linking: Linking) -> None:
    """Two modules may want the same thing at different places."""
    giver = linking.instantiate(compiled(GIVER))
    linking.take(0, giver, "memory")
    linking.copy(0, 3)
    linking.take(2, giver, "first")
    assert linking.number(linking.instantiate(compiled(TAKER), 2, 2), "got") == 1
    assert linking.start_of(3) == linking.start_of(0)


def test_a_number_is_read(linking: Linking) -> None:
    """A global of 32 bits."""
    assert linking.number(linking.instantiate(compiled(GIVER)), "seven") == 7


def test_a_missing_export_is_a_key_error(linking: Linking) -> None:
    """Nothing is put into the place."""
    giver = linking.instantiate(compiled(GIVER))
    with pytest.raises(KeyError, match="third"):
        linking.take(0, giver, "first", "third")
    with pytest.raises(KeyError, match="third"):
        linking.function(giver, "third")


def test_a_trap_of_the_start_function_is_raised(linking: Linking) -> None:
    """And the next instance is made as if nothing had been."""
    with pytest.raises(wasmtime.Trap, match="unreachable"):
        linking.instantiate(compiled("(module (func $f unreachable) (start $f))"))
    assert linking.number(linking.instantiate(compiled(GIVER)), "seven") == 7


def test_what_does_not_fit_is_an_error(linking: Linking) -> None:
    """The engine says what: here it is a memory in the place of a function."""
    giver = linking.instantiate(compiled(GIVER))
    linking.take(0, giver, "memory", "memory")
    with pytest.raises(wasmtime.WasmtimeError, match="incompatible import type"):
        linking.instantiate(compiled(TAKER), 0, 2)
