"""How the rules of several plugins are spread over xdist's workers."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest


def workers_by_plugin(result):
    """Return the workers that judged each plugin, as pytest's verbose lines tell."""
    found = defaultdict(set)
    for line in result.stdout.lines:
        told = re.match(r"\[(gw\d)\] .*PASSED plugins/(\w+)/", line)
        if told:
            found[told[2]].add(told[1])
    return dict(found)


def test_a_plugin_stays_on_one_worker(pytester, hello):
    """Its evidence is gathered once, and several plugins keep several workers busy."""
    for name in ("second", "third", "fourth"):
        (hello.parent / name).mkdir()
        for part in hello.iterdir():
            (hello.parent / name / part.name).write_bytes(part.read_bytes())
    result = pytester.runpytest_subprocess("--zeno-plugin=plugins", "-v", "-n", "2")
    workers = workers_by_plugin(result)
    assert sorted(workers) == ["fourth", "hello", "second", "third"]
    assert {len(names) for names in workers.values()} == {1}
    assert set.union(*workers.values()) == {"gw0", "gw1"}


@pytest.mark.usefixtures("hello")
def test_another_way_of_spreading_is_the_users(pytester):
    """What --dist names is done, if it is not the default."""
    result = pytester.runpytest_subprocess(
        "--zeno-plugin=plugins/hello", "-v", "-n", "2", "--dist", "worksteal"
    )
    assert workers_by_plugin(result) == {"hello": {"gw0", "gw1"}}
