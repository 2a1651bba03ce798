"""`--zeno-report=FILE` writes what a run found, in the format that the name asks for."""

from __future__ import annotations

import json
import os
from xml.etree import ElementTree as ET

import cmarkgfm
import pytest
from jsonschema import Draft202012Validator

from pytest_zeno.reports import badge, build, formats, gather, html, markdown, sarif  # noqa: F401 (see `_imported`)
from pytest_zeno.reports.as_json import from_json, report_schema
from pytest_zeno.reports.html import to_html
from pytest_zeno.verdict.rule import by_family
from tests.reports import samples
from tests.reports.page import read

pytestmark = pytest.mark.usefixtures("hello", "_rendered")

OK, FAILED, USAGE, NOTHING = 0, 1, 4, 5
ALL = ("zeno.json", "zeno.md", "zeno.sarif", "zeno.html", "zeno.badge.json")


@pytest.fixture(scope="module")
def _rendered():
    """Have jinja2 import all it needs: see `_imported`."""
    to_html(samples.typical())


@pytest.fixture
def judge(pytester):
    """Judge plugins, ask for reports, and return the result and the record."""

    def run(*options, plugins=("plugins/hello",)):
        named = [f"--zeno-plugin={plugin}" for plugin in plugins]
        result = pytester.runpytest(*named, "--zeno-report=zeno.json", *options)
        text = (pytester.path / "zeno.json").read_text("utf-8")
        Draft202012Validator(report_schema()).validate(json.loads(text))
        return result, from_json(text)

    return run


def test_the_record_is_of_the_whole_run(judge):
    """Plugin, verdict, each rule, and what the plugin asked of its host."""
    result, run = judge()
    assert (result.ret, run.exit_code, run.verdict) == (OK, OK, "conformant")
    (plugin,) = run.plugins
    assert (plugin.about.name, plugin.about.path) == ("hello-c", "plugins/hello")
    assert plugin.about.module == "plugins/hello/hello.wasm"
    assert plugin.about.profile == "contract"
    assert len(plugin.about.sha256) == 64
    assert [rule.id for rule in plugin.rules] == [
        rule.id for rule in by_family() if rule.applies("contract", bare=False)
    ]
    assert {rule.status for rule in plugin.rules} == {"kept"}
    assert ("host_scope_set", True) in [(call.function, call.allowed) for call in plugin.host_calls]
    result.stdout.fnmatch_lines([f"{plugin.line}", "*zeno report: *zeno.json*"])


def test_every_format_is_written(judge, pytester):
    """As often as the option is given; folders are made."""
    others = [f"out/deep/{name}" for name in ALL]
    judge(*(f"--zeno-report={name}" for name in others))
    assert {path.name for path in (pytester.path / "out" / "deep").iterdir()} == set(ALL)


def test_a_breach_is_told_with_its_bytes_and_its_command(judge, broken):
    """A wrong pointer brings what the memory holds there."""
    broken("str003-no-nul")
    _, run = judge(plugins=["plugins/str003-no-nul"])
    (plugin,) = run.plugins
    assert (run.verdict, run.exit_code) == ("not conformant", FAILED)
    rule = next(rule for rule in plugin.rules if rule.status == "broken")
    assert rule.id == "STR-003"
    assert rule.finding.again == (f"pytest --zeno-plugin=plugins/str003-no-nul -k {rule.test}")
    excerpt = rule.finding.excerpt
    assert (excerpt.of, excerpt.at - excerpt.start) == ("memory", 32)
    assert excerpt.hex[64:66] == "78"
    barred = [rule for rule in plugin.rules if rule.because]
    assert {(rule.status, rule.because) for rule in barred} == {("untested", "STR-003")}


def test_a_warning_of_the_manifest_has_its_place(judge, broken):
    """File, line and column, for editors and scanners."""
    broken("man014-unknown-key")
    result, run = judge(plugins=["plugins/man014-unknown-key"])
    assert result.ret == OK
    rule = next(rule for rule in run.plugins[0].rules if rule.status == "warned")
    (place,) = rule.finding.places
    assert (place.file, place.line) == ("plugins/man014-unknown-key/manifest.yaml", 7)


def test_workers_tell_the_same(judge, broken):
    """With `-n 2` the reports come from other processes."""
    broken("man014-unknown-key")
    plugins = ["plugins/hello", "plugins/man014-unknown-key"]

    def told(*options):
        _, run = judge(*options, plugins=plugins)
        return [
            (
                plugin.about,
                plugin.counts,
                plugin.host_calls,
                [(rule.id, rule.status, rule.finding) for rule in plugin.rules],
            )
            for plugin in run.plugins
        ]

    assert told("-n2", "-p", "xdist") == told()


def test_a_rule_that_fails_by_other_means_has_a_finding(judge, pytester):
    """A teardown of the user's that fails is told, with the command."""
    pytester.makeconftest(
        "import pytest\n"
        "@pytest.fixture(autouse=True)\n"
        "def _after(request):\n"
        "    yield\n"
        "    assert 'mod001' not in request.node.name, 'the disk is full'\n"
    )
    _, run = judge()
    rule = next(rule for rule in run.plugins[0].rules if rule.id == "MOD-001")
    assert rule.status != "kept"
    assert "the disk is full" in rule.finding.message
    assert rule.finding.again


def test_a_rule_that_is_marked_as_failing_keeps_its_finding(judge, pytester, broken):
    """An xfail mark makes no breach unseen."""
    broken("str003-no-nul")
    pytester.makeconftest(
        "import pytest\n"
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n"
        "        if 'str003' in item.name:\n"
        "            item.add_marker(pytest.mark.xfail)\n"
    )
    _, run = judge(plugins=["plugins/str003-no-nul"])
    rule = next(rule for rule in run.plugins[0].rules if rule.id == "STR-003")
    assert "no NUL byte" in rule.finding.message


def test_nothing_judged_is_said(judge):
    """A run that selects no rule writes a report all the same."""
    result, run = judge("-k", "no_such_rule")
    assert (result.ret, run.exit_code) == (NOTHING, NOTHING)
    assert (run.verdict, run.plugins) == ("nothing was judged", ())


def test_part_of_the_rules_is_no_verdict(judge):
    """What was tested is there."""
    _, run = judge("-k", "test_mod")
    (plugin,) = run.plugins
    assert (run.verdict, plugin.verdict) == ("no verdict", "no verdict")
    assert {rule.family for rule in plugin.rules} == {"Module"}


def test_collecting_writes_nothing(pytester):
    """`--collect-only` runs no rule."""
    result = pytester.runpytest(
        "--zeno-plugin=plugins/hello", "--zeno-report=out/zeno.json", "--collect-only"
    )
    assert result.ret == OK
    assert not (pytester.path / "out").exists()


def test_the_ini_file_names_reports(pytester):
    """`zeno_report`, relative to the file's folder; the command line comes before it."""
    pytester.makeini("[pytest]\nzeno_report =\n    out/a.md\n    badge:out/b\n")
    pytester.runpytest("--zeno-plugin=plugins/hello")
    assert {path.name for path in (pytester.path / "out").iterdir()} == {"a.md", "b"}
    pytester.runpytest("--zeno-plugin=plugins/hello", "--zeno-report=c.md", "-k", "mod001")
    assert (pytester.path / "c.md").exists()
    assert "kept" in (pytester.path / "out" / "a.md").read_text("utf-8")


def test_a_jobs_summary_is_added_to(pytester, monkeypatch):
    """What other steps wrote stays; any other file is written anew."""
    for name in ("summary", "other.md"):
        (pytester.path / name).write_text("# a step before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pytester.path / "summary"))
    options = ("--zeno-plugin=plugins/hello", "--zeno-report=other.md", "-k", "mod001")
    pytester.runpytest("--zeno-report=md:$GITHUB_STEP_SUMMARY", *options)
    assert (pytester.path / "summary").read_text("utf-8").startswith("# a step before\n## ")
    assert (pytester.path / "other.md").read_text("utf-8").startswith("## ")


def test_the_time_can_be_given(judge, monkeypatch):
    """For reports that are the same each time: SOURCE_DATE_EPOCH, as builds have it."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    _, run = judge("-k", "mod001")
    assert run.date == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("report", "*--zeno-report: 'report' names no format; *"),
        ("a.xml", "*--junitxml='a.xml'*"),
        ("plugins/x.md", "*plugins/x.md cannot be written: it is a folder*"),
        ("notes.txt/a.md", "*notes.txt/a.md cannot be written: *"),
    ],
)
def test_what_cannot_be_written_is_told_before_the_run(pytester, given, expected):
    """With one line and exit code 4."""
    (pytester.path / "plugins" / "x.md").mkdir()
    (pytester.path / "notes.txt").write_text("")
    result = pytester.runpytest("--zeno-plugin=plugins/hello", f"--zeno-report={given}")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines([expected.replace("/", os.sep)])
    assert len([line for line in result.stderr.lines if line.strip()]) == 1


def test_two_reports_in_one_file_are_told(pytester):
    """One would be lost."""
    result = pytester.runpytest("--zeno-report=md:a", "--zeno-report=json:a")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(["*two reports would stand in one file*"])


def test_a_report_that_could_not_be_written_fails_the_run(pytester):
    """The folder was there before, and is gone."""
    pytester.makepyfile(
        test_gone="import shutil\ndef test_gone(): shutil.rmtree('out')",
    )
    result = pytester.runpytest("--zeno-report=out/a.md", "test_gone.py")
    assert result.ret == USAGE
    result.stdout.fnmatch_lines(["*zeno report not written: *a.md: *"])


@pytest.fixture
def hostile(pytester):
    """Judge the hostile plugin with every format and pytest's JUnit file."""
    from tests.pytest_plugin.hostile import parts

    parts().write(pytester.path / "plugins" / "hostile")
    options = [f"--zeno-report={name}" for name in ALL]
    return pytester.runpytest(
        "--zeno-plugin=plugins/hostile", "--junitxml=zeno.xml", "--color=no", "-v", *options
    )


def test_a_hostile_plugin_defaces_nothing(hostile, pytester):
    """Its texts are in every report, and are text in each."""
    texts = {name: (pytester.path / name).read_text("utf-8") for name in (*ALL, "zeno.xml")}
    assert hostile.ret == FAILED
    out = hostile.stdout.str()
    assert "document.title" in out
    for text in (out, *texts.values()):
        assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u200b"} & set(text)
    assert [line for line in out.splitlines() if line.lstrip().startswith("::")] == []
    assert {"script", "img"}.isdisjoint(read(texts["zeno.html"]).tags)
    page = read(cmarkgfm.github_flavored_markdown_to_html(texts["zeno.md"]))
    assert {"a", "img", "script"}.isdisjoint(page.tags)
    for name in ("zeno.html", "zeno.md", "zeno.json", "zeno.sarif", "zeno.xml"):
        assert "document.title" in texts[name]
    json.loads(texts["zeno.sarif"])
    assert "host_log" in texts["zeno.html"]
    ET.fromstring(texts["zeno.xml"])  # noqa: S314 (our own file)
