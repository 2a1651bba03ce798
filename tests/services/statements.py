"""Statements of both engines, as the gate hands them on."""

from __future__ import annotations

import pytest

from pytest_zeno.permissions.database import Query
from pytest_zeno.permissions.refusal import Refused


def ask(databases, connection, sql, params=None):
    """Return the reply to a plugin's statement."""
    return databases.query(Query(connection, sql, params))


def rows(databases, connection, sql, params=None):
    """Return the rows of a plugin's statement."""
    return ask(databases, connection, sql, params)["rows"]


def refused(databases, sql, params=None, connection="default"):
    """Return how a plugin's statement is refused."""
    with pytest.raises(Refused) as refusal:
        ask(databases, connection, sql, params)
    return refusal.value
