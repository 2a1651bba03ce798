"""SARIF 2.1.0, as code scanning reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from pytest_zeno.reports.record import Place
from pytest_zeno.reports.sarif import message, to_sarif
from tests.reports import samples

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))


def log(run):
    """Return the one run of a log."""
    (found,) = json.loads(to_sarif(run))["runs"]
    return found


def result(**members):
    """Return the result for one broken rule."""
    about = {name: members.pop(name) for name in ("path", "module") if name in members}
    status = members.pop("status", "broken")
    level = members.pop("level", "MUST")
    one = samples.rule(status, level=level, finding=samples.finding(**members))
    return log(samples.run(samples.plugin(one, **about)))["results"][0]


@pytest.mark.parametrize(
    "run",
    [samples.typical(), samples.nothing(), samples.hostile("\n".join(samples.HOSTILE))],
    ids=["typical", "nothing", "hostile"],
)
def test_a_log_keeps_to_the_schema(run):
    """The one of the OASIS committee."""
    Draft4Validator(SCHEMA).validate(json.loads(to_sarif(run)))


def test_each_result_names_its_rule():
    """By id and by index, and the rule says what it is about."""
    found = log(samples.typical())
    rules = found["tool"]["driver"]["rules"]
    assert [rules[one["ruleIndex"]]["id"] for one in found["results"]] == [
        one["ruleId"] for one in found["results"]
    ]
    assert all(rule["shortDescription"] and rule["help"] for rule in rules)


@pytest.mark.parametrize(
    ("status", "level", "expected"),
    [
        ("broken", "MUST", "error"),
        ("broken", "SHOULD", "error"),
        ("warned", "SHOULD", "warning"),
        ("warned", "MAY", "note"),
        ("expected", "MUST", "error"),
    ],
)
def test_levels(status, level, expected):
    """What fails the run is an error, a SHOULD a warning, a MAY a note."""
    assert result(status=status, level=level)["level"] == expected


def test_what_is_kept_or_untested_is_no_result():
    """A scanner shows every result as an alert."""
    assert [one["ruleId"] for one in log(samples.typical())["results"]] == [
        "STR-003",
        "MAN-009",
        "STR-004",
    ]


def test_what_the_project_expects_is_suppressed():
    """It stays in the log, and raises no alert."""
    assert result(status="expected")["suppressions"][0]["kind"] == "external"
    assert "suppressions" not in result()


def test_a_problem_of_the_manifest_stands_at_its_line():
    """With the column."""
    place = Place(file="plugins/hello/manifest.yaml", line=3, column=5, code="x", message="x")
    physical = result(places=(place,))["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "plugins/hello/manifest.yaml"
    assert physical["region"] == {"startLine": 3, "startColumn": 5}


def test_what_has_no_line_stands_at_the_module():
    """As a file below the root of the sources."""
    physical = result()["locations"][0]["physicalLocation"]
    assert physical == {
        "artifactLocation": {"uri": "plugins/hello/hello.wasm", "uriBaseId": "%SRCROOT%"}
    }


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("plugins/my hello#1/x.wasm", "plugins/my%20hello%231/x.wasm"),
        ("plugins/\\u202e/x.wasm", "plugins/%5Cu202e/x.wasm"),
        ("/srv/x.wasm", "file:///srv/x.wasm"),
        ("javascript:x.wasm", "javascript%3Ax.wasm"),
        ("C:/a b.wasm", "file:///C:/a%20b.wasm"),
        ("../x.wasm", "../x.wasm"),
    ],
)
def test_a_path_becomes_a_uri(path, uri):
    """Whatever stands in it."""
    location = result(module=path)["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == uri


def test_a_result_carries_the_command_that_repeats_it():
    """In its text, where people see it."""
    assert "Again: pytest --zeno-plugin=plugins/hello -k test_str003" in result()["message"]["text"]


def test_an_alert_stays_the_same_from_run_to_run():
    """The fingerprint is of plugin and rule, not of what was seen."""
    one, two = result(message="a")["partialFingerprints"], result(message="b")
    assert one == two["partialFingerprints"]
    assert one != result(path="plugins/other")["partialFingerprints"]


def test_what_no_plugin_answers_for_is_a_notification():
    """No result: nobody could close such an alert."""
    (invocation,) = log(samples.typical())["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "the disk is full" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_nothing_judged_is_no_successful_execution():
    """And says so."""
    (invocation,) = log(samples.nothing())["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "No rule was tested" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_a_message_has_no_links_and_no_placeholders():
    """Both are markup in a message of SARIF."""
    assert message("[x](https://evil.example) {0} {a}")["text"] == (
        "[x\\](https://evil.example) {{0}} {a}"
    )
