"""pytester, for the tests of the pytest side."""

from __future__ import annotations

pytest_plugins = ["pytester"]
