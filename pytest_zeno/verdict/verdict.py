"""The verdict: what the rules that ran say about one plugin, in one line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pytest_zeno.text import visible
from pytest_zeno.verdict.status import Status

if TYPE_CHECKING:
    from pytest_zeno.profiles import Profile
    from pytest_zeno.verdict.rule import Level

REVISION: Final = 1
"""The revision of the contract that the rules speak of."""


@dataclass(slots=True)
class Verdict:
    """What became of one plugin's rules.

    ``rules`` are the ids of those that apply to the plugin, ``unasked`` of those that nobody
    asked for. ``because`` maps a rule that could not be tested to the one whose breach is to blame,
    and ``left_out`` tells what there was no time to ask.
    """

    plugin: str
    rules: frozenset[str]
    profile: Profile = "contract"
    level: Level = "MUST"
    bare: bool = False
    statuses: dict[str, Status] = field(default_factory=dict)
    because: dict[str, str] = field(default_factory=dict)
    unasked: frozenset[str] = frozenset()
    left_out: str = ""

    def add(self, rule: str, status: Status, because: str = "") -> None:
        """Count a rule, once and by the heaviest status; `because` names what barred it."""
        if status.weight >= self.statuses.get(rule, status).weight:
            self.statuses[rule] = status
            self.because[rule] = because

    def having(self, *statuses: Status) -> list[str]:
        """Return the ids of the rules that have one of these statuses, in order."""
        return sorted(rule for rule, status in self.statuses.items() if status in statuses)

    def count(self, *statuses: Status) -> int:
        """Return how many rules have one of these statuses."""
        return len(self.having(*statuses))

    @property
    def broken(self) -> list[str]:
        """Rules that are not kept, known breaches included."""
        return self.having(Status.BROKEN, Status.EXPECTED)

    @property
    def tested(self) -> int:
        """How many rules were tested."""
        return self.count(Status.KEPT, Status.WARNED, Status.EXPECTED, Status.BROKEN)

    @property
    def unfounded(self) -> list[str]:
        """Rules left untested for another reason than a rule that was found broken."""
        found = self.broken
        return [rule for rule in self.having(Status.UNTESTED) if self.because[rule] not in found]

    @property
    def unmet(self) -> list[str]:
        """Rules that were asked for and never heard of again."""
        return sorted(self.rules - self.unasked - self.statuses.keys())

    @property
    def missed(self) -> list[str]:
        """Rules that were asked for and are open, though nothing that was found bars them."""
        return sorted([*self.unfounded, *self.unmet])

    @property
    def complete(self) -> bool:
        """Whether every rule was tested, or could not be because of another one's breach."""
        tested = bool(self.tested) and self.rules <= self.statuses.keys()
        return tested and not self.unfounded and not self.count(Status.ERROR)

    @property
    def green(self) -> bool:
        """Whether what was asked for was tested, and nothing but known breaches was found."""
        failed = self.count(Status.BROKEN, Status.ERROR)
        return bool(self.tested) and not failed and not self.missed

    @property
    def word(self) -> str:
        """``conformant``, ``conformant with warnings``, ``not conformant`` or ``no verdict``.

        A known breach is a breach. There is no verdict where a rule was left untested.
        """
        if self.broken:
            return "not conformant"
        if not self.complete:
            return "no verdict"
        return "conformant with warnings" if self.count(Status.WARNED) else "conformant"

    @property
    def counts(self) -> dict[str, int]:
        """What the word rests on, in the order of a sentence."""
        return {
            self._known: len(self.broken),
            "warned": self.count(Status.WARNED),
            "not testable because of that": self.count(Status.UNTESTED) - len(self.unfounded),
            "not tested": len(self.missed),
            "failed in the harness": self.count(Status.ERROR),
        }

    @property
    def _known(self) -> str:
        known, broken = self.count(Status.EXPECTED), len(self.broken)
        if not known:
            return "broken"
        return "broken, all known" if known == broken else f"broken, {known} of them known"

    def __str__(self) -> str:
        """Return the verdict as one line, with the counts it rests on."""
        counts = [f"{count} {what}" for what, count in self.counts.items() if count]
        counts.append(f"{self.count(Status.KEPT)} kept of {len(self.rules)} rules")
        counts.append(f"contract revision {REVISION}, profile {self.profile}")
        if self.level != "MUST":
            counts.append(f"level {self.level.lower()}")
        text = f"{visible(self.plugin)}: {self.word} ({', '.join(counts)})"
        if self.bare:
            text += "; a bare module: without the manifest's rules, and with no permission"
        if self.left_out:
            text += f"; {self.left_out}"
        return text
