"""What findings on permissions say, and whom they do not accuse."""

from __future__ import annotations

import re

import pytest
from bad.base import base
from bad.mutant import PONG, VARIABLE, another_slot, both, code, importing, manifest
from bad.mutants import MUTANTS

from pytest_zeno.evidence.subject import Subject
from pytest_zeno.evidence.usage import merged
from pytest_zeno.manifest.grants import make_grants
from pytest_zeno.permissions.deciding import KIND_OF
from pytest_zeno.runtime.abi import HOST_FUNCTIONS
from tests.conformance.conftest import not_kept

PASTED = ("PRM-001", "PRM-002", "PRM-004", "PRM-005")
PERMISSIONS = re.compile(r"^permissions:\n(?:  .*\n)*", re.MULTILINE)
SERVE = '(if (call $equal (local.get $name) (local.get $name_size) @"base.ping")'


def _import(name):
    return f'(import "env" "{name}" (func ${name} (param i32 i32) (result i32)))'


def _granting(block):
    """Put another block of permissions into the manifest."""
    return lambda parts: parts.with_part("manifest", PERMISSIONS.sub(block + "\n", parts.manifest))


@pytest.fixture
def found(tmp_path):
    """Return a function that changes the good plugin and judges it: what it does not keep."""

    def judge(change):
        change(base()).write(tmp_path)
        return not_kept(tmp_path)[0]

    return judge


@pytest.mark.parametrize(
    "mutant", [one for one in MUTANTS if one.rule in PASTED], ids=lambda mutant: mutant.name
)
def test_the_block_of_a_finding_mends_the_plugin(found, mutant):
    """The manifest with the finding's block in it keeps every rule."""
    block = found(mutant.change)[mutant.rule].error.manifest
    assert found(both(mutant.change, _granting(block))) == {}


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("prm001-another-variable", "  env: [BASE_GREETING, BASE_SECRET]\n  scope: [read, write]"),
        ("prm001-no-scope", "  env: [BASE_GREETING]\n  scope: [read, write]"),
        ("prm002-network", "  env: [BASE_GREETING]\n  scope: [read, write]"),
        (
            "prm005-any-subdomain",
            """  network: ["https://api.example.com/*"]
  env: [BASE_GREETING]
  scope: [read, write]""",
        ),
    ],
)
def test_the_block_is_the_smallest_that_would_do(found, name, block):
    """It has what is used, and no more."""
    (mutant,) = (one for one in MUTANTS if one.name == name)
    assert found(mutant.change)[mutant.rule].error.manifest == f"permissions:\n{block}"


def _asking(function, request):
    asked = request.replace('"', r"\22")
    return importing(
        _import(function), (VARIABLE, f'{VARIABLE} (drop (call ${function} @"{asked}"))')
    )


@pytest.mark.parametrize(
    ("function", "request_", "need"),
    [
        ("host_db_query", '{"connection":"main","sql":"SELECT 1"}', "  database: [main]"),
        ("host_file_read", "/srv/a.txt", "  filesystem: [/srv/a.txt]"),
        ("host_file_write", '{"path":"/srv/a","content":""}', "  filesystem: [/srv/a]"),
        (
            "host_http_request",
            '{"url":"http://h.example:81/a/b?q=1"}',
            '  network: ["http://h.example:81/a/b"]',
        ),
        (
            "host_http_request",
            '{"url":"https://h.example/a/b%20c"}',
            '  network: ["https://h.example/a/*"]',
        ),
    ],
)
def test_the_smallest_grant_is_named(found, function, request_, need):
    """A call that nothing covers is told with the one grant that would."""
    error = found(_asking(function, request_))["PRM-001"].error
    assert need in error.manifest.splitlines()
    assert error.observed


def test_files_of_one_folder_are_granted_as_a_folder():
    """More than three paths of one folder become the folder."""
    files = [f"/srv/{at}" for at in range(4)]
    assert merged("filesystem", [*files, "/etc/a"]) == ["/srv", "/etc/a"]
    urls = [f"https://a.example/{at}" for at in range(4)]
    assert merged("network", urls) == ["https://a.example/*"]
    assert merged("network", urls[:3]) == urls[:3]
    assert merged("env", ["A", "B", "C", "D", "A"]) == ["A", "B", "C", "D"]
    assert make_grants({"network": merged("network", urls)}).network[0].below


# -- what is no finding ----------------------------------------------------------------------------

_NAMED = """(if (call $equal (local.get $name) (local.get $name_size) @"base.read")
      (then (return (call $read (local.get $request) (local.get $size)))))
    """
_READ = r"""(func $read (param $request i32) (param $size i32) (result i32)
    (local $name i32)
    (global.set $end (i32.add (local.get $request) (local.get $size)))
    (local.set $name
      (call $member (call $member (local.get $request) @"parameters") @"key"))
    (if (local.get $name) (then (drop (call $host_env_get
      (i32.add (local.get $name) (i32.const 1))
      (i32.sub (i32.sub (call $value (local.get $name)) (local.get $name)) (i32.const 2))))))
    (call $ping))
  """
READS_WHAT_IT_IS_TOLD = both(
    another_slot('{"name": "base.read", "inputs": {"key": {"type": "any"}}}'),
    code((SERVE, _NAMED + SERVE), ("(func $ping (result i32)", _READ + "(func $ping (result i32)")),
)


def test_a_resource_that_a_caller_names_is_not_the_plugins(found):
    """A variable that our own parameters named says nothing about the manifest."""
    assert found(READS_WHAT_IT_IS_TOLD) == {}


def test_a_toolchain_that_imports_everything_says_nothing(found):
    """Imports that are there whatever the plugin does are no use of a permission."""
    others = KIND_OF.keys() - {"host_env_get", "host_scope_get", "host_scope_set"}
    assert found(both(*(importing(_import(name)) for name in sorted(others)))) == {}
    assert set(KIND_OF) == set(HOST_FUNCTIONS) - {"host_log"}


def test_what_a_failing_slot_would_reach_is_not_missed(found):
    """Where a slot never succeeds, nobody knows what it would have used."""
    unused = manifest("env: [BASE_GREETING]", "env: [BASE_GREETING, BASE_OLD]")
    failing = code((PONG, '(return (call $fail @"no customer of that number"))'))
    assert found(both(unused, failing)) == {}


def test_a_wide_pattern_for_several_hosts_is_fine(found):
    """Two subdomains need a pattern for subdomains."""
    asked = r'(drop (call $host_http_request @"{\22url\22:\22https://HOST.example.com/\22}"))'
    both_hosts = "".join(asked.replace("HOST", host) for host in ("api", "cdn"))
    wide = manifest("  scope:", '  network: ["https://*.example.com/*"]\n  scope:')
    change = importing(_import("host_http_request"), (VARIABLE, f"{VARIABLE} {both_hosts}"))
    assert found(both(wide, change)) == {}


def test_a_plugin_that_reads_the_scope_it_is_given_may_ask_to_read(found):
    """Without an import, `scope: read` is what brings the parameter `_zeno_scope`."""
    reading = code(
        ('(import "env" "host_scope_get"', '(import "env" "host_log"'),
        (
            "(func $host_scope_get (param i32 i32) (result i32))",
            "(func $x (param i32 i32 i32 i32))",
        ),
        ('(drop (call $host_scope_get @"base.pinged"))', '(drop (i32.add @"_zeno_scope"))'),
    )
    assert found(reading) == {}


def test_life_without_permissions_is_one_without_grants(tmp_path):
    """The denied stage is refused every call, in every phase."""
    base().write(tmp_path)
    subject = Subject(tmp_path)
    assert subject.denied.failures == {}
    assert subject.denied.metadata == subject.metadata_text
    subject.close()
