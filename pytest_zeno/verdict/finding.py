"""One finding: what a rule saw, said so that the plugin's author can act on it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.text import LOG, visible
from pytest_zeno.verdict.rule import LANGUAGE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.errors import Excerpt, Problem
    from pytest_zeno.verdict.rule import Rule

_WIDER: Final = ", or raise Limits("
"""What a host may do about a limit; a plugin is judged with the contract's."""

_WIDTH: Final = 96
_LABEL: Final = 11
_TEXT: Final = _WIDTH - _LABEL - 2
_MARK: Final = "| "
_LINES: Final = 12
"""How many lines of one field are shown: a finding fits on a screen."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is not kept.

    ``observed`` shows the bytes, types or values that were seen; ``call`` is the call that they
    answer, as Python to paste into a test, and ``manifest`` YAML to paste, which has no line that a
    guest's text begins.
    """

    rule: Rule
    message: str
    observed: str = ""
    expected: str = ""
    hint: str = ""
    backtrace: tuple[str, ...] = ()
    stderr: str = ""
    problems: tuple[Problem, ...] = ()
    excerpt: Excerpt | None = None
    call: str = ""
    manifest: str = ""


def find(rule: Rule, error: BaseException) -> Finding:
    """Return the finding that an error raised under a rule amounts to."""
    if isinstance(error, ZenoError):
        where = " ".join(part for part in (error.phase, error.slot) if part)
        return Finding(
            rule,
            f"{where}: {error.message}" if where else error.message,
            observed=getattr(error, "observed", "") or error.code,
            hint=error.hint.partition(_WIDER)[0],
            backtrace=getattr(error, "backtrace", ()),
            stderr=getattr(error, "stderr", ""),
            problems=getattr(error, "problems", ()),
            excerpt=getattr(error, "excerpt", None),
            call=getattr(error, "call", ""),
        )
    return Finding(
        rule,
        str(error) or type(error).__name__,
        observed=getattr(error, "observed", ""),
        expected=getattr(error, "expected", ""),
        hint=getattr(error, "hint", ""),
        problems=getattr(error, "problems", ()),
        manifest=getattr(error, "manifest", ""),
    )


def render(finding: Finding, *, language: str = "", again: str = "") -> str:
    """Return a finding as text: rule, sentence, what was seen, why it matters, how to mend it.

    `language` chooses the fix; without one that the rule knows all of them are shown. `again`
    is the command that repeats this rule alone.
    """
    rule = finding.rule
    lines = [f"{rule.id} ({rule.level}, {rule.source}): {rule.sentence}", ""]
    lines += _field("broken", finding.message)
    lines += _field("call", finding.call, wrap=False)
    lines += _field("observed", finding.observed)
    lines += _field("expected", finding.expected)
    lines += _labelled("manifest", finding.manifest.splitlines())
    lines += [line for frame in finding.backtrace for line in _field("at", frame)]
    lines += _field("stderr", finding.stderr)
    lines += paragraph("why", rule.why)
    lines += _field("hint", finding.hint)
    lines += fixes(rule, language)
    lines += paragraph("more", f"zeno explain {rule.id}")
    lines += _field("again", again, wrap=False)
    return "\n".join(lines)


def fixes(rule: Rule, language: str) -> Iterator[str]:
    """Yield the fix in the author's language; where that is not known, each that differs."""
    for name, text in fix_texts(rule, language).items():
        yield from paragraph(f"fix {name}".rstrip(), text)


def fix_texts(rule: Rule, language: str) -> dict[str, str]:
    """Return the texts of `fixes` by the language's name; "" when it is the one to show."""
    if language in rule.fix or len(set(rule.fix.values())) == 1:
        return {"": rule.fix.get(language) or next(iter(rule.fix.values()))}
    return {LANGUAGE_NAMES.get(name, name): text for name, text in rule.fix.items()}


def paragraph(label: str, text: str) -> list[str]:
    """Return a labelled paragraph of ours, without marks before its lines."""
    over = " " * (len(label) - _LABEL + 1)  # a longer label leaves less of the first line
    lines = textwrap.wrap(text, _TEXT, initial_indent=over, break_on_hyphens=False)
    return _labelled(label, [line.removeprefix(over) for line in lines])


def _field(label: str, text: str, *, wrap: bool = True) -> list[str]:
    """Return a labelled paragraph that may hold guest text.

    Each line after the first has a mark: a CI system takes ``::error::`` for a command of its own
    at the start of a line, blanks before it or not.
    """
    lines: list[str] = []
    for line in text.splitlines():
        first = _MARK if lines else ""
        shown = visible(line, LOG)
        wrapped = textwrap.wrap(
            shown, _TEXT, initial_indent=first, subsequent_indent=_MARK, break_on_hyphens=False
        )
        lines += (wrapped if wrap else [first + shown]) or [first]
    if len(lines) > _LINES:
        lines[_LINES:] = [f"{_MARK}… ({len(lines) - _LINES} more lines)"]
    return _labelled(label, lines)


def _labelled(label: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    indent = " " * (_LABEL + 2)
    return [f"  {label:<{_LABEL - 1}} {lines[0]}", *(indent + line for line in lines[1:])]
