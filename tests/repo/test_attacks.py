"""Every recorded attack is decided by a test that runs it to its end."""

from __future__ import annotations

import pytest

from tests.host import test_scope_attacks
from tests.manifest import test_corpus as test_manifest
from tests.permissions import test_env, test_filesystem, test_network
from tests.permissions.corpus import load
from tests.services import test_database_attacks, test_filesystem_corpus
from tests.services.http import test_attacks, test_network_attacks

THE_RACE = {"id": "fd087"}
"""`test_a_swapped_directory_never_leads_outside` in tests/services/test_files.py."""


@pytest.mark.parametrize(
    ("kind", "count", "tested"),
    [
        ("env", 28, [test_env.CASES]),
        ("network", 168, [test_network.HERE, test_network_attacks.CASES]),
        ("filesystem", 106, [test_filesystem.HERE, test_filesystem_corpus.RUN, [THE_RACE]]),
        ("scope", 31, [test_scope_attacks.CASES]),
        ("database", 54, [test_database_attacks.CASES]),
    ],
)
def test_no_line_is_left_out(kind, count, tested):
    """The lines of a file are as many as were recorded, and each is in a list that a test runs."""
    lines = [line["id"] for line in load(kind)]
    assert len(set(lines)) == len(lines) == count
    assert {case["id"] for cases in tested for case in cases} == set(lines)


@pytest.mark.parametrize(("tests", "count"), [(test_attacks, 42), (test_manifest, 73)])
def test_files_that_are_run_as_a_whole(tests, count):
    """Answers of hostile servers and hostile manifests are run line by line, each once."""
    assert len({case["id"] for case in tests.CASES}) == len(tests.CASES) == count
