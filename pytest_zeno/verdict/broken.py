"""How a rule says that it is broken: what was seen, what was expected, what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from pytest_zeno.errors import ProtocolError
from pytest_zeno.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_zeno.errors import Phase, Problem
    from pytest_zeno.evidence.conversation import Difference
    from pytest_zeno.evidence.subject import Subject

_HINTS: Final = 6
"""Hints told in one finding: as many as there are exports."""

_SHOWN: Final = 20
"""Problems told in one finding; a message with more of them has one cause."""


class Broken(AssertionError):  # noqa: N818 (what it says of the rule)
    """A rule is not kept.

    ``observed`` shows the bytes, types or values that came, ``expected`` what the contract wants,
    ``hint`` the next step. Guest text in them is escaped (`pytest_zeno.text`). ``problems`` are
    what it sums up, each with its place, and ``manifest`` is what the manifest could say instead,
    as YAML (`manifest.written`).
    """

    def __init__(
        self,
        message: str,
        *,
        observed: str = "",
        expected: str = "",
        hint: str = "",
        problems: tuple[Problem, ...] = (),
        manifest: str = "",
    ) -> None:
        super().__init__(message)
        self.manifest = manifest
        self.message = message
        self.observed = observed
        self.expected = expected
        self.hint = hint
        self.problems = problems


def expect(
    condition: object, message: str, *, observed: str = "", expected: str = "", hint: str = ""
) -> None:
    """Raise `Broken` unless `condition` holds."""
    if not condition:
        raise Broken(message, observed=observed, expected=expected, hint=hint)


def as_json(value: Any) -> str:
    """Return what a guest answered for `observed`: on one line, without the guest's line breaks."""
    return visible(json.dumps(value, ensure_ascii=False))


def no_problems(rule: str, problems: Iterable[Problem], *, observed: str = "") -> None:
    """Raise `Broken` with all of `problems` whose codes the rule with this id owns.

    A message that is not even of the right type has no members to judge: its problem is raised
    as the ProtocolError of the rule that answers for it.
    """
    from pytest_zeno.verdict.rule import owner_of_code

    found = list(problems)
    own = [problem for problem in found if owner_of_code(problem.code) == rule]
    if own:
        _raise(own, observed)
    for problem in found:
        if problem.code.endswith(".type") and not problem.field:
            raise ProtocolError(problem.message, code=problem.code, hint=problem.hint)


def no_failures(rule: str, subject: Subject, *phases: Phase) -> None:
    """Raise the first failure in these phases that the rule with this id owns.

    Raises the error that kept the plugin from entering one of the phases; it is another rule's,
    and this one cannot be tested then.
    """
    from pytest_zeno.verdict.rule import owner_of

    for phase in phases:
        for failure in subject.failures(phase):
            owner = owner_of(failure)
            if owner is not None and owner.id == rule:
                raise failure.with_traceback(None)


def no_difference(found: Difference | None, where: str) -> None:
    """Raise `Broken` when an answer came otherwise under the circumstances that `where` names."""
    if found is None:
        return
    ours, theirs = found
    said = theirs.error.message if theirs.error else "another answer"
    asked = f"{ours.question}\n" if ours.request else ""
    raise Broken(
        f"{ours.asked}: {where}: {said}",
        observed=f"{asked}-> {theirs.shown}",
        expected=ours.shown,
    )


def _raise(problems: list[Problem], observed: str) -> NoReturn:
    lines = [_line(problem) for problem in problems[:_SHOWN]]
    if problems[_SHOWN:]:
        lines.append(f"and {len(problems) - _SHOWN} more like these")
    hints = dict.fromkeys(problem.hint for problem in problems if problem.hint)
    raise Broken(
        "\n".join(lines),
        observed=observed,
        hint="; ".join(list(hints)[:_HINTS]),
        problems=tuple(problems),
    )


def _line(problem: Problem) -> str:
    """Return where a problem stands and what it is; hints stand apart."""
    if problem.line:
        return f"{problem.file}:{problem.line}:{problem.column}: {problem.message}"
    if problem.field:
        return f"{visible(problem.field)}: {problem.message}"
    return problem.message
