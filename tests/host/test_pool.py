"""A plugin with several instances: calls at once, one thread in each, and no two in one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_zeno import ClosedError, LimitError, TrapError, ZenoHost
from tests.host.plugins import GRANTS, TRAP, ask, asking
from tests.host.test_recovery import counting

THREADS = 4
MANIFEST = "permissions: {database: [main]}\n"


class _Meeting:
    """A database that answers when so many calls are waiting in it."""

    def __init__(self, parties):
        self.query = lambda _sql, _params: self._met(parties)
        self.barrier = threading.Barrier(parties)

    def _met(self, _):
        self.barrier.wait(10)
        return {"rows": [], "affected": 0}

    def close(self):
        pass


def _together(work, threads=THREADS):
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, range(threads)))


@pytest.fixture
def waiting(make, host):
    """A plugin with so many instances, each call of which waits for as many others."""

    def load(instances, parties, **parts):
        host.db.connect("main", _Meeting(parties))
        given = asking("host_db_query")
        folder = make(manifest=MANIFEST, **given, run=ask("host_db_query"), **parts)
        return host.load(folder, instances=instances)

    return load


def test_as_many_calls_run_at_once_as_there_are_instances(waiting):
    """Each waits for all others inside of its guest: with one instance fewer none would end."""
    plugin = waiting(THREADS, THREADS)
    results = _together(lambda _: plugin.call("probe.run"))
    assert [result.success for result in results] == [True] * THREADS
    assert {len(result.host_calls) for result in results} == {1}


def test_a_call_waits_for_an_instance_that_is_free(make, host):
    """More threads than instances: each is served in the end, and no store is entered twice."""
    plugin = host.load(make(), instances=2)
    served = _together(lambda _: [plugin.call("probe.run").success for _ in range(100)])
    assert served == [[True] * 100] * THREADS
    assert plugin._living_ones <= 2


def test_calls_that_follow_each_other_meet_one_instance(make, host):
    """One state, as long as nobody calls at once."""
    plugin = host.load(make(**counting("")), instances=3)
    assert [plugin.call("probe.run").data["count"] for _ in range(3)] == [1, 2, 3]


def test_an_end_touches_no_other_instance(make, host):
    """The instance that trapped is thrown away; the next call makes a fresh one."""
    plugin = host.load(make(**counting(TRAP)), instances=2)
    for _ in range(3):
        assert plugin.call("probe.run").data == {"count": 1}
        with pytest.raises(TrapError):
            plugin.call("probe.run")


def test_a_plugin_may_call_itself_from_a_host_call(make, host):
    """On another instance; with none left it is told so at once, and waits for nothing."""
    given = asking("host_db_query")
    plugin, depth = None, []

    class Again:
        def query(self, _sql, _params):
            depth.append(1)
            plugin.call("probe.run")

        def close(self):
            pass

    host.db.connect("main", Again())
    folder = make(manifest=MANIFEST, **given, run=ask("host_db_query"))
    plugin = host.load(folder, instances=3)
    with pytest.raises(ClosedError) as caught:
        plugin.call("probe.run")
    assert (caught.value.code, caught.value.phase) == ("closed.busy", "execute")
    assert len(depth) == 3


def test_who_waits_too_long_is_told(make, host):
    """After as long as a call may take; nothing is closed meanwhile."""
    meeting, outcomes = _Meeting(3), []
    host.db.connect("main", meeting)
    given = asking("host_db_query")
    folder = make(manifest=MANIFEST, **given, run=ask("host_db_query"))
    plugin = host.load(folder, instances=2)
    plugin._guest.limits = plugin._guest.limits.merged({"timeout": "50ms"})  # for the pool alone

    def call():
        try:
            outcomes.append(plugin.call("probe.run").success)
        except ClosedError as error:
            outcomes.append(error.code)
            with pytest.raises(ClosedError):
                plugin.close()
            outcomes.append(plugin.closed)
            meeting.barrier.wait(10)  # lets the two go on that are inside

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["closed.busy", False, True, True]


def test_every_instance_is_cleaned_up(waiting):
    """All are closed when one fails in it, and the first failure is raised."""
    cleanup = f'(func (export "plugin_cleanup") {TRAP})'
    plugin = waiting(THREADS, THREADS, cleanup=cleanup)
    _together(lambda _: plugin.call("probe.run"))
    guests = list(plugin._idle)
    with pytest.raises(TrapError) as caught:
        plugin.close()
    assert caught.value.phase == "cleanup"
    assert len(caught.value.__notes__) == THREADS - 1
    assert [guest.ended for guest in guests] == [True] * THREADS
    plugin.close()
    with pytest.raises(ClosedError) as caught:
        plugin.call("probe.run")
    assert caught.value.code == "closed.plugin"


@pytest.mark.parametrize("instances", [0, -1])
def test_there_is_at_least_one_instance(make, host, instances):
    """Fewer make no plugin."""
    with pytest.raises(ValueError, match=f"a number from 1 up, not {instances}"):
        host.load(make(), instances=instances)


def test_instances_have_a_limit(make, host):
    """Each takes 4 GiB of addresses; the error says how to raise it."""
    with pytest.raises(LimitError) as caught:
        host.load(make(), instances=17)
    error = caught.value
    assert (error.code, error.given, error.allowed) == ("limit.instances", 17, 16)
    assert "Limits(instances=...)" in error.hint
    assert host.load(make(), limits={"instances": 17}, instances=17).instances == 17


# -- threads and numbers ---------------------------------------------------------------------------


def test_threads_do_not_mix_fuel(make):
    """A result has its own call's fuel, also when another thread came in before it was read."""
    work = """(local.set $a (local.get $request_size))
      (loop $l (br_if $l (local.tee $a (i32.sub (local.get $a) (i32.const 1)))))
      (i32.const 4096)"""
    with ZenoHost(measure_fuel=True) as host:
        plugin = host.load(make(run=work))
        instance, others = plugin._guest.instance, []
        execute = instance.execute

        def overtaken(name, request):
            answer = execute(name, request)
            if len(request) > 1000:
                thread = threading.Thread(
                    target=lambda: others.append(plugin.call("probe.run").fuel)
                )
                thread.start()
                thread.join()
            return answer

        instance.execute = overtaken
        fuel = plugin.call("probe.run", text="x" * 1000).fuel
        assert fuel > 5000
        assert others[0] < 500


def test_the_ledger_and_the_log_lose_nothing(make, host):
    """Several plugins and threads write to them at once."""
    given = asking("host_log", "host_env_get")
    run = f"{ask('host_log')} (drop {ask('host_env_get')}) (i32.const 4096)"
    plugin = host.load(make(**given, run=run, manifest=GRANTS), instances=THREADS)
    _together(lambda _: [plugin.call("probe.run") for _ in range(100)])
    assert len(host.ledger) == 2 * 100 * THREADS
    assert len(tuple(host.ledger)) == len(host.ledger)
    assert len(host.log) == 100 * THREADS
