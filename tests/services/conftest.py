"""Databases of both engines."""

from __future__ import annotations

import pytest

from pytest_zeno.services.database import Databases

from .postgresql import serving


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server, started once for each worker."""
    with serving() as server:
        yield server


@pytest.fixture
def databases():
    """No connections yet; closed after the test."""
    databases = Databases()
    yield databases
    databases.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def source(request):
    """What makes the source of one more connection, for each engine."""
    if request.param == "sqlite":
        return lambda: "sqlite://"
    return request.getfixturevalue("postgresql").url
