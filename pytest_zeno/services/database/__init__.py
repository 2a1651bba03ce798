"""The databases behind `host_db_query`: by name, SQLite at once, PostgreSQL with an extra."""

from __future__ import annotations

from pytest_zeno.services.database.connections import Database, Databases

__all__ = ["Database", "Databases"]
