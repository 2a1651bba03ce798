"""Every host call passes the gate, in every phase, and the ledger says who decided."""

from __future__ import annotations

import json

import pytest

from pytest_zeno import LimitError, Limits, ZenoHost
from pytest_zeno.host.ledger import KEPT_BYTES
from tests.host.plugins import GRANTS, REQUESTS, TRAP, ask, asking, dropped, everywhere, write

PHASES = ("init", "register", "execute", "cleanup")
SCOPE = ("host_scope_get", "host_scope_set")
SERVED = {
    "host_log": None,
    "host_db_query": {"rows": [{"one": 1}], "affected": 0},
    "host_http_request": {"status": 200, "headers": {}, "body": "found"},
    "host_scope_get": {"value": {"id": 7}},
    "host_scope_set": True,
    "host_file_read": {"content": "a"},
    "host_file_write": True,
    "host_env_get": b"k",
}
RULES = {
    "host_log": "log.always",
    "host_db_query": "database.grant main",
    "host_http_request": "network.grant https://api.example.com/*",
    "host_scope_get": "scope.grant read",
    "host_scope_set": "scope.grant write",
    "host_file_read": "filesystem.grant /srv",
    "host_file_write": "filesystem.grant /srv",
    "host_env_get": "env.grant API_KEY",
}
KINDS = {
    "host_db_query": "database",
    "host_http_request": "network",
    "host_scope_get": "scope",
    "host_file_read": "filesystem",
}


def _serving(**options):
    host = ZenoHost(env={"API_KEY": "k"}, scope={"user": {"id": 7}}, **options)
    host.db.connect("main")
    host.files.put("/srv/a.txt", "a")
    host.http.respond("GET", "https://api.example.com/a", body=b"found")
    return host


def _life(folder):
    """Return the ledger of one whole life."""
    with _serving() as host:
        plugin = host.load(folder)
        plugin.call("probe.run")
        plugin.close()
        return {(call.phase, call.function): call for call in host.ledger}


@pytest.fixture(scope="module")
def granted(tmp_path_factory):
    """What a plugin with every grant was answered."""
    folder = tmp_path_factory.mktemp("granted")
    return _life(write(folder, manifest=GRANTS, **everywhere(*REQUESTS)))


@pytest.fixture(scope="module")
def ungranted(tmp_path_factory):
    """What the same plugin without any grant was answered."""
    return _life(write(tmp_path_factory.mktemp("ungranted"), **everywhere(*REQUESTS)))


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("function", REQUESTS)
def test_a_grant_is_served(granted, phase, function):
    """With its grant a call is served in every phase; the scope is there in execute alone."""
    call = granted[phase, function]
    assert (call.plugin, call.slot) == ("probe", "probe.run" if phase == "execute" else "")
    assert call.request == REQUESTS[function]
    if function in SCOPE and phase != "execute":
        assert (call.allowed, call.code, call.rule) == (False, "permission_denied", "scope.phase")
        return
    assert (call.allowed, call.code, call.rule) == (True, "", RULES[function])
    assert call.seconds >= 0
    expected = SERVED[function]
    if isinstance(expected, dict):
        assert json.loads(call.reply) == {"success": True, "data": expected}
    else:
        assert call.reply == expected


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("function", [name for name in REQUESTS if name != "host_log"])
def test_no_grant_is_a_refusal(ungranted, phase, function):
    """Without a grant no phase is served, and the guest reads a fixed text."""
    call = ungranted[phase, function]
    assert (call.allowed, call.code) == (False, "permission_denied")
    assert call.rule.endswith(".no_grant")
    assert "the manifest grants no" in call.detail
    if function in KINDS:
        text = f"permission denied: {KINDS[function]}"
        expected = {"success": False, "error": text, "code": "permission_denied"}
        assert json.loads(call.reply) == expected
    else:
        assert call.reply == (b"" if function == "host_env_get" else False)


def test_log_lines_need_no_grant(ungranted):
    """Logging is always allowed."""
    assert all(ungranted[phase, "host_log"].allowed for phase in PHASES)


def test_start_is_answered_by_nothing_and_noted(granted, ungranted):
    """Host calls during start return 0, whatever is granted, and the author can see why."""
    for ledger in (granted, ungranted):
        (call,) = [call for (phase, _), call in ledger.items() if phase == "start"]
        assert (call.allowed, call.rule) == (False, "abi.start")
        assert call.detail.startswith(f"{len(REQUESTS)} host calls during start")


def test_the_guest_reads_what_the_ledger_shows(make):
    """The reply in the ledger is the one that the guest returned as its response."""
    folder = make(manifest=GRANTS, **asking("host_scope_get"), run=ask("host_scope_get"))
    with _serving() as host:
        result = host.load(folder).call("probe.run")
    assert result.data == {"value": {"id": 7}}
    assert result.host_calls[0].reply == result.raw


# -- configuration ---------------------------------------------------------------------------------

CONFIG = """\
permissions:
  env: [API_KEY]
config:
  key: {env: API_KEY, default: fallback}
"""


@pytest.mark.parametrize(
    ("env", "reply"), [({}, b"fallback"), ({"API_KEY": "set"}, b"set"), ({"API_KEY": ""}, b"")]
)
def test_a_default_stands_in_for_what_is_unset(make, env, reply):
    """A value that is set wins, be it empty."""
    folder = make(
        manifest=CONFIG, **asking("host_env_get"), run=f"{dropped('host_env_get')} (i32.const 4096)"
    )
    with ZenoHost(env=env) as host:
        assert host.load(folder).call("probe.run").host_calls[0].reply == reply


def test_a_required_parameter_without_value_fails_the_load(make):
    """The parameter and its variable are named."""
    manifest = "permissions:\n  env: [API_KEY]\nconfig:\n  key: {env: API_KEY, required: true}\n"
    folder = make(manifest=manifest)
    with ZenoHost() as host, pytest.raises(Exception, match="'key' has no value: API_KEY") as error:
        host.load(folder)
    assert (error.value.code, error.value.plugin) == ("load.config", "probe")
    assert "API_KEY" in error.value.hint
    with ZenoHost(env={"API_KEY": "k"}) as host:
        assert host.load(folder).name == "probe"


# -- limits and failures ---------------------------------------------------------------------------

ENDLESS = f"(loop $l {dropped('host_env_get')} (br $l)) {TRAP}"


def test_too_many_host_calls_end_the_entry(make):
    """Each entry has a number of host calls; the next instance starts afresh."""
    folder = make(**asking("host_env_get"), run=ENDLESS)
    with ZenoHost(limits=Limits(host_calls=5)) as host:
        plugin = host.load(folder)
        for _ in range(2):
            with pytest.raises(LimitError) as error:
                plugin.call("probe.run")
            assert (error.value.code, error.value.slot) == ("limit.host_calls", "probe.run")
            assert len(error.value.host_calls) == 5


class _Broken:
    def __init__(self, error):
        self.error = error

    def query(self, _sql, _params):
        raise self.error

    def close(self):
        pass


def _asking_database(make):
    return make(manifest=GRANTS, **asking("host_db_query"), run=ask("host_db_query"))


def test_a_failing_service_is_internal(make, host):
    """The guest learns nothing, the ledger says what failed, made harmless."""
    host.db.connect("main", _Broken(RuntimeError("secret\x1b[31m at /srv/db")))
    result = host.load(_asking_database(make)).call("probe.run")
    assert (result.success, result.error) == (False, "internal error")
    (call,) = result.host_calls
    assert (call.code, call.rule) == ("internal", "service.failed")
    assert call.detail == "RuntimeError: secret\\u001b[31m at /srv/db"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), pytest.skip.Exception("not here")])
def test_an_interrupt_and_a_test_outcome_pass_through(make, host, error):
    """What is no Exception is for the caller; the next call has a fresh instance."""
    host.db.connect("main", _Broken(error))
    plugin = host.load(_asking_database(make))
    with pytest.raises(type(error)):
        plugin.call("probe.run")
    with pytest.raises(type(error)):
        plugin.call("probe.run")


def test_a_reply_above_the_limit_is_not_given(make):
    """The limit of one reply holds for what the host answers, too."""
    folder = make(manifest=GRANTS, **asking("host_scope_get"), run=ask("host_scope_get"))
    with ZenoHost(scope={"user": "x" * 2000}, limits=Limits(reply=1000)) as host:
        result = host.load(folder).call("probe.run")
    assert result.error == "limit exceeded"
    assert result.host_calls[0].rule == "reply.size"


# -- breaches --------------------------------------------------------------------------------------


def _breach(make, host, run, **parts):
    given = {**asking("host_env_get", "host_log"), **parts}
    result = host.load(make(run=run, **given)).call("probe.run")
    return result.host_calls


def test_a_request_outside_the_memory_is_a_breach(make, host):
    """The ledger names function and place."""
    run = "(drop (call $host_env_get (i32.const -8) (i32.const 9))) (i32.const 4096)"
    (call,) = _breach(make, host, run)
    assert (call.function, call.rule, call.reply) == ("host_env_get", "abi.outside_memory", b"")
    assert "9 bytes at 4294967288" in call.detail


def test_a_log_line_outside_the_memory_is_a_breach(make, host):
    """It is dropped and noted."""
    run = "(call $host_log (i32.const 0) (i32.const 0) (i32.const -8) (i32.const 9)) "
    (call,) = _breach(make, host, run + "(i32.const 4096)")
    assert (call.function, call.rule) == ("host_log", "abi.outside_memory")


def test_a_log_line_that_is_no_text_is_dropped_and_noted(make, host):
    """The caller sees no record, the ledger the bytes."""
    given = asking("host_log", host_log=b"\xff\xfe")
    result = host.load(make(**given, run=ask("host_log", b"\xff\xfe") + "(i32.const 4096)")).call(
        "probe.run"
    )
    assert result.logs == ()
    (call,) = result.host_calls
    assert (call.code, call.rule, call.request) == ("encoding", "log.encoding", b"\xff\xfe")


def _alloc(body):
    return f"""(func $alloc (export "alloc") (param $size i32) (result i32)
      (if (i32.eq (local.get $size) (i32.const 2)) (then {body}))
      (global.set $heap (i32.add (global.get $heap) (i32.const 64)))
      (i32.sub (global.get $heap) (i32.const 64)))"""


@pytest.mark.parametrize(
    ("body", "rule"),
    [("(return (i32.const 0))", "abi.alloc"), (dropped("host_env_get"), "abi.nested_call")],
)
def test_a_bad_alloc_is_a_breach(make, body, rule):
    """No room for a reply, and a host call from inside of it."""
    folder = make(
        manifest="permissions: {env: [API_KEY]}\n",
        **asking("host_env_get"),
        alloc=_alloc(body),
        run=f"{dropped('host_env_get')} (i32.const 4096)",
    )
    with ZenoHost(env={"API_KEY": "k"}) as host:
        calls = host.load(folder).call("probe.run").host_calls
    assert rule in [call.rule for call in calls if call.function == "alloc"]


def test_a_long_request_is_kept_in_part(make):
    """A trace keeps 64 KiB."""
    size = KEPT_BYTES + 1
    run = f"(drop (call $host_env_get (i32.const 0) (i32.const {size}))) (i32.const 4096)"
    with ZenoHost() as host:
        result = host.load(make(**asking("host_env_get"), run=run)).call("probe.run")
    assert len(result.host_calls[0].request) == KEPT_BYTES
