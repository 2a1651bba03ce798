"""Closing: each plugin cleaned up once, last loaded first, and nothing left behind."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from pytest_zeno import TrapError, ZenoHost
from pytest_zeno.runtime.ticker import ticker
from tests.host.plugins import GRANTS, TRAP, ask, asking

CLEAN = {
    **asking("host_log"),
    "cleanup": f'(func (export "plugin_cleanup") {ask("host_log")})',
}
TRAPPING = {"cleanup": f'(func (export "plugin_cleanup") {TRAP})'}


def _cleaned(host):
    return [call.plugin for call in host.ledger if call.phase == "cleanup"]


def test_cleanup_is_called_once(make, host):
    """However often a plugin is closed, and by its host again."""
    plugin = host.load(make(**CLEAN))
    assert not plugin.closed
    plugin.close()
    plugin.close()
    host.close()
    assert _cleaned(host) == ["probe"]
    assert plugin.closed


def test_the_last_loaded_goes_first(make):
    """In the reverse order of loading."""
    with ZenoHost() as host:
        for name in ("one", "two", "three"):
            host.load(make(name, **CLEAN))
    assert _cleaned(host) == ["three", "two", "one"]


def test_an_instance_that_failed_is_not_cleaned_up(make, host):
    """It is not entered again."""
    plugin = host.load(make(**CLEAN, run=TRAP))
    with pytest.raises(TrapError):
        plugin.call("probe.run")
    plugin.close()
    assert _cleaned(host) == []


def test_cleanups_that_fail_surface_when_all_is_freed(make):
    """The first error is raised, the others are its notes; every plugin is closed."""
    host = ZenoHost()
    plugins = [host.load(make("one", **TRAPPING)), host.load(make("two", **CLEAN))]
    plugins.append(host.load(make("three", **TRAPPING)))
    host.files.put("/srv/a.txt", "a")
    root = host.files.root
    with pytest.raises(TrapError) as error:
        host.close()
    assert (error.value.plugin, error.value.phase) == ("three", "cleanup")
    assert [note.split(":")[0] for note in error.value.__notes__] == ["one cleanup"]
    assert all(plugin.closed for plugin in plugins)
    assert not root.exists()
    host.close()


class _Interrupting:
    def query(self, _sql, _params):
        raise KeyboardInterrupt

    def close(self):
        pass


def test_an_interrupt_in_a_cleanup_leaves_nothing_behind(make):
    """The others are cleaned up, and then the interrupt goes on its way."""
    body = f"(drop {ask('host_db_query')})"
    cleanup = f'(func (export "plugin_cleanup") {body})'
    host = ZenoHost()
    host.db.connect("main", _Interrupting())
    first = host.load(make("one", **CLEAN))
    host.load(make("two", manifest=GRANTS, **asking("host_db_query"), cleanup=cleanup))
    with pytest.raises(KeyboardInterrupt):
        host.close()
    assert first.closed
    assert _cleaned(host) == ["one"]


def test_a_closed_plugin_makes_room(make, host):
    """Its name and its slots can be loaded again."""
    folder = make()
    host.load(folder).close()
    assert host.plugins == {}
    plugin = host.load(folder)
    assert host.plugins == {"probe": plugin}


def test_a_plugin_is_a_context(make, host):
    """`with` closes it."""
    with host.load(make(**CLEAN)) as plugin:
        assert plugin.call("probe.run").success
    assert plugin.closed


def test_nothing_is_left(make):
    """Neither a thread nor a directory."""
    with ZenoHost() as host:
        plugin = host.load(make(manifest=GRANTS))
        host.files.put("/srv/a.txt", "a")
        root = Path(host.files.root)
        plugin.call("probe.run")
        assert root.is_dir()
    assert not root.exists()
    gone = time.monotonic() + 5
    while not ticker._live and ticker._thread and time.monotonic() < gone:
        time.sleep(0.01)
    names = [thread.name for thread in threading.enumerate()]
    assert ticker._live or "pytest-zeno ticker" not in names  # other tests may hold instances


def test_a_load_that_fails_leaves_no_plugin(make, host):
    """The host goes on, and knows nothing of it."""
    with pytest.raises(TrapError):
        host.load(make(extra=f'(func (export "_initialize") {TRAP})'))
    assert host.plugins == {}
    assert repr(host) == "<ZenoHost empty>"
