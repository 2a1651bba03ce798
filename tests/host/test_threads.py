"""One plugin, several threads: one is inside, the others are told so, and nothing breaks."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest

from pytest_zeno import ClosedError, TrapError, ZenoHost
from tests.host.plugins import GRANTS, TRAP, ask, asking, dropped


class _Waiting:
    """A database that answers when it is told to."""

    def __init__(self):
        self.entered, self.go = threading.Event(), threading.Event()

    def query(self, _sql, _params):
        self.entered.set()
        assert self.go.wait(10)
        return {"rows": [], "affected": 0}

    def close(self):
        pass


@contextmanager
def _inside(plugin, database):
    """Have another thread inside of a call; gives the list its outcome is put into."""
    outcome = []

    def run():
        try:
            outcome.append(plugin.call("probe.run"))
        except BaseException as error:
            outcome.append(error)
            raise

    thread = threading.Thread(target=run)
    thread.start()
    assert database.entered.wait(10)
    try:
        yield outcome
    finally:
        database.go.set()
        thread.join(10)


@pytest.fixture
def busy(make):
    """A host, its plugin, and the database that holds a call up."""
    given = asking("host_log", "host_db_query", "host_scope_set")
    run = f"{dropped(*given['imports'])} (i32.const 4096)"
    database = _Waiting()
    with ZenoHost() as host:
        host.db.connect("main", database)
        yield host, host.load(make(manifest=GRANTS, **given, run=run)), database


def test_a_second_thread_is_told(busy):
    """It gets closed.busy with where and a hint, and takes nothing of what the first one asked."""
    _, plugin, database = busy
    with _inside(plugin, database) as outcome:
        with pytest.raises(ClosedError) as error:
            plugin.call("probe.run")
        error = error.value
        assert (error.code, bool(error.hint)) == ("closed.busy", True)
        assert (error.plugin, error.phase, error.slot) == ("probe", "execute", "probe.run")
        assert (error.logs, error.host_calls) == ((), ())
    (result,) = outcome
    assert [record.message for record in result.logs] == ["hello"]
    calls = [(call.function, call.allowed) for call in result.host_calls]
    assert calls == [("host_log", True), ("host_db_query", True), ("host_scope_set", True)]


def test_the_instance_lives_on(busy):
    """A refused call is no failure of the instance."""
    _, plugin, database = busy
    with _inside(plugin, database):
        guest = plugin._guest
        with pytest.raises(ClosedError):
            plugin.call("probe.run")
    assert plugin.call("probe.run").success
    assert plugin._guest is guest


def test_a_plugin_is_not_closed_under_a_call(busy):
    """`close` says busy, does nothing, and can be called again."""
    host, plugin, database = busy
    with _inside(plugin, database) as outcome:
        with pytest.raises(ClosedError) as error:
            plugin.close()
        assert (error.value.code, error.value.phase) == ("closed.busy", "cleanup")
        assert not plugin.closed
    assert outcome[0].host_calls[-1].allowed  # the phase was execute all the time
    plugin.close()
    assert plugin.closed
    assert host.plugins == {}


def test_a_host_is_closed_when_the_call_is_over(busy):
    """The first close says busy and leaves that plugin; the next one closes it."""
    host, plugin, database = busy
    with _inside(plugin, database), pytest.raises(ClosedError):
        host.close()
    host.close()
    assert plugin.closed


class _Calling:
    """A database that calls the plugin which is asking it."""

    plugin = None

    def query(self, _sql, _params):
        with pytest.raises(ClosedError) as error:
            self.plugin.call("probe.run")
        assert error.value.code == "closed.busy"
        with pytest.raises(ClosedError):
            self.plugin.close()
        return {"rows": [], "affected": 0}

    def close(self):
        pass


def test_a_plugin_called_from_its_own_host_call_is_busy(make, host):
    """The inner call is refused, the outer one goes on with all that it noted."""
    given = asking("host_log", "host_db_query")
    run = f"{ask('host_log')} {ask('host_db_query')}"
    database = _Calling()
    host.db.connect("main", database)
    database.plugin = host.load(make(manifest=GRANTS, **given, run=run))
    result = database.plugin.call("probe.run")
    assert result.data == {"rows": [], "affected": 0}
    assert [call.function for call in result.host_calls] == ["host_log", "host_db_query"]


def test_threads_do_not_mix_what_they_asked(make, host):
    """Every result has its own host calls, however calls take turns."""
    given = asking("host_log", "host_env_get")
    run = f"{dropped('host_log', 'host_env_get', 'host_log')} (i32.const 4096)"
    plugin = host.load(make(**given, run=run))
    wrong, done = [], []

    def work():
        for _ in range(2000):
            try:
                calls = plugin.call("probe.run").host_calls
            except ClosedError:
                continue
            done.append(1)
            if [call.function for call in calls] != ["host_log", "host_env_get", "host_log"]:
                wrong.append(calls)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done
    assert wrong == []
    assert len(host.ledger) == 3 * len(done)


def test_threads_renew_an_instance_once(make, host):
    """After a failure one thread makes the fresh instance; none is lost."""
    plugin = host.load(make(run=TRAP))
    failures = []

    def work():
        for _ in range(20):
            try:
                plugin.call("probe.run")
            except (TrapError, ClosedError) as error:
                failures.append(type(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 80
    with pytest.raises(TrapError):
        plugin.call("probe.run")
