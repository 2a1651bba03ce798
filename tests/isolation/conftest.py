"""Workers, guests in them, and ways to strike them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pytest_zeno.isolation import process, wire
from pytest_zeno.isolation.spare import spares
from pytest_zeno.isolation.worker import Worker
from tests.host.plugins import write
from tests.runtime.conftest import quick_compiler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["quick_compiler"]

signals = pytest.mark.skipif(sys.platform == "win32", reason="has no signals")


@pytest.fixture(scope="module", autouse=True)
def _ahead() -> Iterator[None]:
    """Keep a process in readiness between tests."""
    spares.lease()
    yield
    spares.release()


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker that is ended."""
    worker = Worker()
    yield worker
    worker.close()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have something done once, before or after a message is sent to a worker."""

    def strike(message: type | str, action: Callable[[], object], *, before: bool = False) -> None:
        def fits(said: object) -> bool:
            if isinstance(message, str):
                return isinstance(said, wire.Enter) and said.entry == message
            return isinstance(said, message)

        def sending(pipe, said) -> None:
            if not (waiting and fits(said)):
                send(pipe, said)
                return
            waiting.clear()
            for step in (action, lambda: send(pipe, said))[:: 1 if before else -1]:
                step()

        waiting, send = [True], wire.send
        monkeypatch.setattr(process.wire, "send", sending)

    return strike


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Write the folder of a plugin; see `tests.host.plugins.write`."""
    return lambda name="probe", **parts: write(tmp_path / "plugins" / name, name, **parts)
