"""Draw what `benchmarks.compare --series` noted: python -m benchmarks.series FILE.jsonl FILE.svg.

Each line of the drawing is a workload, each step a comparison. A workload's height is the product
of its ratios so far, so that machines need not be the same from one comparison to the next.
"""

from __future__ import annotations

import json
import sys
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WIDTH, HEIGHT, MARGIN, LEGEND = 800, 320, 40, 140
COLORS = ("#1b6ca8", "#c0392b", "#27823b", "#8e5ea2", "#b8860b", "#16807a", "#555555")


def levels(lines: Iterable[str]) -> dict[str, list[float]]:
    """Return each workload's level after each comparison, 1.0 being where it began."""
    found: dict[str, list[float]] = {}
    for line in filter(str.strip, lines):
        for name, ratio in json.loads(line)["ratios"].items():
            so_far = found.setdefault(name, [1.0])
            so_far.append(so_far[-1] * ratio)
    return found


def draw(found: Mapping[str, Sequence[float]]) -> str:
    """Return the drawing as SVG."""
    every = [level for series in found.values() for level in series]
    low, high = min(0.9, *every), max(1.1, *every)
    steps = max(1, *(len(series) - 1 for series in found.values()), 1)

    def point(at: int, level: float) -> str:
        x = MARGIN + at * (WIDTH - MARGIN - LEGEND) / steps
        y = HEIGHT - MARGIN - (level - low) / (high - low) * (HEIGHT - 2 * MARGIN)
        return f"{x:.1f},{y:.1f}"

    parts = [_line([point(0, 1), point(steps, 1)], "#999999")]
    for at, (name, series) in enumerate(found.items()):
        color = COLORS[at % len(COLORS)]
        parts.append(_line([point(step, level) for step, level in enumerate(series)], color))
        parts.append(_label(at, f"{name} {series[-1]:.2f}", color))
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12"'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n{body}\n</svg>\n'


def _line(points: Iterable[str], color: str) -> str:
    return f'<polyline points="{" ".join(points)}" stroke="{color}" fill="none"/>'


def _label(at: int, text: str, color: str) -> str:
    x, y = WIDTH - LEGEND + 10, MARGIN + 18 * at
    return f'<text x="{x}" y="{y}" fill="{color}">{escape(text)}</text>'


def main(arguments: Sequence[str]) -> int:
    """Draw a series."""
    if len(arguments) != 2:
        print((__doc__ or "").split("\n")[0], file=sys.stderr)
        return 2
    source, target = map(Path, arguments)
    target.write_text(draw(levels(source.read_text("utf-8").splitlines())), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
