"""A `[` in a path: pytest takes what begins there for parameters, and cuts it off."""

from __future__ import annotations

import pytest

OK, USAGE = 0, 4
RULE = "test_mod001_binary_is_a_core_module"


@pytest.fixture
def bracketed(pytester, hello):
    """The hello plugin in a folder whose name has brackets."""
    return hello.rename(pytester.path / "hello[1]")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_plugin_below_such_a_folder_is_judged_from_within(
    pytester, monkeypatch, bracketed, workers
):
    """A CI system may check a project out to any folder; what matters is where pytest starts."""
    monkeypatch.chdir(bracketed)
    result = pytester.runpytest_subprocess("--zeno-plugin=.", *workers, "-k", "mod001")
    assert result.ret == OK
    result.stdout.fnmatch_lines(["hello-c (.): no verdict (1 kept of *"])


@pytest.mark.parametrize(
    "argument",
    ["--zeno-plugin=hello[1]", "hello[1]/manifest.yaml", f"hello[1]/hello.wasm::{RULE}"],
    ids=["option", "manifest", "id"],
)
@pytest.mark.usefixtures("bracketed")
def test_such_a_folder_in_an_argument_is_a_usage_error(pytester, argument):
    """The error says that pytest cuts the path off there, and what to do."""
    result = pytester.runpytest(argument)
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(
        "ERROR: hello[[]1]/hello.wasm has a `[[]` in its path, *; rename the folder, or start "
        "pytest in it: cd '*hello[[]1]', then --zeno-plugin=."
    )
