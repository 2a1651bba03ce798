"""Modules are compiled in this process, but for those that attack the compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.host.plugins import write
from tests.hostile.shuffle import SEED, VARIABLE
from tests.runtime.conftest import original_compiler, quick_compiler

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["original_compiler", "quick_compiler"]


@pytest.fixture(autouse=True)
def _order() -> None:
    """Say how this order is had again; pytest shows it with what fails."""
    print(f"the order: {VARIABLE}={SEED}")  # noqa: T201 (captured)


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a plugin that keeps the contract."""
    return write(tmp_path_factory.mktemp("plugins") / "good", "good")
