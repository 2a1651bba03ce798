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

PATHS = {"fast": FastInstance, "plain": PlainInstance}


def _compile_here(wasm: bytes, target: Path, options: EngineOptions, limits: Limits) -> None:
    import wasmtime

    target.write_bytes(wasmtime.Module(running_engine(options), wasm).serialize())


@pytest.fixture(autouse=True, scope="session")
def quick_compiler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compile the tests' harmless guests in this process: 2 ms instead of 100."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(cache.ENVIRONMENT_VARIABLE, str(tmp_path_factory.mktemp("cache")))
        patch.setattr(compiler, "compile_to", _compile_here)
        yield
    module.cache_clear()


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
        *,
        limits: Limits = Limits(),
        wasm: bytes | None = None,
        **parts: object,  # noqa: B008
    ) -> Instance:
        wasm = guest(**parts) if wasm is None else wasm
        instance = path(module(wasm, limits), calls, limits, plugin="test")
        opened.append(instance)
        return instance

    yield open_guest
    for instance in opened:
        instance.close()
