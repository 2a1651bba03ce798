"""Where a rule runs: what its report carries to where the record is made."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from pytest_zeno.reports.record import (
    About,
    Excerpt,
    Finding,
    Fix,
    HostCall,
    Place,
    paragraph,
)
from pytest_zeno.text import visible, visible_bytes
from pytest_zeno.verdict.finding import fix_texts
from pytest_zeno.verdict.rule import LANGUAGE_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pytest_zeno.errors import Problem
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.host import ledger
    from pytest_zeno.verdict import finding

MOST_CALLS: Final = 200
"""Kinds of host calls that a record shows of a plugin."""

_REQUEST: Final = 120
_NAME: Final = 80
"""Characters that are shown of a host call's request, and of a name."""


class Carried(Struct, frozen=True, kw_only=True):
    """What one report of a rule brings; host calls are those of the plugin so far."""

    rule: str
    test: str
    about: About
    seconds: float = 0.0
    finding: Finding | None = None
    host_calls: tuple[HostCall, ...] = ()
    more_host_calls: int = 0


def about(subject: Subject, label: str, shown: Callable[[Path], str]) -> About:
    """Return which plugin is judged. `shown` gives a path as a user would type it."""
    manifest = None if subject.bare else subject.reading.manifest
    module = subject.file
    is_there = module.suffix == ".wasm" and module.is_file()
    return About(
        label=visible(label),
        name=visible(subject.name, _NAME),
        path=visible(shown(subject.path)),
        module=visible(shown(module)),
        version=visible(manifest.version, _NAME) if manifest else "",
        description=visible(manifest.description) if manifest else "",
        language=LANGUAGE_NAMES.get(subject.language, subject.language),
        profile=subject.profile,
        bare=subject.bare,
        bytes=module.stat().st_size if is_there else 0,
        sha256=_sha256(module) if is_there else "",
    )


def breach(
    found: finding.Finding, *, language: str, again: str, shown: Callable[[str], str]
) -> Finding:
    """Return a finding as a record has it, with the command that repeats its rule alone."""
    return Finding(
        message=paragraph(found.message),
        observed=paragraph(f"{found.call}\n{found.observed}".strip()),
        expected=paragraph(f"{found.expected}\n{found.manifest}".strip()),
        hint=paragraph(found.hint),
        backtrace=tuple(visible(frame) for frame in found.backtrace),
        stderr=paragraph(found.stderr),
        fixes=tuple(
            Fix(language=name, text=text) for name, text in fix_texts(found.rule, language).items()
        ),
        again=paragraph(again),
        places=tuple(_place(problem, shown) for problem in found.problems),
        excerpt=_excerpt(found),
    )


def host_calls(calls: Iterable[ledger.HostCall]) -> tuple[tuple[HostCall, ...], int]:
    """Return host calls, each kind once and in order, and how many calls are not shown."""
    kinds = Counter(
        (one.phase, one.slot, one.function, one.request, one.code, one.rule, one.detail)
        for one in calls
    )
    shown = tuple(
        HostCall(
            phase=phase,
            slot=visible(slot),
            function=function,
            request=visible_bytes(request, _REQUEST),
            allowed=not code,
            code=code,
            rule=visible(rule),
            detail=visible(detail),
            times=times,
        )
        for (phase, slot, function, request, code, rule, detail), times in kinds.items()
    )
    return shown[:MOST_CALLS], sum(kind.times for kind in shown[MOST_CALLS:])


def _place(problem: Problem, shown: Callable[[str], str]) -> Place:
    return Place(
        file=visible(shown(problem.file)) if problem.file else "",
        line=problem.line,
        column=problem.column,
        code=problem.code,
        message=paragraph(problem.message),
    )


def _excerpt(found: finding.Finding) -> Excerpt | None:
    seen = found.excerpt
    if seen is None:
        return None
    return Excerpt(of=seen.of, start=seen.start, at=seen.at, hex=seen.data.hex())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
