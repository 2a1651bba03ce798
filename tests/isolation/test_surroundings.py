"""What a worker has of its parent, and what becomes of both when one of them ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_zeno import ClosedError, TrapError, ZenoHost
from pytest_zeno.isolation.spare import Spares
from tests.host.plugins import LOOP, write
from tests.isolation.conftest import signals
from tests.runtime.guests import Calls, guest, module

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

PARENT = """\
import sys
from pytest_zeno import ZenoHost
from pytest_zeno.isolation import wire
from pytest_zeno.isolation.spare import spares
with ZenoHost(limits={"timeout": 600}, isolate=True) as host:
    plugin = host.load(sys.argv[1])
    send = wire.send
    def sending(pipe, said):
        send(pipe, said)
        print(plugin._worker.pid, spares._spare.pid, flush=True)
    wire.send = sending
    plugin.call("probe.run")
"""


@linux
def test_a_worker_has_nothing_of_its_parent(worker, monkeypatch, tmp_path):
    """No variable that is a secret, no open file, another folder, another process group."""
    monkeypatch.setenv("API_KEY", "secret")
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        monkeypatch.setenv("ZENO_RUNTIME", "fast")  # so that no process fits that is there
        worker.open_instance(module(guest()), Calls(), module(guest()).limits)
        process = Path("/proc") / str(worker.pid)
        variables = (process / "environ").read_bytes().split(b"\0")
        files = [os.readlink(one) for one in (process / "fd").iterdir()]  # noqa: PTH115 (no paths)
    names = {one.partition(b"=")[0] for one in variables if one}
    assert names <= {b"ZENO_CACHE_DIR", b"ZENO_RUNTIME", b"LD_LIBRARY_PATH"}
    assert not [one for one in files if one.startswith(str(tmp_path))]
    assert (process / "cwd").readlink() == Path("/")
    assert os.getpgid(worker.pid) != os.getpgid(0)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="cannot wait for others' children")
def test_a_worker_does_not_outlive_its_parent(tmp_path):
    """Not even when the parent is killed while a guest loops."""
    folder = write(tmp_path / "probe", run=LOOP)
    parent = subprocess.Popen(  # noqa: S603 (our own script)
        [sys.executable, "-c", PARENT, folder], stdout=subprocess.PIPE, text=True
    )
    with parent:
        handles = [os.pidfd_open(int(pid)) for pid in parent.stdout.readline().split()]
        parent.kill()
    for handle in handles:
        ended, _, _ = select.select([handle], [], [], 30)
        os.close(handle)
        assert ended
    assert len(handles) == 2


@signals
def test_ctrl_c_ends_the_worker_and_is_raised(worker, at):
    """The next instance has a new process."""
    wasm = module(guest(run=LOOP))
    instance = worker.open_instance(wasm, Calls(), wasm.limits)
    old = worker.pid
    at("execute", lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        instance.execute(b"test.run", b"{}")
    with pytest.raises(ProcessLookupError):
        os.kill(old, 0)
    with pytest.raises(ClosedError, match="KeyboardInterrupt"):
        instance.execute(b"test.run", b"{}")
    assert worker.open_instance(module(guest()), Calls(), wasm.limits).init()


def test_the_last_lease_ends_what_waits():
    """Nobody's spare process stays."""
    spares = Spares()
    spares.lease()
    taken, waiting = spares.take(), spares._spare
    taken.end()
    spares.release()
    assert not waiting.running


def test_threads_do_not_meet(make):
    """Plugins of one host are called at once, each in its own process."""
    names = ("ada", "bob", "eve")
    with ZenoHost(isolate=True) as host:
        plugins = [host.load(make(name)) for name in names]
        gate = threading.Barrier(len(names))

        def call(plugin):
            gate.wait()
            return [plugin.call(f"{plugin.name}.run").success for _ in range(50)]

        with ThreadPoolExecutor() as pool:
            assert all(map(all, pool.map(call, plugins)))
        pids = {plugin._worker.pid for plugin in plugins}
    assert len(pids) == len(names)


def test_one_instance_takes_one_call_at_a_time(make):
    """Who comes meanwhile is told that it is busy; nobody gets another's answer."""
    with ZenoHost(isolate=True) as host:
        plugin = host.load(make())

        def call(_):
            try:
                return plugin.call("probe.run").success
            except ClosedError as error:
                return error.code

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(call, range(200))) <= {True, "closed.busy"}
        assert plugin.call("probe.run").success


@signals
def test_each_instance_of_a_pool_has_its_own_process(make, at):
    """What ends one touches no other, and none is left in the end."""
    with ZenoHost(isolate=True) as host:
        plugin = host.load(make(), instances=2)
        with plugin._lent("probe.run") as one, plugin._lent("probe.run") as other:
            pids = [guest._worker.pid for guest in (one, other)]
            at("execute", lambda: os.kill(pids[0], signal.SIGKILL), before=True)
            with pytest.raises(TrapError):
                one.call("probe.run", {})
            assert other.call("probe.run", {}).success
        assert plugin.call("probe.run").success
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
