"""What follows a recorded guest's end: its name is free, and a fresh instance takes over."""

from __future__ import annotations

import pytest

from pytest_zeno import LoadError, ProtocolError, ZenoHost
from tests.replay import guests
from tests.replay.repairs import Repair

BROKEN = Repair("", module=lambda text: text.replace(r"\22?\22:1}}", r"\22?\22:1,}}"))
"""Makes the guest that counts its calls answer with no JSON."""


@pytest.fixture
def host():
    """A host of its own for each test."""
    with ZenoHost() as host:
        yield host


def test_a_name_is_free_again_after_unload(host, tmp_path):
    """The reference host lists an unloaded plugin no more, and loads it again; so does ours."""
    folder = guests.write(tmp_path / "guest", "m_ok")
    host.load(folder).close()
    assert host.plugins == {}
    again = host.load(folder)
    assert host.plugins == {"p": again}


def test_a_name_is_taken_while_its_plugin_is_loaded(host, tmp_path):
    """Names and slots are unique among loaded plugins."""
    folder = guests.write(tmp_path / "guest", "m_ok")
    host.load(folder)
    with pytest.raises(LoadError) as caught:
        host.load(folder)
    assert caught.value.code == "load.name_taken"


def test_an_answer_that_is_refused_ends_the_instance(host, tmp_path):
    """After a protocol error the next call runs on a fresh instance: it counts from 1 again."""
    plugin = host.load(guests.write(tmp_path / "guest", "t_state", BROKEN))
    for _ in range(2):
        with pytest.raises(ProtocolError) as caught:
            plugin.call("p.run")
        assert '"1":1' in caught.value.observed


def test_a_refused_answer_says_whose_it_is(host, tmp_path):
    """The error names the plugin, the phase and the slot, as that of a trap does."""
    plugin = host.load(guests.write(tmp_path / "guest", "r_fail_noerror"))
    with pytest.raises(ProtocolError) as caught:
        plugin.call("p.run")
    error = caught.value
    assert (error.plugin, error.phase, error.slot) == ("p", "execute", "p.run")
