"""A badge, as the endpoint of shields.io wants it: https://shields.io/badges/endpoint-badge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from pytest_zeno.reports.record import Run

_COLORS: Final = {
    "conformant": "brightgreen",
    "conformant with warnings": "yellow",
    "not conformant": "red",
}


def to_badge(run: Run) -> str:
    """Return the badge of a run: its verdict, and how many rules are kept of how many there are."""
    badge = {
        "schemaVersion": 1,
        "label": "ZenoEngine plugin" if len(run.plugins) < 2 else "ZenoEngine plugins",
        "message": _message(run),
        "color": _COLORS.get(run.verdict, "lightgrey"),
    }
    return msgspec.json.format(msgspec.json.encode(badge), indent=2).decode() + "\n"


def _message(run: Run) -> str:
    if not run.plugins:
        return run.verdict
    if len(run.plugins) > 1:
        good = sum(plugin.verdict.startswith("conformant") for plugin in run.plugins)
        return f"{good} of {len(run.plugins)} conformant"
    counts = run.plugins[0].counts
    return f"{run.verdict}, {counts.kept}/{counts.rules} rules kept"
