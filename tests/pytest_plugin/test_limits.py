"""Who sets a limit, from the contract to a test's own marker."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("hello")

OK, USAGE = 0, 4
PLUGIN = "--zeno-plugin=plugins/hello"


@pytest.fixture
def seen(pytester):
    """Run a test that prints its plugin's limits; return them by name."""

    def run(*arguments, marks="", load="", fixture=""):
        pytester.makepyfile(
            test_seen=f"""
            import pytest
            {fixture}
            {marks}
            def test_seen(zeno_host, zeno_plugin_path):
                limits = zeno_host.load(zeno_plugin_path{load})._guest.limits
                print("SEEN", limits.timeout, limits.memory, limits.slots)
            """
        )
        result = pytester.runpytest(PLUGIN, "-s", "test_seen.py", *arguments)
        assert result.ret == OK
        line = next(line for line in result.stdout.lines if "SEEN" in line)
        timeout, memory, slots = line.partition("SEEN ")[2].split()[:3]
        return float(timeout), int(memory), int(slots)

    return run


def test_each_goes_before_the_one_ahead_of_it(pytester, seen):
    """Contract, ini file, file, option, host, plugin, marker; each sets only what it names."""
    assert seen() == (5.0, 64 * 2**20, 1000)
    pytester.makeini("[pytest]\nzeno_limits =\n    timeout = 1s\n    memory=2MiB\n    slots = 7\n")
    assert seen() == (1.0, 2**21, 7)
    pytester.path.joinpath("plugins.yaml").write_text(
        "wasm: {limits: {max_execution_time: 2s}}", "utf-8"
    )
    given = ["--zeno-limits=plugins.yaml"]
    assert seen(*given) == (2.0, 2**21, 7)
    given += ["--zeno-limit=timeout=3", "--zeno-limit", "memory = 3MiB"]
    assert seen(*given) == (3.0, 3 * 2**20, 7)
    plugin = ", limits={'timeout': '4s'}"
    assert seen(*given, load=plugin) == (4.0, 3 * 2**20, 7)
    mark = "@pytest.mark.zeno_limits(timeout='250ms')"
    assert seen(*given, load=plugin, marks=mark) == (0.25, 3 * 2**20, 7)


def test_the_hosts_limits_stand_between_the_run_and_the_plugin(seen):
    """A fixture `zeno_limits` of the user's own may set some by name."""
    fixture = """
            @pytest.fixture
            def zeno_limits():
                return {"timeout": 4, "slots": 9}
            """
    host = seen("--zeno-limit=timeout=3", fixture=fixture)
    assert host == (4.0, 64 * 2**20, 9)
    assert seen(fixture=fixture, load=", limits={'slots': 8}") == (4.0, 64 * 2**20, 8)


def test_the_nearest_marker_wins(pytester):
    """A module's marker sets what a test's own leaves."""
    pytester.makepyfile(
        test_near="""
        import pytest
        pytestmark = pytest.mark.zeno_limits(timeout=1, slots=5)

        @pytest.mark.zeno_limits(timeout=2)
        def test_near(plugin, zeno_host):
            assert (zeno_host.limits.timeout, zeno_host.limits.slots) == (2, 5)
        """
    )
    pytester.runpytest(PLUGIN, "test_near.py").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("timeout=0", "*--zeno-limit: Limits.timeout: a number of seconds above 0 *, not '0'"),
        ("memory=lots", "*--zeno-limit: Limits.memory: a size is *, not 'lots'"),
        ("wall_time=1s", "*no limit is called 'wall_time' (did you mean 'timeout'?); *memory, *"),
        ("timeout", "*--zeno-limit: 'timeout' is not of the form NAME=VALUE"),
    ],
)
def test_a_limit_that_cannot_be_is_a_usage_error(pytester, given, said):
    """It says where it was given, what it may be, and which names there are."""
    result = pytester.runpytest(PLUGIN, f"--zeno-limit={given}")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines([said])


def test_the_ini_file_and_the_file_are_named(pytester):
    """Each in its own words."""
    result = pytester.runpytest(PLUGIN, "--zeno-limits=none.yaml")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(["*--zeno-limits: *none.yaml: No such file*"])
    pytester.makeini("[pytest]\nzeno_limits = memory=x\n")
    result = pytester.runpytest(PLUGIN)
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(["*zeno_limits in the ini file: Limits.memory: *"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [("tempo=1", "no limit is called 'tempo'*"), ("1", "limits are given by name, not (1,)")],
)
def test_a_marker_that_cannot_be_fails_its_test(pytester, arguments, said):
    """With one line and no traceback; others run."""
    pytester.makepyfile(
        test_mark=f"""
        import pytest

        @pytest.mark.zeno_limits({arguments})
        def test_marked(plugin):
            pass

        def test_other(plugin):
            pass
        """
    )
    result = pytester.runpytest(PLUGIN, "test_mark.py")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"the marker zeno_limits: {said}"])


def test_rules_are_judged_within_the_runs_limits(pytester):
    """The header says so, and the line that repeats a rule too."""
    result = pytester.runpytest(PLUGIN, "--zeno-limit=slots=2", "-k", "test_slt")
    result.stdout.fnmatch_lines(
        ["zeno: contract revision *, limits slots=2; hello-c *", "* again *--zeno-limit=slots=2 *"]
    )
    assert result.parseoutcomes()["failed"] == 1
