"""What calls cost is told where somebody asks: by `-v`, or by a report file."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.usefixtures("hello")

ONE_RULE = ("--zeno-plugin=plugins", "-k", "STR-003")
WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])


def test_verbose_shows_a_table(pytester):
    """A row for each slot, and the load time, which is no fixed number."""
    result = pytester.runpytest(*ONE_RULE, "-v")
    result.stdout.re_match_lines(
        [
            r"costs of a call of hello-c \(plugins.hello\)",
            r"  slot +fuel +host calls +log lines +bytes in +bytes out +pages +pages grown",
            r"  hello\.greet +[0-9,]+ +0 +1 +76 +51 +2 +0",
            r"  wasmtime [0-9.]+, [0-9.,]+ ms to load \(depends on the machine\)",
        ]
    )


def test_nothing_is_measured_unless_asked(pytester, monkeypatch):
    """Neither shown nor spent."""
    monkeypatch.setattr("pytest_zeno.reports.costs.gather", None)
    result = pytester.runpytest(*ONE_RULE)
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*costs*")


@WORKERS
def test_reports_tell_the_costs(pytester, broken, workers):
    """Of each plugin, also where not one slot can be called."""
    broken("mod001-text")
    run = pytester.runpytest_subprocess if workers else pytester.runpytest
    run(*ONE_RULE, "--zeno-report=run.json", *workers)
    record = json.loads((pytester.path / "run.json").read_text("utf-8"))
    told = {plugin["about"]["name"]: plugin["costs"] for plugin in record["plugins"]}
    assert [one["slot"] for one in told["hello-c"]["slots"]] == [
        "hello.greet",
        "hello.echo",
        "hello.count",
    ]
    assert told["base"]["slots"] == []
    assert told["base"]["reason"].startswith("the file is WebAssembly text")
