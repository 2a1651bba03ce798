"""How ratios are shown: a table for the terminal, and the page docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.ratio import Ratio

HEAD = f"{'':<72}{'ratio':>9}{'median':>9}{'wanted':>9}"

_PAGE = """\
# Benchmarks

Written by `python -m benchmarks --write docs/benchmarks.md`; figures are measured, never typed.

Each ratio is of two things measured side by side in one run, in rounds that take turns: a machine
that is busy slows both. `ratio` is that of the least times, because noise only adds, `median` the
median of the rounds' own. What does not hold is shown as it is.

| what | beside what | ratio | median | wanted | holds |
|---|---|---|---|---|---|
{rows}

Measured on {machine}.
"""


def line(ratio: Ratio) -> str:
    """Return a ratio as a line of the terminal's table."""
    name = ratio.name if len(ratio.name) <= 71 else ratio.name[:70] + "…"
    mark = "" if ratio.holds else "   NO"
    return f"{name:<72}{ratio.value:>9.3f}{_spread(ratio):>9}{ratio.most:>9.3g}{mark}"


def page(ratios: Sequence[Ratio]) -> str:
    """Return the page."""
    return _PAGE.format(rows="\n".join(map(_row, ratios)), machine=machine())


def machine() -> str:
    """Say what was measured on."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    wasmtime, pytest = version("wasmtime"), version("pytest")
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
        f"{_model()}, {python}, wasmtime {wasmtime}, pytest {pytest}"
    )


def _model() -> str:
    """Return what the processor calls itself, where the system tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 (Linux alone)
            names = [row.partition(":")[2].strip() for row in file if row.startswith("model name")]
    except OSError:
        return ""
    return f" ({names[0]})" if names else ""


def _row(ratio: Ratio) -> str:
    holds = "yes" if ratio.holds else "**no**"
    figures = f"{ratio.value:.3f} | {_spread(ratio)} | {ratio.most:g}"
    return f"| {ratio.subject} | {ratio.yardstick} | {figures} | {holds} |"


def _spread(ratio: Ratio) -> str:
    return "" if ratio.spread is None else f"{ratio.spread:.3f}"
