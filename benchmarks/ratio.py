"""A ratio: what something costs, as a part of what it is measured beside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """One measured ratio and the most that it may be.

    ``subject`` and ``yardstick`` say what was divided by what; ``spread`` is the median of the
    rounds' ratios where ``value`` is that of the minima, None where there were no rounds.
    """

    subject: str
    yardstick: str
    value: float
    most: float
    spread: float | None = None

    @property
    def name(self) -> str:
        """What the ratio is called."""
        return f"{self.subject} / {self.yardstick}"

    @property
    def holds(self) -> bool:
        """Whether it is within its bound."""
        return self.value <= self.most
