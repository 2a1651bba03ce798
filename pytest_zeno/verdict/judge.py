"""Judging a plugin without pytest: every rule that applies, and what became of it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Literal

from pytest_zeno.errors import ZenoError
from pytest_zeno.verdict.rule import applicable, owner_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.verdict.rule import Rule, RuleFunction

STAGES: Final[dict[str, Callable[[Subject], Any]]] = {
    "zeno_subject": lambda subject: subject,
    "zeno_reading": attrgetter("reading"),
    "zeno_manifest": attrgetter("manifest"),
    "zeno_module": attrgetter("module"),
    "zeno_metadata": attrgetter("metadata"),
    "zeno_slot_list": attrgetter("slot_list"),
    "zeno_exchanges": attrgetter("exchanges"),
}
"""What a rule's parameters stand for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a rule.

    ``warned`` is a SHOULD or MAY that is not kept. ``because`` names the rule whose breach made
    this one untestable.
    """

    rule: Rule
    status: Literal["kept", "warned", "broken", "untested"]
    error: BaseException | None = None
    because: str = ""


def judge(subject: Subject) -> dict[str, Outcome]:
    """Test every rule that applies to a plugin; in its profile."""
    return {
        function.zeno_rule.id: _outcome(function, subject)
        for function in applicable(subject.profile, bare=subject.bare)
    }


def barring(rule: Rule, error: BaseException) -> Rule | None:
    """Return the other rule that answers for an error raised under `rule`, None if none does.

    `rule` is then not testable; otherwise it is broken.
    """
    owner = owner_of(error) if isinstance(error, ZenoError) else None
    return owner if owner is not None and owner.id != rule.id else None


def _outcome(function: RuleFunction, subject: Subject) -> Outcome:
    rule = function.zeno_rule
    try:
        function(*[STAGES[name](subject) for name in inspect.signature(function).parameters])
    except (AssertionError, ZenoError) as error:
        other = barring(rule, error)
        if other is not None:
            return Outcome(rule, "untested", error, other.id)
        mild = rule.level != "MUST" and isinstance(error, AssertionError)
        return Outcome(rule, "warned" if mild else "broken", error)
    return Outcome(rule, "kept")
