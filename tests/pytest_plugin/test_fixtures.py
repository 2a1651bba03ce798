"""The fixtures that plugin authors write their own tests with."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("hello")


def test_plugin_calls_slots(pytester):
    """`plugin` is the plugin under test, loaded."""
    pytester.makepyfile(
        """
        def test_greeting(plugin):
            result = plugin.call("hello.greet", name="World")
            assert result.success
            assert result.data == {"message": "Hello, World!"}
            assert [record.message for record in result.logs] == ['greeted "World"']
        """
    )
    pytester.runpytest("--zeno-plugin=plugins/hello", "test_plugin_calls_slots.py").assert_outcomes(
        passed=1
    )


def test_the_host_is_configured_by_fixtures(pytester):
    """The fixtures zeno_scope, zeno_env and zeno_limits of the user's own configure the host."""
    pytester.makepyfile(
        """
        import pytest
        from pytest_zeno import Limits

        @pytest.fixture
        def zeno_scope():
            return {"visits": 41}

        @pytest.fixture
        def zeno_limits():
            return Limits(timeout=1)

        def test_count(plugin, zeno_host):
            assert plugin.call("hello.count").data == {"count": 42}
            assert zeno_host.scope["visits"] == 42
            assert zeno_host.limits.timeout == 1
        """
    )
    pytester.runpytest(
        "--zeno-plugin=plugins/hello", "test_the_host_is_configured_by_fixtures.py"
    ).assert_outcomes(passed=1)


def test_each_test_has_a_host_of_its_own(pytester):
    """What one test changes the next does not see."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("round", [1, 2])
        def test_count(plugin, round):
            assert plugin.call("hello.count").data == {"count": 1}
        """
    )
    result = pytester.runpytest(
        "--zeno-plugin=plugins/hello", "test_each_test_has_a_host_of_its_own.py"
    )
    result.assert_outcomes(passed=2)


def test_the_path_can_come_from_a_fixture(pytester):
    """A fixture `zeno_plugin_path` of the user's own needs no option."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="module")
        def zeno_plugin_path():
            return "plugins/hello"

        def test_name(plugin):
            assert plugin.name == "hello-c"
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)


def test_without_a_plugin_the_fixture_says_how_to_name_one(pytester):
    """`plugin` with nothing bound is one clear error."""
    pytester.makepyfile("def test_it(plugin): pass")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*needs one plugin, and no plugin is bound: give --zeno-plugin=PATH*"]
    )


def test_with_several_plugins_a_test_runs_for_each(pytester, hello):
    """A user's test is parametrized by the bound plugins."""
    import shutil

    shutil.copytree(hello, hello.parent / "other")
    manifest = hello.parent / "other" / "manifest.yaml"
    (hello.parent / "other" / "manifest.yaml").write_text(
        manifest.read_text("utf-8").replace("hello-c", "other"), "utf-8"
    )
    pytester.makepyfile("def test_it(zeno_plugin_path): assert zeno_plugin_path.exists()")
    result = pytester.runpytest(
        "--zeno-plugin=plugins", "test_with_several_plugins_a_test_runs_for_each.py", "-v"
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_it[[]hello-c]*", "*test_it[[]other]*"])


def test_fixtures_are_listed_with_a_sentence(pytester):
    """Pytest --fixtures shows what each fixture is for."""
    result = pytester.runpytest("--fixtures", "-v")
    text = result.stdout.str()
    for name in (
        "plugin",
        "zeno_host",
        "zeno_plugin_path",
        "zeno_env",
        "zeno_scope",
        "zeno_db",
        "zeno_limits",
    ):
        assert f"\n{name} " in text or f"\n{name} [" in text
