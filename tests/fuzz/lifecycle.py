"""A host's life in any order, against a model that knows what must come of each step.

A plugin of the model has four slots: `count` says how often it was called since its instance
began, and three end the instance, each in its own way.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pytest_zeno import ZenoHost
from pytest_zeno.errors import (
    ClosedError,
    ExitError,
    LoadError,
    ProtocolError,
    TrapError,
    ZenoError,
)
from pytest_zeno.limits import Limits
from tests.host.plugins import slots, write
from tests.runtime.guests import entry

if TYPE_CHECKING:
    from pytest_zeno import Plugin

NAMES = ("alpha", "beta", "gamma")
ENDS: dict[str, type[ZenoError]] = {"trap": TrapError, "exit": ExitError, "nonsense": ProtocolError}
_COUNTED = 5000

_LAST = "(i32.load8_u (i32.sub (i32.add (local.get $name) (local.get $name_size)) (i32.const {})))"
"""A character of the slot's name, counted from its end."""
_RUN = f"""
  (local.set $a {_LAST.format(1)})
  (if (i32.eq (local.get $a) (i32.const {ord("p")})) (then unreachable))
  (if (i32.eq (local.get $a) (i32.const {ord("e")})) (then (return (i32.const 6000))))
  (if (i32.eq {_LAST.format(2)} (i32.const {ord("i")})) (then (call $proc_exit (i32.const 3))))
  (i32.store8 (i32.const $count) (i32.add (i32.load8_u (i32.const $count)) (i32.const 1)))
  (i32.const {_COUNTED})"""
_ANSWER = b'{"success":true,"data":{"0":"@"}}'
"""The count is the character's distance from @; JSON holds it as long as it is a letter."""
_MOST = 25


@dataclass
class Loaded:
    """What the model knows of a loaded plugin."""

    plugin: Plugin
    counted: int = 0
    """Calls of `count` since its instance began."""


class Life(RuleBasedStateMachine):
    """The host and its model."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.host = ZenoHost(limits=Limits(timeout=10.0))
        self.loaded: dict[str, Loaded] = {}
        self.gone: list[Plugin] = []
        self.open = True
        for name in NAMES:
            _write(self.folder / name, name)
        _write(self.folder / "broken", "broken", init=entry("plugin_init", "(unreachable)"))
        shutil.copytree(self.folder / "broken", self.folder / "missing")
        (self.folder / "missing" / "plugin.wasm").write_bytes(b"\0asm")

    @precondition(lambda self: self.open)
    @rule(name=st.sampled_from(NAMES))
    def load(self, name: str) -> None:
        """A plugin loads once; a second of its name is refused, and the first stays."""
        if name in self.loaded:
            with pytest.raises(LoadError) as caught:
                self.host.load(self.folder / name)
            assert caught.value.code == "load.name_taken"
        else:
            self.loaded[name] = Loaded(self.host.load(self.folder / name))

    @precondition(lambda self: self.open)
    @rule(name=st.sampled_from(("broken", "missing")))
    def load_a_bad_one(self, name: str) -> None:
        """A bad plugin changes nothing."""
        with pytest.raises(TrapError if name == "broken" else LoadError):
            self.host.load(self.folder / name)

    @precondition(lambda self: self.open)
    @rule()
    def load_directory(self) -> None:
        """What is not there yet is loaded, the rest is passed over with its reason."""
        new = {plugin.name: plugin for plugin in self.host.load_directory(self.folder)}
        assert set(new) == set(NAMES) - set(self.loaded)
        passed = {folder.name for folder in self.host.failures}
        assert passed == {*self.loaded, "broken", "missing"}
        self.loaded |= {name: Loaded(plugin) for name, plugin in new.items()}

    @precondition(lambda self: self.loaded)
    @rule(data=st.data(), times=st.integers(1, 3))
    def count(self, data: st.DataObject, times: int) -> None:
        """Each call is answered by the instance that answered the last, or by a fresh one."""
        name = data.draw(st.sampled_from(sorted(self.loaded)))
        known = self.loaded[name]
        for _ in range(min(times, _MOST - known.counted)):
            known.counted += 1
            result = known.plugin.call(f"{name}.count")
            assert result.data == {"0": chr(ord("@") + known.counted)}

    @precondition(lambda self: self.loaded)
    @rule(data=st.data(), end=st.sampled_from(sorted(ENDS)))
    def fail(self, data: st.DataObject, end: str) -> None:
        """A failure has its type and its place, and ends the instance with all it counted."""
        name = data.draw(st.sampled_from(sorted(self.loaded)))
        known = self.loaded[name]
        with pytest.raises(ENDS[end]) as caught:
            known.plugin.call(f"{name}.{end}")
        error = caught.value
        assert (error.plugin, error.phase, error.slot) == (name, "execute", f"{name}.{end}")
        known.counted = 0

    @precondition(lambda self: self.loaded)
    @rule(data=st.data())
    def reload(self, data: st.DataObject) -> None:
        """A plugin that is closed and loaded again begins anew; the old one stays closed."""
        name = data.draw(st.sampled_from(sorted(self.loaded)))
        self._close(name)
        self.load(name)

    @precondition(lambda self: self.loaded)
    @rule(data=st.data())
    def close_one(self, data: st.DataObject) -> None:
        """A closed plugin is no longer the host's."""
        self._close(data.draw(st.sampled_from(sorted(self.loaded))))

    @rule()
    def close(self) -> None:
        """The host's end is the end of all its plugins; a second one changes nothing."""
        self.host.close()
        self.gone += [known.plugin for known in self.loaded.values()]
        self.loaded, self.open = {}, False

    @precondition(lambda self: not self.open)
    @rule(name=st.sampled_from(NAMES))
    def load_too_late(self, name: str) -> None:
        """A closed host loads nothing."""
        with pytest.raises(ClosedError):
            self.host.load(self.folder / name)

    @precondition(lambda self: not self.open)
    @rule()
    def another_host(self) -> None:
        """Life goes on with a new one."""
        self.host, self.open = ZenoHost(limits=Limits(timeout=10.0)), True

    @precondition(lambda self: self.gone)
    @rule(data=st.data(), slot=st.sampled_from(("count", *sorted(ENDS))))
    def call_too_late(self, data: st.DataObject, slot: str) -> None:
        """A closed plugin answers nothing, however it was closed."""
        plugin = data.draw(st.sampled_from(self.gone))
        with pytest.raises(ClosedError):
            plugin.call(f"{plugin.name}.{slot}")
        plugin.close()

    @invariant()
    def agrees(self) -> None:
        """The host knows the plugins that the model knows."""
        assert set(self.host.plugins) == set(self.loaded)
        assert all(plugin.closed for plugin in self.gone)

    def teardown(self) -> None:
        """Leave nothing."""
        self.host.close()
        shutil.rmtree(self.folder)

    def _close(self, name: str) -> None:
        plugin = self.loaded.pop(name).plugin
        plugin.close()
        self.gone.append(plugin)


def _write(folder: Path, name: str, **parts: str) -> None:
    data = {
        2048: slots(*(f"{name}.{slot}" for slot in ("count", *ENDS))),
        _COUNTED: _ANSWER + b"\0",
        6000: b"nonsense\0",
    }
    run = _RUN.replace("$count", str(_COUNTED + _ANSWER.index(b"@")))
    write(folder, name, data=data, run=run, imports=("proc_exit",), **parts)
