"""Compile bombs of every shape: each ends as a typed error, or compiles within the limits.

``ZENO_TEST_BOMBS=1`` takes them at the size at which they hurt, a fraction otherwise.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_zeno.errors import LimitError, LoadError
from pytest_zeno.limits import Limits
from pytest_zeno.runtime.engine import EngineOptions
from pytest_zeno.runtime.module import GuestModule
from tests.runtime.shapes import SHAPES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runtime.conftest import Compile

SCALE = float(os.environ.get("ZENO_TEST_BOMBS", "0.02"))
LIMITS = Limits() if SCALE >= 1 else Limits(compile_timeout="500ms", compile_memory="512MiB")
TYPED = {
    "compiled",
    "limit.module",
    "limit.imports",
    "limit.exports",
    "limit.compile_time",
    "limit.compile_memory",
    "load.compile",
    "load.invalid",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_bomb_ends_as_a_typed_error_or_compiles(
    shape: str, original_compiler: Compile, tmp_path: Path
) -> None:
    """It is read in this process in memory of its own size, and compiled in a child."""
    make, size = SHAPES[shape]
    wasm = make(max(1, int(size * SCALE)))
    assert _outcome(wasm, original_compiler, tmp_path / "module.cwasm") in TYPED
    _check_memory()


def _outcome(wasm: bytes, compile_to: Compile, target: Path) -> str:
    try:
        compile_to(GuestModule(wasm, LIMITS).wasm, target, EngineOptions(LIMITS.stack), LIMITS)
    except (LimitError, LoadError) as error:
        return error.code
    return "compiled" if target.stat().st_size else "nothing"


def _check_memory() -> None:
    """No child has held more than the limit allows."""
    if sys.platform == "linux":
        import resource

        held = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        assert held <= Limits().compile_memory


@pytest.mark.parametrize(
    ("shape", "size", "said"),
    [
        ("many sections", 10_001, "more than 10000 sections"),
        ("many elements", 1_000_001, "more than 1000000 initial values"),
        ("many imports", 65, "65 imports, the limit is 64"),
        ("many exports", 257, "257 exports, the limit is 256"),
    ],
)
def test_what_is_walked_here_is_counted_first(shape: str, size: int, said: str) -> None:
    """Reading a module of the largest size takes this process no longer than compiling may."""
    with pytest.raises(LimitError, match=said) as caught:
        GuestModule(SHAPES[shape][0](size), Limits())
    assert caught.value.hint
