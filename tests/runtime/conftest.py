"""Both call paths, a cache of the tests' own, and a compiler that needs no child process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_zeno.limits import Limits
from pytest_zeno.runtime import cache, compiler
from pytest_zeno.runtime.engine import EngineOptions, running_engine
from pytest_zeno.runtime.fast import FastInstance
from pytest_zeno.runtime.plain import PlainInstance
from tests.runtime.guests import Calls, guest, module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_zeno.runtime.instance import Instance

    Compile = Callable[[bytes, Path, EngineOptions, Limits], None]

DEFAULTS = Limits()
PATHS = {"fast": FastInstance, "plain": PlainInstance}


_compile_to = compiler.compile_to


def compile_here(wasm: bytes, target: Path, options: EngineOptions, _limits: Limits) -> None:
    """Compile in this process."""
    import wasmtime

    target.write_bytes(wasmtime.Module(running_engine(options), wasm).serialize())


@pytest.fixture(autouse=True, scope="session")
def quick_compiler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compile the tests' harmless guests in this process: 2 ms instead of 100."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(cache.ENVIRONMENT_VARIABLE, str(tmp_path_factory.mktemp("cache")))
        patch.setattr(compiler, "compile_to", compile_here)
        yield
    module.cache_clear()


@pytest.fixture
def original_compiler() -> Compile:
    """The compiler that starts a child process."""
    return _compile_to


@pytest.fixture(params=sorted(PATHS))
def path(request: pytest.FixtureRequest) -> type[Instance]:
    """Each call path in turn."""
    return PATHS[request.param]


@pytest.fixture
def calls() -> Calls:
    """A host that writes down what it hears."""
    return Calls()


@pytest.fixture
def open_guest(path: type[Instance], calls: Calls) -> Iterator[Callable[..., Instance]]:
    """Open guests on each call path, from parts as `guest` takes them; closed after the test."""
    opened: list[Instance] = []

    def open_guest(
        *, limits: Limits = DEFAULTS, wasm: bytes | None = None, **parts: object
    ) -> Instance:
        wasm = guest(**parts) if wasm is None else wasm
        instance = path(module(wasm, limits), calls, limits, plugin="test")
        opened.append(instance)
        return instance

    yield open_guest
    for instance in opened:
        instance.close()
