"""Judging a plugin without pytest: every rule that applies, and what became of it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.verdict.rule import applicable, owner_of
from pytest_zeno.verdict.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.verdict.rule import Level, Rule, RuleFunction

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

    ``because`` names the rule whose breach made this one untestable.
    """

    rule: Rule
    status: Status
    error: BaseException | None = None
    because: str = ""


def judge(subject: Subject, level: Level = "MUST") -> dict[str, Outcome]:
    """Test every rule that applies to a plugin, in its profile.

    A rule below `level` that is not kept is a warning.
    """
    return {
        function.zeno_rule.id: _outcome(function, subject, level)
        for function in applicable(subject.profile, bare=subject.bare)
    }


def outcome_of(rule: Rule, error: BaseException, level: Level = "MUST") -> Outcome:
    """Return what an error that was raised under `rule` makes of it.

    Broken, or a warning below `level`, is what the rule itself says, or an error that it answers
    for. An error that another rule answers for leaves it untested. Whatever else is raised is the
    harness's failure, or the machine's: never a breach.
    """
    if isinstance(error, AssertionError):
        return Outcome(rule, Status.BROKEN if rule.binds(level) else Status.WARNED, error)
    owner = owner_of(error) if isinstance(error, ZenoError) else None
    if owner is None:
        return Outcome(rule, Status.ERROR, error)
    if owner.id != rule.id:
        return Outcome(rule, Status.UNTESTED, error, owner.id)
    return Outcome(rule, Status.BROKEN, error)  # others cannot be tested because of it


def _outcome(function: RuleFunction, subject: Subject, level: Level) -> Outcome:
    rule = function.zeno_rule
    try:
        function(*[STAGES[name](subject) for name in inspect.signature(function).parameters])
    except Exception as error:  # noqa: BLE001 (it becomes the rule's outcome)
        return outcome_of(rule, error, level)
    return Outcome(rule, Status.KEPT)
