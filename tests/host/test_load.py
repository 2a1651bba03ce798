"""From a path to a plugin, and what is said when there is none (ABI.md sections 1, 4 and 7)."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from pytest_zeno import (
    LimitError,
    Limits,
    LoadError,
    ManifestError,
    ProtocolError,
    ZenoError,
    ZenoHost,
)
from tests.host.plugins import TRAP, ask, asking, metadata, slots


def test_a_folder_its_manifest_and_its_module(make):
    """Three ways to name a plugin; the bare module has no manifest and no grant."""
    folder = make(manifest="permissions: {env: [API_KEY]}\nauthor: me\n")
    for path in (folder, str(folder), folder / "manifest.yaml", folder / "plugin.wasm"):
        with ZenoHost() as host:
            plugin = host.load(path)
            assert (plugin.name, plugin.metadata.version) == ("probe", "1.0.0")
            assert list(plugin.slots.names) == ["probe.run"]
            bare = str(path).endswith(".wasm")
            assert (plugin.manifest is None) is bare
            assert bare or plugin.manifest.author == "me"
            assert plugin.call("probe.run").success
            assert repr(plugin) == "<Plugin probe 1.0.0>"
            assert repr(host) == "<ZenoHost probe>"


def test_a_bare_module_is_granted_nothing(make):
    """What a manifest beside it grants plays no part; the ledger has the module's own name."""
    folder = make(
        manifest="permissions: {env: [API_KEY]}\n",
        **asking("host_env_get"),
        run=f"(drop {ask('host_env_get')}) (i32.const 4096)",
    )
    with ZenoHost(env={"API_KEY": "k"}) as host:
        (call,) = host.load(folder / "plugin.wasm").call("probe.run").host_calls
    assert (call.plugin, call.code) == ("probe", "permission_denied")


def test_a_bare_modules_own_name_is_made_harmless(make):
    """It may hold anything; errors, logs and the host's repr show it escaped."""
    folder = make(data={1024: metadata("a\\n::error::b")}, run=TRAP)
    with ZenoHost() as host:
        plugin = host.load(folder / "plugin.wasm")
        shown = "a\\u000a::error::b"
        assert repr(plugin) == f"<Plugin {shown} 1.0.0>"
        assert repr(host) == f"<ZenoHost {shown}>"
        with pytest.raises(ZenoError) as error:
            plugin.call("probe.run")
        assert error.value.plugin == shown


# -- paths that are no plugin ----------------------------------------------------------------------


@pytest.mark.parametrize("method", ["load", "load_directory"])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("absent", "load.no_such_path"),
        ("notes.txt", "load.no_manifest"),
        ("empty", "load.no_manifest"),
    ],
)
def test_a_wrong_path_is_named(tmp_path, host, method, name, code):
    """The error says what was given and what would do."""
    (tmp_path / "notes.txt").write_text("no plugin")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LoadError) as error:
        getattr(host, method)(tmp_path / name)
    error = error.value
    assert str(tmp_path / name) in error.message
    assert (error.code, error.phase) == (code, "load")
    assert "manifest.yaml" in error.hint


def test_a_path_that_is_nearly_right(make, host):
    """The nearest name is offered; a folder of plugins, a manifest under another name are told."""
    folder = make()
    with pytest.raises(LoadError) as error:
        host.load(folder.with_name("prob"))
    assert error.value.hint == "did you mean 'probe'?"
    with pytest.raises(LoadError, match=r"no manifest\.yaml in this folder") as error:
        host.load(folder.parent)
    assert "name one, such as probe" in error.value.hint
    (folder / "manifest.yaml").rename(folder / "manifest.yml")
    with pytest.raises(LoadError) as error:
        host.load(folder)
    assert error.value.hint == "rename manifest.yml to manifest.yaml"


def test_a_folder_that_may_not_be_read_is_a_load_error(tmp_path, host, monkeypatch):
    """The system's error does not come through bare."""

    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(LoadError, match="cannot be read: Permission denied") as error:
        host.load_directory(tmp_path)
    assert (error.value.code, error.value.phase) == ("load.unreadable", "load")


def test_a_broken_manifest_names_the_plugin(make, host):
    """By its folder, when not even its name can be read."""
    folder = make()
    (folder / "manifest.yaml").write_text("name: [")
    with pytest.raises(ManifestError) as error:
        host.load(folder)
    assert (error.value.plugin, error.value.phase) == ("probe", "manifest")
    assert error.value.code.startswith("manifest.")
    assert error.value.problems


def test_a_module_that_is_none(make, host):
    """The plugin is named, and what to do."""
    folder = make()
    (folder / "plugin.wasm").write_text("(module)")
    with pytest.raises(LoadError) as error:
        host.load(folder)
    error = error.value
    assert (error.plugin, error.phase, error.code) == ("probe", "load", "load.not_wasm")
    assert error.hint


@pytest.mark.parametrize(
    ("limits", "parts", "code", "phase"),
    [
        ({"module": "1KiB"}, {"extra": "(func) " * 1000}, "limit.module", "load"),
        ({"slots": 1}, {"data": {2048: slots("probe.a", "probe.b")}}, "limit.slots", "register"),
        (
            {"memory": "64KiB"},
            {"memory": '(memory (export "memory") 9)'},
            "limit.instantiate",
            "load",
        ),
        ({"timeout": 0.1}, {"extra": '(func (export "_initialize"))'}, "", ""),
    ],
)
def test_limits_hold_while_loading(make, limits, parts, code, phase):
    """Texts are sizes; the error names plugin, phase and the limit to raise."""
    with ZenoHost(limits=Limits(**limits)) as host:
        if not code:
            host.load(make(**parts))
            return
        with pytest.raises(LimitError) as error:
            host.load(make(**parts))
    error = error.value
    assert (error.plugin, error.code, error.phase) == ("probe", code, phase)
    assert "Limits(" in error.hint


@pytest.mark.parametrize(
    ("data", "code", "phase"),
    [
        ({1024: metadata("other")}, "metadata.name_mismatch", "init"),
        ({1024: metadata("probe", "2.0.0")}, "metadata.version_mismatch", "init"),
        ({1024: b"[]\0"}, "metadata.type", "init"),
        ({1024: b"{\0"}, "protocol.json", "init"),
        ({2048: b"{}\0"}, "slots.type", "register"),
        ({2048: slots("probe.run", "probe.run")}, "slots.duplicate", "register"),
    ],
)
def test_texts_that_are_refused(make, host, data, code, phase):
    """A protocol error with plugin and phase, and the bytes that came."""
    with pytest.raises(ProtocolError) as error:
        host.load(make(data=data))
    error = error.value
    assert (error.plugin, error.phase, error.code) == ("probe", phase, code)
    assert error.observed
    assert host.plugins == {}


def test_neighbours_share_neither_name_nor_slot(make, host):
    """What is taken and by whom is said."""
    host.load(make())
    with pytest.raises(LoadError, match="a plugin named 'probe' is loaded already") as error:
        host.load(make())
    assert (error.value.code, error.value.plugin) == ("load.name_taken", "probe")
    with pytest.raises(LoadError, match=r"the slot 'probe.run' of probe is loaded") as error:
        host.load(make("other", data={2048: slots("probe.run")}))
    assert (error.value.code, error.value.plugin) == ("load.slot_taken", "other")
    assert list(host.plugins) == ["probe"]


# -- a directory -----------------------------------------------------------------------------------


def test_a_directory_is_loaded_in_name_order(make, host, caplog):
    """Bad ones are reported and passed over, folders without a manifest are nothing."""
    for name in ("gamma", "alpha", "beta"):
        folder = make(name)
    (folder / "plugin.wasm").write_text("no module")
    (folder.parent / "notes").mkdir()
    with caplog.at_level(logging.WARNING, "zeno.host"):
        loaded = host.load_directory(folder.parent)
    assert [plugin.name for plugin in loaded] == ["alpha", "gamma"]
    assert list(host.plugins) == ["alpha", "gamma"]
    assert {path.name: error.code for path, error in host.failures.items()} == {
        "beta": "load.not_wasm"
    }
    assert "beta is passed over" in caplog.text


def test_a_failure_that_was_mended_is_forgotten(make, host):
    """`failures` is about the last time a folder was loaded."""
    folder = make()
    good = (folder / "plugin.wasm").read_bytes()
    (folder / "plugin.wasm").write_text("no module")
    assert host.load_directory(folder.parent) == ()
    (folder / "plugin.wasm").write_bytes(good)
    assert len(host.load_directory(folder.parent)) == 1
    assert host.failures == {}
