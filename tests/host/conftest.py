"""A host, and plugin folders written on the spot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_zeno import ZenoHost
from tests.host.plugins import write
from tests.runtime.conftest import quick_compiler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["quick_compiler"]


@pytest.fixture
def host() -> Iterator[ZenoHost]:
    """A host with nothing in it."""
    with ZenoHost() as host:
        yield host


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Write the folder of a plugin; see `plugins.write`."""
    return lambda name="probe", **parts: write(tmp_path / "plugins" / name, name, **parts)
