"""pytest's own `--junitxml`: what stands in it of each rule."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest


@pytest.fixture
def cases(pytester, broken):
    """Judge a bad plugin; return its test cases by rule."""

    def run(name, *options):
        broken(name)
        pytester.runpytest(f"--zeno-plugin=plugins/{name}", "--junitxml=zeno.xml", *options)
        tree = ET.parse(pytester.path / "zeno.xml")  # noqa: S314 (our own file)
        found = {}
        for case in tree.iter("testcase"):
            told = {one.get("name"): one.get("value") for one in case.iter("property")}
            found[told["zeno_rule"]] = (case, told)
        return found

    return run


def test_properties_say_what_a_rule_is_about(cases):
    """Rule, plugin, status, level, section and profile."""
    _, told = cases("str003-no-nul")["STR-003"]
    assert told == {
        "zeno_rule": "STR-003",
        "zeno_plugin": "base (plugins/str003-no-nul)",
        "zeno_status": told["zeno_status"],
        "zeno_because": "",
        "zeno_level": "MUST",
        "zeno_section": "ABI.md section 3",
        "zeno_profile": "contract",
    }


def test_a_rule_that_is_not_testable_names_the_cause(cases):
    """As its property."""
    found = cases("met001-list")
    assert "MET-001" in {told["zeno_because"] for _, told in found.values()}


@pytest.mark.parametrize("options", [(), ("-n2", "-p", "xdist")], ids=["one", "workers"])
def test_a_warning_has_its_text(cases, options):
    """A test case that passes has no failure: what was found is its output."""
    case, told = cases("man014-unknown-key", *options)["MAN-014"]
    assert told["zeno_status"] == "warned"
    assert case.find("failure") is None
    (output,) = case.findall("system-out")
    assert "the key 'keywords' is unknown" in output.text
    assert "again      pytest --zeno-plugin=plugins/man014-unknown-key -k" in output.text


def test_a_rule_that_is_kept_says_nothing(cases):
    """No output but the tests' own."""
    case, _ = cases("man014-unknown-key")["MAN-001"]
    assert case.find("system-out") is None
