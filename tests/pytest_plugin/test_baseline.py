"""`--zeno-baseline` expects breaches: they are told, they do not fail the run, they do not rot."""

from __future__ import annotations

import shutil

import pytest

pytestmark = pytest.mark.usefixtures("hello")

OK, FAILED, USAGE = 0, 1, 4
BAD, RULE = "str003-no-nul", "STR-003"
WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])


@pytest.fixture(autouse=True)
def _bad(broken, monkeypatch):
    """The plugin that is broken, on a day that does not pass."""
    broken(BAD)
    monkeypatch.setenv("ZENO_TODAY", "2026-06-15")


@pytest.fixture
def listed(pytester):
    """Write a baseline of entries that are given as rule, plugin, last day; return its option."""

    def write(*entries, name="known.yaml"):
        text = "".join(
            f"- {{rule: {rule}, plugin: {plugin}, reason: see 12, owner: me, expires: {day}}}\n"
            for rule, plugin, day in entries
        )
        (pytester.path / name).write_text(text, "utf-8")
        return f"--zeno-baseline={name}"

    return write


def judge(pytester, *arguments):
    """Judge the broken plugin."""
    run = pytester.runpytest_subprocess if "-n" in arguments else pytester.runpytest
    return run(f"--zeno-plugin=plugins/{BAD}", *arguments)


@WORKERS
def test_a_known_breach_does_not_fail_the_run(pytester, listed, workers):
    """It is counted apart and told with its reason; the verdict is what it is."""
    result = judge(pytester, listed((RULE, "base", "2026-06-15")), "-v", *workers)
    assert result.ret == OK
    assert result.parseoutcomes()["expected"] == 1
    assert "failed" not in result.parseoutcomes()
    result.stdout.fnmatch_lines(
        [
            "STR-003 is broken, as expected [[]base (*)]: see 12 (me, until 2026-06-15)",
            "base (*: not conformant (1 broken, all known, * not testable because of that, *",
        ]
    )
    result.stdout.fnmatch_lines(
        ["*EXPECTED*test_str003_*" if workers else "*test_str003_*EXPECTED*"]
    )


@WORKERS
def test_another_breach_fails_it(pytester, listed, broken, workers):
    """Of the same rule on another plugin, and of another rule; known is what is listed."""
    broken("mod011-cleanup-result")
    option = listed((RULE, "base", "2026-06-15"))
    result = pytester.runpytest_subprocess(
        "--zeno-plugin=plugins/mod011-cleanup-result", option, *workers
    )
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["base (*: not conformant (1 broken, *"])
    result = judge(pytester, listed((RULE, "other", "2026-06-15")), *workers)
    assert result.ret == FAILED


def test_a_failure_of_the_harness_is_not_expected(pytester, listed):
    """What befalls a listed rule beside its breach is told as ever."""
    pytester.makeconftest(
        """
        def pytest_runtest_setup(item):
            if "str003" in item.name:
                raise RuntimeError("out of order")
        """
    )
    result = judge(pytester, listed((RULE, "base", "2026-06-15")))
    assert result.ret == 3
    assert result.parseoutcomes()["errors"] == 1


def test_what_another_rule_answers_for_is_not_expected(pytester, listed):
    """A listed rule that only fails because another one is broken, which does not run."""
    (pytester.path / "plugins" / BAD / "plugin.wasm").write_text("I am text")
    result = judge(pytester, listed((RULE, "base", "2026-06-15")), "-k", "STR-003")
    assert result.ret == FAILED
    assert result.parseoutcomes()["failed"] == 1


@WORKERS
def test_a_listed_rule_that_is_kept_fails_the_run(pytester, listed, workers):
    """The line has the file's line and says what to do."""
    option = listed((RULE, "base", "2026-06-15"), ("STR-004", "base", "2026-06-15"))
    result = judge(pytester, option, *workers)
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(
        ["known.yaml:2:1: base keeps STR-004 now (remove the entry, or run with --zeno-base*"]
    )


@WORKERS
@pytest.mark.parametrize("part", [("-k", "STR-003"), ("--deselect", "x"), ("--lf",)])
def test_a_listed_rule_that_does_not_run_is_not_stale(pytester, listed, workers, part):
    """Deselected, or not among those that failed last."""
    option = listed((RULE, "base", "2026-06-15"), ("STR-004", "base", "2026-06-15"))
    if part[0] == "--lf":
        judge(pytester, "-p", "cacheprovider")
    if part[0] == "--deselect":
        name = f"plugins/{BAD}/plugin.wasm::test_str004_every_text_is_utf8"
        part = ("--deselect", name)
    result = judge(pytester, option, *part, *workers)
    assert result.ret == OK
    result.stdout.no_fnmatch_line("*keeps STR-004 now*")


def test_an_expired_entry_expects_nothing(pytester, listed):
    """The breach is red again, and the entry is named."""
    result = judge(pytester, listed((RULE, "base", "2026-06-14")))
    assert result.ret == FAILED
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(
        ["known.yaml:1:1: the entry for STR-003 of base expired on 2026-06-14 (*agree with me *"]
    )


def test_an_expired_entry_fails_a_run_that_is_not_about_it(pytester, listed):
    """So that no entry outlives its plugin."""
    option = listed((RULE, "gone", "2026-06-14"))
    result = pytester.runpytest("--zeno-plugin=plugins/hello", option)
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["known.yaml:1:1: * expired on *"])


def test_other_plugins_have_runs_of_their_own(pytester, listed):
    """One baseline may serve the jobs of many plugins."""
    option = listed((RULE, "elsewhere", "2026-06-15"))
    assert pytester.runpytest("--zeno-plugin=plugins/hello", option).ret == OK


def test_a_misspelled_plugin_is_told_where_it_matters(pytester, listed):
    """Beside the breach that it was to stand for."""
    result = judge(pytester, listed((RULE, "bass", "2026-06-15")))
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(
        ["known.yaml:1:1: the entry for STR-003 names the plugin bass, * (write base, or remove *"]
    )


def test_a_run_of_the_whole_project_knows_every_plugin(pytester, listed):
    """With the ini file's plugins judged, a plugin that is none of them is an error."""
    listed((RULE, "gone", "2026-06-15"))
    pytester.makeini("[pytest]\nzeno_plugin = plugins/hello\nzeno_baseline = known.yaml\n")
    result = pytester.runpytest()
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["known.yaml:1:1: * names the plugin gone, *"])


@WORKERS
def test_two_plugins_share_a_baseline(pytester, listed, broken, workers):
    """Each entry is about its own."""
    broken("mod011-cleanup-result")
    manifest = pytester.path / "plugins" / "mod011-cleanup-result" / "manifest.yaml"
    manifest.write_text(manifest.read_text("utf-8").replace("name: base", "name: second"), "utf-8")
    option = listed((RULE, "base", "2026-06-15"), ("MOD-011", "second", "2026-06-15"))
    result = pytester.runpytest_subprocess("--zeno-plugin=plugins", option, *workers)
    assert result.ret == OK
    assert result.parseoutcomes()["expected"] == 2


def test_two_plugins_of_one_name_are_told_apart(pytester, listed):
    """An entry for both would hide the breach of one."""
    shutil.copytree(pytester.path / "plugins" / BAD, pytester.path / "plugins" / "newer")
    option = listed((RULE, "base", "2026-06-15"))
    result = pytester.runpytest("--zeno-plugin=plugins", option)
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(
        ["ERROR: --zeno-baseline: two plugins of this run are called 'base*"]
    )
    assert pytester.runpytest("--zeno-plugin=plugins/hello", option).ret == OK


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            None,
            "ERROR: --zeno-baseline: known.yaml: there is no such file; --zeno-baseline-update *",
        ),
        ("- a", "known.yaml:1:3: an entry is the text 'a', expected a mapping (write rule, *"),
        ("- rule: STR-003", "known.yaml:1:3: the entry lacks `plugin` (write *"),
        ("a: [", "known.yaml:*: not YAML: *"),
    ],
)
def test_a_baseline_that_cannot_be_used_is_a_usage_error(pytester, text, expected):
    """Before anything runs, and whole: every problem is told."""
    if text is not None:
        (pytester.path / "known.yaml").write_text(text)
    result = judge(pytester, "--zeno-baseline=known.yaml")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines([expected])
    result.stderr.no_fnmatch_line("*Traceback*")


def test_a_folder_is_no_baseline(pytester):
    """Neither with an update."""
    for more in ((), ("--zeno-baseline-update",)):
        result = judge(pytester, "--zeno-baseline=plugins", *more)
        assert result.ret == USAGE
        result.stderr.fnmatch_lines(["ERROR: --zeno-baseline: plugins: cannot be read: *"])


@WORKERS
def test_the_ini_file_names_it(pytester, listed, workers):
    """`zeno_baseline` counts from the ini file's folder."""
    listed((RULE, "base", "2026-06-15"))
    pytester.makeini("[pytest]\nzeno_baseline = known.yaml\n")
    assert judge(pytester, *workers).ret == OK


def test_a_warning_is_not_known_or_stale(pytester, listed, broken):
    """A SHOULD below the level needs no entry; with one, stricter runs have it, too."""
    broken("rsp006-error-none")
    option = listed(("RSP-006", "base", "2026-06-15"))
    arguments = ("--zeno-plugin=plugins/rsp006-error-none", option)
    result = pytester.runpytest(*arguments)
    assert (result.ret, result.parseoutcomes()["warned"]) == (OK, 1)
    result = pytester.runpytest(*arguments, "--zeno-level=should")
    assert (result.ret, result.parseoutcomes()["expected"]) == (OK, 1)


# -- the update ------------------------------------------------------------------------------------


@WORKERS
def test_an_update_writes_what_is_to_be_filled_in(pytester, workers):
    """The run that finds a new breach is red, and so is the next until people have filled it in."""
    option = "--zeno-baseline=known.yaml"
    result = judge(pytester, option, "--zeno-baseline-update", *workers)
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(
        ["known.yaml: written, 1 listed, 1 of them new, 0 dropped; write *"]
    )
    text = (pytester.path / "known.yaml").read_text("utf-8")
    assert "- rule: STR-003\n  plugin: base\n  reason: TODO\n" in text
    result = judge(pytester, option, *workers)
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(["known.yaml:5:11: `reason` is still to be filled in (write why *"])
    filled = text.replace("expires: TODO", "expires: 2027-01-01").replace("TODO", "ours")
    (pytester.path / "known.yaml").write_text(filled, "utf-8")
    assert judge(pytester, option, *workers).ret == OK


@WORKERS
def test_an_update_drops_what_is_kept_and_leaves_the_rest(pytester, listed, workers):
    """Entries of other plugins and of rules that did not run stay word for word."""
    option = listed(
        ("STR-004", "base", "2026-06-15"),
        (RULE, "base", "2026-06-15"),
        ("MOD-001", "base", "2026-06-15"),
        (RULE, "elsewhere", "2026-06-15"),
    )
    result = judge(pytester, option, "--zeno-baseline-update", "-k", "test_str", *workers)
    assert result.ret == OK
    result.stdout.fnmatch_lines(["known.yaml: written, 3 listed, 0 of them new, 1 dropped"])
    text = (pytester.path / "known.yaml").read_text("utf-8")
    assert [line for line in text.splitlines() if "rule:" in line or "plugin:" in line] == [
        "- rule: MOD-001",
        "  plugin: base",
        "- rule: STR-003",
        "  plugin: base",
        "- rule: STR-003",
        "  plugin: elsewhere",
    ]
    assert text.count("  reason: see 12\n  owner: me\n  expires: 2026-06-15\n") == 3


def test_an_update_with_nothing_to_do_writes_nothing(pytester, listed):
    """The file is as people left it."""
    option = listed((RULE, "base", "2026-06-15"))
    before = (pytester.path / "known.yaml").read_bytes()
    result = judge(pytester, option, "--zeno-baseline-update")
    assert result.ret == OK
    result.stdout.fnmatch_lines(["known.yaml: nothing to update, 1 listed"])
    assert (pytester.path / "known.yaml").read_bytes() == before


def test_an_update_tells_of_comments_that_it_drops(pytester, listed):
    """Those at the top are kept."""
    option = listed(("STR-004", "base", "2026-06-15"))
    file = pytester.path / "known.yaml"
    file.write_text("# ours\n" + file.read_text("utf-8") + "# lost\n", "utf-8")
    result = judge(pytester, option, "--zeno-baseline-update")
    result.stdout.fnmatch_lines(["known.yaml: the comments that stood on line 3 are gone: *"])
    assert file.read_text("utf-8").startswith("# ours\n- rule: STR-003\n")


def test_a_consequence_is_not_added(pytester):
    """Where the rule to blame does not run, what fails instead of it is none of the baseline's."""
    (pytester.path / "plugins" / BAD / "plugin.wasm").write_text("I am text")
    option = "--zeno-baseline=known.yaml"
    result = judge(pytester, option, "--zeno-baseline-update", "-k", "STR-003")
    assert result.ret == FAILED
    assert (pytester.path / "known.yaml").read_text("utf-8").endswith("[]\n")


def test_an_update_needs_a_file(pytester):
    """Which one, it does not guess."""
    result = judge(pytester, "--zeno-baseline-update")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(["ERROR: --zeno-baseline-update: name the file by --zeno-baseline"])


def test_a_file_that_cannot_be_written_fails_the_run(pytester):
    """And says why."""
    result = judge(pytester, "--zeno-baseline=no/such/known.yaml", "--zeno-baseline-update")
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["*known.yaml: cannot be written: *"])


def test_a_listing_updates_nothing(pytester):
    """--collect-only runs no rule."""
    judge(pytester, "--zeno-baseline=known.yaml", "--zeno-baseline-update", "--co", "-q")
    assert not (pytester.path / "known.yaml").exists()


def test_the_day_is_a_day(pytester, listed, monkeypatch):
    """ZENO_TODAY looks ahead; what is no day is a usage error."""
    option = listed((RULE, "base", "2026-06-15"))
    monkeypatch.setenv("ZENO_TODAY", "2026-06-16")
    assert judge(pytester, option).ret == FAILED
    monkeypatch.setenv("ZENO_TODAY", "tomorrow")
    result = judge(pytester, option)
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(["ERROR: ZENO_TODAY is 'tomorrow', expected a day such as *"])
