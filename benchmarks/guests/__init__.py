"""Guests that only benchmarks use."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
FIXTURES = FOLDER.parents[1] / "fixtures"

_MANIFEST = """\
name: {name}
version: 1.0.0
author: The pytest-zeno maintainers
description: Does as little as it can.
license: MIT
binary: hello.wasm
permissions:
  scope: [read]
"""


def hello(language: str) -> Path:
    """Return the folder of a hello plugin."""
    return FIXTURES / f"hello-{language}"


def bench_plugin(folder: Path, name: str = "bench") -> Path:
    """Write the plugin of bench.wat into a folder of its own below `folder`; return where.

    `name` has as many letters as ``bench``: it takes its place in the metadata and the slots.
    """
    from wasmtime import wat2wasm

    text = (FOLDER / "bench.wat").read_text("utf-8")
    plugin = folder / name
    plugin.mkdir(parents=True)
    plugin.joinpath("manifest.yaml").write_text(_MANIFEST.format(name=name), "utf-8")
    plugin.joinpath("hello.wasm").write_bytes(wat2wasm(text.replace("bench", name)))
    return plugin
