"""The verdict: what the rules that ran say about one plugin, in one line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pytest_zeno.text import visible

if TYPE_CHECKING:
    from pytest_zeno.profiles import Profile

REVISION: Final = 1
"""The revision of the contract that the rules speak of."""

_SKIPPED: Final = 2
_RANKS: Final = {"passed": 0, "warned": 1, "skipped": _SKIPPED, "failed": 3}


@dataclass(slots=True)
class Verdict:
    """Counts one plugin's rules by what became of them.

    ``rules`` is how many rules apply to the plugin at all. ``untested`` maps a rule to the rule
    whose breach made it impossible to test. ``left_out`` tells what there was no time to ask.
    """

    plugin: str
    rules: int
    profile: Profile = "contract"
    bare: bool = False
    passed: set[str] = field(default_factory=set)
    warned: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    untested: dict[str, str] = field(default_factory=dict)
    left_out: str = ""

    def add(self, rule: str, status: str, because: str = "") -> None:
        """Count a rule: ``passed``, ``warned``, ``failed``, or ``skipped`` because of another.

        A rule counts once, by the worst that became of it: a teardown may fail after the rule, and
        rules can be repeated.
        """
        kinds = (self.passed, self.warned, self.untested, self.broken)
        rank = _RANKS.get(status, _SKIPPED)
        if any(rule in worse for worse in kinds[rank + 1 :]):
            return
        self.passed.discard(rule)
        self.warned.discard(rule)
        self.untested.pop(rule, None)
        kind = kinds[rank]
        if isinstance(kind, set):
            kind.add(rule)
        else:
            kind[rule] = because

    @property
    def ran(self) -> int:
        """How many rules were tested."""
        return len(self.passed) + len(self.warned) + len(self.broken)

    @property
    def complete(self) -> bool:
        """Whether every rule was tested, or could not be because of another one's breach."""
        return self.ran + len(self.untested) >= self.rules

    @property
    def unfounded(self) -> set[str]:
        """Rules left untested because of a rule that was not found broken: never green."""
        return {rule for rule, because in self.untested.items() if because not in self.broken}

    @property
    def green(self) -> bool:
        """Whether something was tested and nothing is broken or left open."""
        return bool(self.ran) and not self.broken and not self.unfounded

    @property
    def word(self) -> str:
        """``conformant``, ``conformant with warnings``, ``not conformant`` or ``no verdict``."""
        if self.broken:
            return "not conformant"
        if self.unfounded or not self.complete or not self.ran:
            return "no verdict"
        return "conformant with warnings" if self.warned else "conformant"

    def __str__(self) -> str:
        """Return the verdict as one line, with the counts it rests on."""
        open_, barred = len(self.unfounded), len(self.untested) - len(self.unfounded)
        counts = [
            f"{len(self.broken)} broken" if self.broken else "",
            f"{len(self.warned)} warned" if self.warned else "",
            f"{barred} not testable because of that" if barred else "",
            f"{open_} not tested" if open_ else "",
            f"{len(self.passed)} kept",
        ]
        text = (
            f"{visible(self.plugin)}: {self.word} ({', '.join(count for count in counts if count)}"
        )
        text += f" of {self.rules} rules, contract revision {REVISION}, profile {self.profile})"
        if self.bare:
            text += "; a bare module: without the manifest's rules, and with no permission"
        if self.left_out:
            text += f"; {self.left_out}"
        return text
