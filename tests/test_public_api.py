"""What users import, what it costs them, and what a type checker sees."""

from __future__ import annotations

import importlib.util
import inspect
import os
import pydoc
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_zeno
from pytest_zeno.host import Guest, HostCall, Ledger, Plugin, Result, Services, ZenoHost

TYPED = """\
from typing import Any, assert_type

from pytest_zeno import HostCall, Limits, Plugin, Result, ZenoError, ZenoHost
from pytest_zeno.manifest import Manifest
from pytest_zeno.protocol.metadata import Metadata
from pytest_zeno.protocol.slots import Slots
from pytest_zeno.services.log import LogRecord

limits = Limits(memory="32MiB", timeout=2.0)
with ZenoHost(env={"API_KEY": "k"}, scope={"user": {"id": 7}}, limits=limits) as host:
    assert_type(host, ZenoHost)
    plugin = host.load("plugins/hello")
    assert_type(plugin, Plugin)
    result = plugin.call("hello.greet", name="World")
    assert_type(result, Result)
    assert_type(result.success, bool)
    assert_type(result.data, dict[str, Any] | None)
    assert_type(result.error, str | None)
    assert_type(result.logs, tuple[LogRecord, ...])
    assert_type(result.host_calls, tuple[HostCall, ...])
    assert_type(result.fuel, int | None)
    assert_type(result.memory, int)
    assert_type(plugin.manifest, Manifest | None)
    assert_type(plugin.metadata, Metadata)
    assert_type(plugin.slots, Slots)
    assert_type(host.load_directory("plugins"), tuple[Plugin, ...])
    assert_type(host.plugins, dict[str, Plugin])
    assert_type(limits.memory, int)
    with plugin as same:
        assert_type(same, Plugin)
try:
    host.load("plugins/hello")
except ZenoError as error:
    assert_type((error.plugin, error.slot, error.code, error.hint), tuple[str, str, str, str])
ZenoHost(engine_version="1.0.0", measure_fuel=True)
"""


def _run(code):
    return subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()


def test_a_star_brings_every_public_name():
    """And nothing else; `__all__` is sorted."""
    namespace = {}
    exec("from pytest_zeno import *", namespace)  # noqa: S102 (what is tested)
    assert set(namespace) - {"__builtins__"} == set(pytest_zeno.__all__)
    assert pytest_zeno.__all__ == sorted(pytest_zeno.__all__)


def test_the_host_is_imported_when_it_is_asked_for():
    """`import pytest_zeno` alone loads neither wasmtime nor the host."""
    asked = "print(*('wasmtime' in sys.modules, 'pytest_zeno.host' in sys.modules))"
    assert _run(f"import sys, pytest_zeno; {asked}") == ["False", "False"]
    later = f"import sys, pytest_zeno; pytest_zeno.ZenoHost; {asked}"
    assert _run(later) == ["False", "True"]


def test_an_unknown_name_is_an_attribute_error():
    """As of any module."""
    with pytest.raises(AttributeError, match="has no attribute 'Host'"):
        _ = pytest_zeno.Host


def _public(kind):
    """Yield the functions and properties that a class defines itself, by name."""
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        if inspect.isfunction(member) or isinstance(member, property | classmethod | staticmethod):
            yield name, member


CLASSES = [
    value
    for value in [
        *(getattr(pytest_zeno, name) for name in pytest_zeno.__all__),
        *(Guest, Ledger, Services),
    ]
    if inspect.isclass(value)
]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_what_is_public_is_documented(kind):
    """Each class and each of its methods has a docstring of its own."""
    assert inspect.cleandoc(vars(kind).get("__doc__") or "")
    assert [name for name, member in _public(kind) if not member.__doc__] == []


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_what_is_public_is_annotated(kind):
    """So that editors know what a call gives."""
    for name, member in _public(kind):
        function = member.fget if isinstance(member, property) else member
        assert "return" in function.__annotations__, name


def test_public_names_are_the_hosts_own():
    """The lazy names are the classes of the host."""
    lazy = [getattr(pytest_zeno, kind.__name__) for kind in (HostCall, Plugin, Result, ZenoHost)]
    assert lazy == [HostCall, Plugin, Result, ZenoHost]


def _source():
    """Return where mypy finds the checkout; an installed package it finds itself."""
    folder = Path(pytest_zeno.__file__).parent.parent
    return {} if folder.name == "site-packages" else {"MYPYPATH": str(folder)}


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")
def test_types_are_what_they_say(tmp_path):
    """A strict type checker agrees with the README's names."""
    (tmp_path / "typed.py").write_text(TYPED, "utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "typed.py"],
        cwd=tmp_path,
        env={**os.environ, **_source()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", pytest_zeno.__all__)
def test_help_works_on_what_is_public(name):
    """`help(pytest_zeno.Result)` shows text, with every annotation resolved."""
    public = getattr(pytest_zeno, name)
    assert inspect.signature(public)
    assert name in pydoc.render_doc(public)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"limits": 3}, "Limits"),
        ({"scope": [1]}, "mapping"),
        ({"env": 3}, "mapping"),
    ],
)
def test_a_wrong_argument_of_the_host_is_named(wrong, expected):
    """A TypeError says which argument, what it is, and what was given."""
    (name,) = wrong
    with pytest.raises(TypeError, match=rf"ZenoHost\({name}=\.\.\.\) is .*{expected}"):
        ZenoHost(**wrong)
