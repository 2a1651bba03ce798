"""What a plugin requires has to be there (ABI.md section 7)."""

from __future__ import annotations

import pytest

from pytest_zeno import LoadError, ZenoHost


def _requires(**ranges):
    lines = "".join(f'  {name}: "{wanted}"\n' for name, wanted in ranges.items())
    return f"requires:\n{lines}"


def test_the_engine_is_checked_when_the_host_knows_it(make):
    """A host that is told no version checks none."""
    folder = make(manifest=_requires(zeno=">=2.0.0"))
    for version in (None, "2.1.0"):
        with ZenoHost(engine_version=version) as host:
            assert host.load(folder).name == "probe"
    with ZenoHost(engine_version="1.9.0") as host, pytest.raises(LoadError) as error:
        host.load(folder)
    error = error.value
    assert (error.code, error.plugin, error.phase) == ("load.requires", "probe", "load")
    assert "the engine is '1.9.0', required is '>=2.0.0'" in error.message
    assert error.hint


def test_an_engine_version_is_semver():
    """ValueError names what was given."""
    with pytest.raises(ValueError, match="not 'latest'"):
        ZenoHost(engine_version="latest")


def test_another_plugin_has_to_be_loaded_before(make, host):
    """One by one, in a version within the range."""
    folder = make("shop", manifest=_requires(stock="^1.2.0"))
    with pytest.raises(LoadError, match="the plugin 'stock' is not there") as error:
        host.load(folder)
    assert error.value.hint == "load the plugin 'stock' first"
    host.load(make("stock", version="1.1.0"))
    with pytest.raises(LoadError, match=r"'stock' is '1.1.0', required is '\^1.2.0'"):
        host.load(folder)
    host.plugins["stock"].close()
    host.load(make("stock", version="1.3.0"))
    assert host.load(folder).name == "shop"


def test_every_requirement_that_is_not_met_is_told(make, host):
    """In one error."""
    with pytest.raises(LoadError) as error:
        host.load(make(manifest=_requires(alpha="*", beta="*")))
    assert "'alpha'" in error.value.message
    assert "'beta'" in error.value.message


def test_a_plugin_that_is_not_met_never_runs(make, host):
    """It is refused before its module is read."""
    folder = make(manifest=_requires(alpha="*"))
    (folder / "plugin.wasm").write_text("no module")
    with pytest.raises(LoadError) as error:
        host.load(folder)
    assert error.value.code == "load.requires"


def test_in_a_directory_the_order_of_names_plays_no_part(make, host):
    """A plugin may require one that comes after it, and two may require each other."""
    make("alpha", manifest=_requires(beta="*"))
    parent = make("beta", manifest=_requires(alpha="^1.0.0")).parent
    assert [plugin.name for plugin in host.load_directory(parent)] == ["alpha", "beta"]
    assert host.failures == {}


def test_what_lacks_its_requirement_is_closed_again(make, host):
    """A bad plugin takes those with it that need it, and no other."""
    make("alpha", manifest=_requires(beta="*"))
    make("beta", manifest=_requires(gamma="*"))
    make("delta")
    bad = make("gamma")
    (bad / "plugin.wasm").write_text("no module")
    assert [plugin.name for plugin in host.load_directory(bad.parent)] == ["delta"]
    assert list(host.plugins) == ["delta"]
    assert {path.name: error.code for path, error in host.failures.items()} == {
        "alpha": "load.requires",
        "beta": "load.requires",
        "gamma": "load.not_wasm",
    }
