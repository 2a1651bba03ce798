"""Rules on what surrounds a plugin in the reference host: grants, services, clock, scripts.

They apply in the profile ``zenoengine`` alone, beside all others (ABI.md section 9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.permissions.reference import allows_url
from pytest_zeno.protocol.strict import decode
from pytest_zeno.text import quoted, visible_bytes
from pytest_zeno.verdict.broken import Broken, expect, no_difference
from pytest_zeno.verdict.rule import everywhere, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.host.ledger import HostCall
    from pytest_zeno.manifest import Manifest

FAMILY: Final = "portability"

_REFUSED: Final = frozenset(("permission_denied", "invalid_request"))


def _requests(subject: Subject, function: str) -> Iterator[tuple[HostCall, dict[str, Any]]]:
    """Yield the calls of a host function that are JSON objects, each with its request."""
    for call in subject.host_calls:
        if call.function != function:
            continue
        try:
            said = decode(call.request)
        except ZenoError:
            continue
        if isinstance(said, dict):
            yield call, said


@rule(
    "POR-011",
    level="MUST",
    section="9",
    why="The reference host compares URLs as texts: a * in the host or the port matches a * and "
    "nothing else, and a URL with a query is not the one that was granted.",
    fix=everywhere(
        "Grant each host by its name and end the path with /*: https://api.example.com/v1/*."
    ),
    needs_manifest=True,
    example="network: [https://*.example.com/*]",
    profile="zenoengine",
)
def test_por011_network_grants_match(zeno_subject: Subject, zeno_manifest: Manifest) -> None:
    """A network grant names host and port, and covers as a text the URLs that are asked for."""
    granted = zeno_manifest.permissions.network
    for grant in granted:
        expect(
            not grant.subdomains and grant.port is not None,
            f"the grant {quoted(grant.text)} matches no URL",
            observed=grant.text,
            expected="a host and a port without *",
        )
    for call, request in _requests(zeno_subject, "host_http_request"):
        url = str(request.get("url"))
        expect(
            call.code in _REFUSED or allows_url(map(str, granted), url),
            f"{call.slot}: {quoted(url)} is granted here and refused there",
            observed=url,
            expected=f"a URL that {' or '.join(grant.text for grant in granted)} is the start of",
        )


@rule(
    "POR-012",
    level="SHOULD",
    section="9",
    why="Without a slash behind the host the grant is the start of other hosts' names: "
    "https://api.example.com/* allows https://api.example.com.evil.com/.",
    fix=everywhere("Name a first part of the path, as in https://api.example.com/v1/*."),
    example="network: [https://api.example.com/*]",
    profile="zenoengine",
)
def test_por012_network_grants_are_not_wider(zeno_manifest: Manifest) -> None:
    """A network grant should have a path in front of its star."""
    for grant in zeno_manifest.permissions.network:
        expect(
            not (grant.below and grant.path == "/"),
            f"the grant {quoted(grant.text)} covers every host whose name begins so",
            observed=grant.text,
            expected="a path between the host and /*",
        )


@rule(
    "POR-013",
    level="SHOULD",
    section="9",
    why="Grants and paths are absolute in the contract, and the reference host refuses each "
    "absolute path: no file is read or written there.",
    fix=everywhere("Keep data in the scope or a database, and do without files where refused."),
    example='host_file_read("/data/list.json"), with filesystem: [/data].',
    profile="zenoengine",
)
def test_por013_works_without_files(zeno_manifest: Manifest) -> None:
    """A plugin for the reference host should do without files."""
    granted = zeno_manifest.permissions.filesystem
    expect(
        not granted,
        f"the plugin asks for {', '.join(quoted(grant.text) for grant in granted)}, which is "
        "refused as an absolute path",
        observed=", ".join(grant.text for grant in granted),
        expected="no filesystem grants",
    )


@rule(
    "POR-014",
    level="MUST",
    section="9",
    why="The reference host ignores params: a statement with placeholders fails, or finds nothing.",
    fix=everywhere(
        "Ask without params there: filter rows in the plugin, and never put values into the SQL."
    ),
    example='{"sql": "SELECT * FROM users WHERE id = ?", "params": [1]}',
    profile="zenoengine",
)
def test_por014_no_bound_parameters(zeno_subject: Subject) -> None:
    """No database request binds parameters."""
    for call, request in _requests(zeno_subject, "host_db_query"):
        expect(
            not request.get("params"),
            f"{call.slot}: the params of a database request are ignored",
            observed=visible_bytes(call.request),
            expected="a statement without placeholders",
        )


@rule(
    "POR-015",
    level="SHOULD",
    section="9",
    why="Every start of the reference host is midnight of 2022-01-01, a second is a thousand "
    "looks at the clock, and random bytes are the same each time: tokens expire or repeat.",
    fix=everywhere("Take the time and random values as parameters from the script."),
    example="An answer with time(NULL), time.Now() or rand::random() in it.",
    profile="zenoengine",
)
def test_por015_no_wasi_clock(zeno_subject: Subject) -> None:
    """An answer should not depend on WASI's clock or random bytes."""
    no_difference(
        zeno_subject.reference.clock, "with the clock at 2022-01-01 and fixed random bytes"
    )


@rule(
    "POR-016",
    level="SHOULD",
    section="9",
    why="The reference host drops stdout and stderr: what was printed to find a fault is never "
    "seen.",
    fix={
        "c": "Call host_log in place of printf.",
        "go": "Call host_log in place of fmt.Println and the log package.",
        "rust": "Call host_log in place of println! and eprintln!.",
    },
    example='printf("saved\\n");',
    profile="zenoengine",
)
def test_por016_messages_go_to_the_log(zeno_subject: Subject) -> None:
    """A message should go through host_log, not to stdout or stderr."""
    output = zeno_subject.reference.watched.output
    expect(
        not output,
        f"{len(output)} bytes were written to stdout or stderr",
        observed=visible_bytes(output),
        expected="host_log",
    )


@rule(
    "POR-017",
    level="MUST",
    section="9",
    why="The reference host never reads `config`: a parameter that is not set in its environment "
    "is empty, whatever default the manifest gives it.",
    fix=everywhere("Take the default in the plugin, too, when host_env_get answers nothing."),
    example='atoi(env_get("RETRIES"))  // default: 30 in the manifest',
    profile="zenoengine",
)
def test_por017_defaults_are_the_plugins(zeno_subject: Subject) -> None:
    """A slot works without the defaults that the manifest gives configuration parameters."""
    no_difference(zeno_subject.reference.unconfigured, "without the defaults of `config`")


@rule(
    "POR-018",
    level="SHOULD",
    section="9",
    why="A script turns text that looks like a number or a boolean into one: a name of 42 or a "
    "password of 0000 arrives as a number.",
    fix={
        "c": "Take the number's or boolean's own spelling for the text.",
        "go": "Unmarshal into any and use fmt.Sprint for what is no string.",
        "rust": "Match Value::Number and Value::Bool, too, and use to_string().",
    },
    example='if !value.is_string() { return fail("name is not a string"); }',
    profile="zenoengine",
)
def test_por018_numbers_pass_for_texts(zeno_subject: Subject) -> None:
    """An input of type string should take a number or a boolean for its text."""
    found = zeno_subject.reference.number_for_text
    if found:
        name, (ours, theirs) = found
        raise Broken(
            f"{ours.asked}: the text for {quoted(name)} arrives as a number or a boolean, "
            "and is refused",
            observed=f"{theirs.question}\n-> {theirs.shown}",
            expected=f"the answer to the text\n{ours.question}\n-> {ours.shown}",
        )
