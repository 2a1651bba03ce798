"""Calls that a test's author gets wrong, and what the author sees of a plugin's failure."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from pytest_zeno import LoadError, TrapError, ZenoHost
from tests.host.plugins import TRAP

HELLO = Path(__file__).parents[2] / "fixtures" / "hello-c"


@pytest.mark.parametrize("slot", [None, 3])
def test_a_slot_is_named_by_a_text(slot):
    """Anything else is a TypeError that shows it."""
    with ZenoHost() as host:
        plugin = host.load(HELLO)
        with pytest.raises(TypeError, match="a slot's name is a text, not"):
            plugin.call(slot)


def test_a_plugins_failure_shows_none_of_the_hosts_insides(host, make):
    """The traceback of a trap ends where the author called the plugin."""
    plugin = host.load(make(run=TRAP))
    with pytest.raises(TrapError) as caught:
        plugin.call("probe.run")
    assert [frame.name for frame in traceback.extract_tb(caught.tb)][1:] == ["call"]


def test_a_load_error_shows_none_of_the_hosts_insides(tmp_path):
    """The traceback of a plugin that cannot be loaded ends where it was to be loaded."""
    with ZenoHost() as host, pytest.raises(LoadError) as caught:
        host.load(tmp_path)
    assert [frame.name for frame in traceback.extract_tb(caught.tb)][1:] == ["load"]


def test_a_ledger_can_be_indexed():
    """`host.ledger[0]` is the first host call that is kept."""
    with ZenoHost() as host:
        host.load(HELLO).call("hello.count")
        assert host.ledger[0].function == "host_scope_get"
        assert host.ledger[-1].function == "host_scope_set"


def test_a_closed_plugin_says_so():
    """Its repr tells a closed plugin from an open one."""
    with ZenoHost() as host:
        plugin = host.load(HELLO)
    assert repr(plugin) == "<Plugin hello-c 1.0.0 closed>"
