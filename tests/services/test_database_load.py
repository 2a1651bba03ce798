"""Ten thousand calls, one in ten of which fails: nothing is left, and nothing is done twice."""

from __future__ import annotations

import gc
import os
import threading
from pathlib import Path

import pytest

from pytest_zeno import ZenoHost
from tests.host.plugins import GRANTS, ask, asking, write

CALLS = 10_000
STALLED = range(100, 400)
"""The calls that meet a fault of the host."""

INSERT = b'{"connection":"main","sql":"insert into done(a) values (:a)","params":{"a":1}}'
FAILING = b'{"connection":"main","sql":"insert into done(a, b) values (1, null)"}'
DENIED = b'{"connection":"main","sql":"commit"}'


def present(plugins):
    """Return how many files and sockets are open, where the system says, and how many threads.

    After each plugin was called without a database: what the runtime needs is there.
    """
    assert {plugin.call(f"{name}.run").success for name, plugin in plugins.items()} == {False}
    gc.collect()
    folder = Path("/proc/self/fd")
    handles = len(os.listdir(folder)) if folder.exists() else 0  # noqa: PTH208 (itself is one)
    return handles, threading.active_count()


@pytest.fixture
def plugins(tmp_path):
    """Three plugins: one writes, the SQL of one fails in the engine, one's is refused before."""
    requests = {"writes": INSERT, "fails": FAILING, "denied": DENIED}
    return {
        name: write(
            tmp_path / name,
            name,
            manifest=GRANTS,
            **asking("host_db_query", host_db_query=request),
            run=ask("host_db_query", request),
        )
        for name, request in requests.items()
    }


def test_ten_thousand_calls(source, plugins, request):
    """Each call that was answered has written once; connections, files and threads are gone."""
    place = source()
    with ZenoHost() as host:
        loaded = {name: host.load(path) for name, path in plugins.items()}
        before = present(loaded)
        script = "create table done(a integer, b integer not null default 0)"
        host.db.connect("main", place, read_only=False, script=script)
        host.faults.fail("host_db_query", code="timeout", nth=STALLED.start + 1, times=len(STALLED))
        errors = [loaded[name].call(f"{name}.run").error for name in map(caller, range(CALLS))]
        (written,) = host.db.execute("main", "select count(*) as n from done")
        host.db.close()
        assert present(loaded) == before
    assert errors == [error(number) for number in range(CALLS)]
    assert written["n"] == errors.count(None)
    assert CALLS - errors.count(None) == pytest.approx(CALLS / 10, rel=0.05)
    if request.node.callspec.id == "postgresql":
        assert request.getfixturevalue("postgresql").sessions() == 0


def caller(number):
    """Return who makes a call: one in twenty fails in the engine, one in fifty before it."""
    if number % 20 == 0:
        return "fails"
    return "denied" if number % 50 == 1 else "writes"


def error(number):
    """Return what the guest answers to a call."""
    if number in STALLED:
        return "timeout"
    texts = {"fails": "invalid request", "denied": "permission denied: database"}
    return texts.get(caller(number))
