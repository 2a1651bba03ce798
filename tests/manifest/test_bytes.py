"""Whatever the bytes are, reading gives an answer, soon."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_zeno.manifest import Reading, read_manifest
from tests.manifest.helpers import accepted

KEYS = ("name", "version", "binary", "author", "requires", "permissions", "config", "slots", "x")
SCALARS = st.sampled_from(("demo", "1.0.0", "demo.wasm", "~", "true", "'*'", "*a", "&a b", "!t c"))
VALUES = st.recursive(
    SCALARS | st.text("abc:{}[]&*!|>'\"#-?,%@\t\n ~\u00e9\u2028", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")
        | st.dictionaries(
            st.sampled_from(("env", "type", "scope", "a", "?")), inner, max_size=3
        ).map(lambda entries: "{" + ", ".join(f"{k}: {v}" for k, v in entries.items()) + "}")
    ),
    max_leaves=8,
)
MANIFESTS = st.lists(st.tuples(st.sampled_from(KEYS), VALUES), max_size=8).map(
    lambda lines: "".join(f"{key}: {value}\n" for key, value in lines).encode()
)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode) | MANIFESTS)
def test_any_bytes_give_a_reading(data):
    """No bytes raise; there is a manifest exactly when no problem is an error."""
    reading = read_manifest(data)
    assert isinstance(reading, Reading)
    failed = any(not problem.warning for problem in reading.problems)
    assert failed is (reading.manifest is None)
    places = [(p.line, p.column) for p in reading.problems if p.code != "manifest.more"]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "{a: ",
        "- ",
        "? ",
        "&a ",
        "*a ",
        "!a ",
        "a: ",
        "'",
        '"\\n',
        "#",
        "\n",
        "a\n",
        "- a\n",
        "|\n",
    ],
)
def test_a_mebibyte_of_anything_is_answered_soon(unit):
    """No repetition of a sign takes more than five seconds."""
    data = (unit * (1024 * 1024 // len(unit))).encode()
    start = time.perf_counter()
    read_manifest(data)
    assert time.perf_counter() - start < 5


def test_a_manifest_goes_to_another_process():
    """A manifest can be handed to a worker."""
    manifest = accepted("requires: {zeno: '>=1'}\npermissions: {env: [A]}\n")
    assert pickle.loads(pickle.dumps(manifest)) == manifest  # noqa: S301  (our own bytes)


def test_importing_the_package_loads_no_parser():
    """YAML is imported when the first manifest is read."""
    code = (
        "import sys, pytest_zeno.manifest as m; "
        "assert 'yaml' not in sys.modules; "
        "m.read_manifest(b'name: a'); "
        "assert 'yaml' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603  (our own code)
