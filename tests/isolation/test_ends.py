"""However a worker ends, that is one typed error, and the next call has a new one."""

from __future__ import annotations

import os
import signal
import time

import pytest

from pytest_zeno import LimitError, Limits, TrapError, ZenoError, ZenoHost
from pytest_zeno.host.guest import Guest
from pytest_zeno.host.services import Services
from pytest_zeno.isolation import wire
from pytest_zeno.isolation.warden import GRACE
from pytest_zeno.manifest.grants import Grants
from tests.host.plugins import GRANTS, LOOP, asking, dropped, everywhere
from tests.isolation.conftest import signals
from tests.runtime.guests import OWN, entry, guest, module

pytestmark = signals

SOON = Limits(timeout=0.2, load_timeout=0.2, compile_timeout=0.2)
LIFE = {
    "load": (wire.Give, {"data": {OWN: b"not seen before"}}),
    "start": (wire.Open, {"extra": f'(func (export "_initialize") {LOOP})'}),
    "init": ("init", {"init": entry("plugin_init", LOOP)}),
    "register": ("register", {"register": entry("plugin_register_slots", LOOP)}),
    "execute": ("execute", {"run": LOOP}),
    "cleanup": ("cleanup", {"cleanup": f'(func (export "plugin_cleanup") {LOOP})'}),
    "host call": (
        wire.Reply,
        asking("host_scope_get") | {"run": dropped("host_scope_get") + LOOP},
    ),
}
"""What is said to a worker in each phase, and a guest that does not come back from it."""

SIGNALS = {
    signal.SIGSEGV: (TrapError, "trap.crash", "SIGSEGV"),
    signal.SIGABRT: (TrapError, "trap.crash", "SIGABRT"),
    signal.SIGKILL: (TrapError, "trap.killed", "SIGKILL"),
}


def live(wasm, worker, limits=SOON):
    """Lead a guest through its whole life."""
    parts = {"grants": Grants(), "services": Services(), "limits": limits, "plugin": "test"}
    with Guest(module(wasm, limits), worker=worker, **parts) as guest:
        guest.ready().send("test.run", b"{}")
        guest.cleanup()


@pytest.mark.parametrize(
    ("phase", "number"),
    [*((phase, signal.SIGSEGV) for phase in LIFE), *(("execute", number) for number in SIGNALS)],
)
def test_a_crash_is_an_error_of_its_phase(worker, at, phase, number):
    """It names plugin, phase, slot and signal, and says what to do; then all goes on."""
    message, parts = LIFE[phase]
    at(message, lambda: os.kill(worker.pid, number), before=phase == "load")
    with pytest.raises(ZenoError) as caught:
        live(guest(**parts), worker, Limits())
    error, (kind, code, said) = caught.value, SIGNALS[number]
    there = "execute" if phase == "host call" else phase
    assert (type(error), error.code, error.plugin, error.phase) == (kind, code, "test", there)
    assert error.slot == ("test.run" if there == "execute" else "")
    assert said in str(error)
    assert error.hint
    live(guest(), worker)


@pytest.mark.parametrize("phase", ["load", "execute"])
def test_a_worker_that_stops_is_killed_at_the_deadline(worker, at, phase):
    """A second after the guest's own limit, as a limit that was passed."""
    message, parts = LIFE[phase]
    began = time.monotonic()
    at(message, lambda: os.kill(worker.pid, signal.SIGSTOP), before=True)
    with pytest.raises(LimitError, match="killed 1 s later") as caught:
        live(guest(**parts), worker)
    assert (caught.value.code, caught.value.phase) == ("limit.time", phase)
    assert time.monotonic() - began >= SOON.timeout + GRACE
    live(guest(), worker)


def test_a_plugin_goes_on_in_a_new_process(make, at):
    """The ledger has what was asked before the crash, and what was done stays done."""
    asked = "host_scope_set"
    with ZenoHost(scope={"user": "ada"}, isolate=True) as host:
        plugin = host.load(make(manifest=GRANTS, **everywhere(asked)))
        pids = [plugin._worker.pid]
        before = len(host.ledger)
        at(wire.Reply, lambda: os.kill(plugin._worker.pid, signal.SIGKILL), before=True)
        with pytest.raises(TrapError) as caught:
            plugin.call("probe.run")
        assert [call.function for call in caught.value.host_calls] == [asked]
        assert len(host.ledger) == before + 1
        assert host.scope["seen"] is True
        assert plugin.call("probe.run").success
        pids.append(plugin._worker.pid)
    assert pids[0] != pids[1]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
