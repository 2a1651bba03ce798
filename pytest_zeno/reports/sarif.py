"""SARIF 2.1.0, for code scanning: a breach is a result, at the manifest's line or at the module.

Rules that could not be tested are no results: scanners show each result as an alert. A breach that
the project expects is a suppressed one.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from pytest_zeno.reports.record import not_kept

if TYPE_CHECKING:
    from pytest_zeno.reports.record import Finding, Place, Plugin, Rule, Run

VERSION: Final = "2.1.0"
SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_ROOT: Final = "%SRCROOT%"
_LEVELS: Final = {"MUST": "error", "SHOULD": "warning", "MAY": "note"}
_DRIVE: Final = re.compile("[A-Za-z]:/")
_PLACEHOLDER: Final = re.compile(r"\{(\d+)\}")


def to_sarif(run: Run) -> str:
    """Return the record as a SARIF log of one run."""
    rules = _rules(run)
    index = {rule.id: at for at, rule in enumerate(rules)}
    log = {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [
            {
                "tool": {"driver": _driver(run, rules)},
                "invocations": [_invocation(run)],
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(plugin, rule, finding, index[rule.id])
                    for plugin in run.plugins
                    for rule, finding in not_kept(plugin)
                    if rule.status != "error"
                ],
                "properties": {"verdict": run.verdict, "contractRevision": run.revision},
            }
        ],
    }
    return msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n"


def message(text: str) -> dict[str, str]:
    """Return a message whose text holds neither a link nor a placeholder (SARIF 3.11.5, 3.11.6)."""
    escaped = text.replace("](", "\\](")
    return {"text": _PLACEHOLDER.sub(r"{{\1}}", escaped)}


def _rules(run: Run) -> list[Rule]:
    found = {rule.id: rule for plugin in run.plugins for rule in plugin.rules}
    return [found[id_] for id_ in sorted(found)]


def _driver(run: Run, rules: list[Rule]) -> dict[str, Any]:
    return {
        "name": "pytest-zeno",
        "version": run.version,
        "rules": [_descriptor(rule) for rule in rules],
    }


def _descriptor(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.test.split("_")[2:]) or rule.id,
        "shortDescription": message(rule.sentence),
        "fullDescription": message(rule.why),
        "help": message(f"{rule.sentence}\n\nWhy: {rule.why}\n\nSource: {rule.source}"),
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
        "properties": {"tags": [rule.family, rule.level], "source": rule.source},
    }


def _invocation(run: Run) -> dict[str, Any]:
    """Return how the run went; what no plugin answers for is told here, and is no result."""
    notes = [
        {"level": "error", "message": message(_text(plugin, rule, finding))}
        for plugin in run.plugins
        for rule, finding in not_kept(plugin)
        if rule.status == "error"
    ]
    if not run.plugins:
        notes.append({"level": "error", "message": message("No rule was tested in this run.")})
    made: dict[str, Any] = {
        "executionSuccessful": not notes,
        "exitCode": run.exit_code,
        "toolExecutionNotifications": notes,
    }
    return {**made, "endTimeUtc": run.date} if run.date else made


def _result(plugin: Plugin, rule: Rule, finding: Finding, index: int) -> dict[str, Any]:
    identity = f"{plugin.about.path}\n{rule.id}".encode()
    result: dict[str, Any] = {
        "ruleId": rule.id,
        "ruleIndex": index,
        "level": "error" if rule.status == "broken" else _LEVELS[rule.level],
        "message": message(_text(plugin, rule, finding)),
        "locations": [_location(plugin, finding)],
        "partialFingerprints": {"pluginAndRule/v1": hashlib.sha256(identity).hexdigest()},
        "properties": {"status": rule.status, "again": finding.again},
    }
    if rule.status == "expected":
        result["suppressions"] = [{"kind": "external", "justification": "expected by the project"}]
    return result


def _text(plugin: Plugin, rule: Rule, finding: Finding) -> str:
    parts = [
        f"{plugin.about.name}: {finding.message}",
        f"The rule: {rule.sentence}",
        f"Seen: {finding.observed}" if finding.observed else "",
        f"Expected: {finding.expected}" if finding.expected else "",
        f"Hint: {finding.hint}" if finding.hint else "",
        *(
            f"Fix{f' ({fix.language})' if fix.language else ''}: {fix.text}"
            for fix in finding.fixes
        ),
        f"Again: {finding.again}" if finding.again else "",
    ]
    return "\n".join(part for part in parts if part)


def _location(plugin: Plugin, finding: Finding) -> dict[str, Any]:
    """Return where a result is shown: at the first problem's line, or at the module."""
    logical = [{"name": plugin.about.name, "kind": "module"}]
    place = next((place for place in finding.places if place.line), None)
    file = place.file if place else plugin.about.module
    physical: dict[str, Any] = {"artifactLocation": _artifact(file)}
    if place:
        physical["region"] = _region(place)
    return {"physicalLocation": physical, "logicalLocations": logical}


def _artifact(path: str) -> dict[str, str]:
    """Return where a file lies: below the root of the sources, or on this machine."""
    drive, rest = (path[:2], path[2:]) if _DRIVE.match(path) else ("", path)
    if rest.startswith("/"):
        return {"uri": f"file://{'/' if drive else ''}{drive}{quote(rest)}"}
    return {"uri": quote(rest), "uriBaseId": _ROOT}


def _region(place: Place) -> dict[str, int]:
    return {"startLine": place.line, **({"startColumn": place.column} if place.column else {})}
