"""Rules on permissions: asked for, used, and denied (ABI.md section 7; PERMISSIONS.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.manifest.grants import KINDS, NetworkGrant, make_grants
from pytest_zeno.manifest.written import permissions_block
from pytest_zeno.permissions.deciding import KIND_OF
from pytest_zeno.text import visible, visible_bytes
from pytest_zeno.verdict.broken import Broken, expect
from pytest_zeno.verdict.rule import everywhere, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_zeno.evidence.exchanges import Exchange
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.evidence.usage import Usage
    from pytest_zeno.manifest import Manifest
    from pytest_zeno.runtime.module import GuestModule

_GIVEN: Final = b"_zeno_scope"
"""The parameter that the host adds for a plugin that may read the scope."""

_RIGHTS: Final = {"read": "host_scope_get", "write": "host_scope_set"}


def _functions(kind: str, grant: str = "") -> frozenset[str]:
    """Return the host functions that a kind of permission, or one grant of it, is good for."""
    if kind == "scope" and grant:
        return frozenset((_RIGHTS[grant],))
    return frozenset(name for name, needed in KIND_OF.items() if needed == kind)


def _imported(module: GuestModule) -> frozenset[str]:
    return frozenset(entry.name for entry in module.imports)


def _granted(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield kind and text of every grant of the manifest."""
    for kind in KINDS:
        for grant in getattr(manifest.permissions, kind):
            yield kind, str(grant)


@rule(
    "PRM-001",
    level="SHOULD",
    section="7",
    why="What is not asked for is refused: the slot fails for every user, with a text that does "
    "not say why.",
    example="The slot calls host_http_request, and the manifest has no `network`.",
    fix=everywhere("List what the plugin needs under `permissions` in manifest.yaml."),
    needs_manifest=True,
)
def test_prm001_permissions_cover_what_is_used(zeno_subject: Subject) -> None:
    """The manifest should ask for every permission that the plugin uses."""
    usage = zeno_subject.usage
    for use in usage.lacking:
        call = use.call
        what = f" for {visible(use.need)}" if use.need else ""
        raise Broken(
            f"{call.phase} {call.slot}".strip()
            + f": {call.function} needs the permission {use.kind}{what}",
            observed=visible_bytes(call.request),
            hint=call.detail,
            manifest=_block(usage),
        )


def _block(usage: Usage, without: Iterable[tuple[str, str]] = ()) -> str:
    return permissions_block(usage.block(without=frozenset(without)))


@rule(
    "PRM-002",
    level="SHOULD",
    section="7",
    why="A permission that nothing uses is what a stolen plugin is stolen for.",
    example="permissions: {filesystem: [/data]} in a plugin that reads no file.",
    fix=everywhere("Remove from `permissions` what the plugin does not use."),
)
def test_prm002_permissions_are_used(
    zeno_manifest: Manifest, zeno_module: GuestModule, zeno_subject: Subject
) -> None:
    """The plugin should use every permission that its manifest asks for."""
    unused = list(_unused(zeno_manifest, zeno_module, zeno_subject.exchanges))
    for kind, grant in unused:
        raise Broken(
            f"the manifest asks for {kind} ({visible(grant)}), and the module imports no function "
            "that needs it",
            observed=", ".join(map(visible, sorted(_imported(zeno_module)))) or "nothing",
            manifest=_block(zeno_subject.usage, unused),
        )


def _unused(
    manifest: Manifest, module: GuestModule, exchanges: tuple[Exchange, ...]
) -> Iterator[tuple[str, str]]:
    """Yield the grants that no import can use."""
    imported = _imported(module)
    used = {("scope", "read")} if _GIVEN in module.wasm else set()
    if _merges(exchanges):
        used.add(("scope", "write"))
    for kind, grant in _granted(manifest):
        if (kind, grant) not in used and imported.isdisjoint(_functions(kind, grant)):
            yield kind, grant


def _merges(exchanges: tuple[Exchange, ...]) -> bool:
    """Whether data of a response is merged into the scope, or nothing is known of that."""
    answered = [one for one in exchanges if one.success]
    return not answered or any(one.value.get("data") for one in answered)


@rule(
    "PRM-003",
    level="SHOULD",
    section="7",
    why="The code that calls it is there, and whoever gets to it first learns that it was never "
    "allowed to.",
    example="An import of host_file_read, and no `filesystem` under `permissions`.",
    fix=everywhere("Ask for the permission, or remove the call that nothing allows."),
)
def test_prm003_imports_are_covered(
    zeno_manifest: Manifest, zeno_module: GuestModule, zeno_subject: Subject
) -> None:
    """The manifest should ask for a permission of each kind that the module's imports need."""
    imported = _imported(zeno_module) & KIND_OF.keys()
    if imported == KIND_OF.keys():
        return  # a toolchain's doing, which says nothing of the plugin
    refused = {use.kind for use in zeno_subject.usage.lacking}  # told by PRM-001
    for kind in KINDS:
        functions = sorted(imported & _functions(kind))
        expect(
            not functions or kind in refused or getattr(zeno_manifest.permissions, kind),
            f"the module imports {', '.join(functions)}, and the manifest asks for no {kind}",
            observed=visible(f"permissions of the kinds {_kinds(zeno_manifest) or 'none'}"),
            expected=f"a list `{kind}` under `permissions`, or a module without this import",
        )


def _kinds(manifest: Manifest) -> str:
    return ", ".join(dict.fromkeys(kind for kind, _ in _granted(manifest)))


@rule(
    "PRM-004",
    level="MAY",
    section="7",
    why="What no call reaches is either dead code or a permission too many; a judged run does "
    "not reach everything, and only the author knows.",
    example="env: [API_KEY, OLD_API_KEY], of which the slots read the first.",
    fix=everywhere("Remove the grant, or let it be where a call that was not tried needs it."),
)
def test_prm004_permissions_are_reached(
    zeno_manifest: Manifest, zeno_module: GuestModule, zeno_subject: Subject
) -> None:
    """A grant that no call uses, while every slot succeeds, may be left out of the manifest."""
    usage, exchanges = zeno_subject.usage, zeno_subject.exchanges
    listed = zeno_subject.slots.names
    if not listed or not {one.ask.name for one in exchanges if one.success}.issuperset(listed):
        return
    certain = set(_unused(zeno_manifest, zeno_module, exchanges))  # told by PRM-002
    merged = {("scope", "write")} if _merges(exchanges) else set()
    given = {("scope", "read")} if _GIVEN in zeno_module.wasm else set()
    unreached = [
        (kind, grant)
        for kind, grant in _granted(zeno_manifest)
        if not (kind in usage.unclear or usage.under(kind, grant))
        and (kind, grant) not in certain | merged | given
    ]
    for kind, grant in unreached:
        raise Broken(
            f"the manifest asks for {kind} ({visible(grant)}), which no call of this run reached",
            observed=f"{len(exchanges)} requests, and success from every slot",
            expected="this manifest, if what was not reached does not need it either",
            manifest=_block(usage, unreached),
        )


@rule(
    "PRM-005",
    level="MAY",
    section="PERMISSIONS.md, network",
    why="A pattern for any subdomain or any port lets a stolen plugin talk to hosts that the "
    "plugin has never heard of.",
    example="network: [https://*.example.com/*] in a plugin that asks api.example.com alone.",
    fix=everywhere("Name the hosts and ports that the plugin asks."),
    profile="contract",  # on the reference host such a pattern matches nothing: POR-011
)
def test_prm005_patterns_are_narrow(zeno_manifest: Manifest, zeno_subject: Subject) -> None:
    """A network pattern may be narrowed to the one host or port that the plugin asks."""
    usage = zeno_subject.usage
    for grant in zeno_manifest.permissions.network:
        narrower = _narrower(grant, usage)
        if narrower and narrower != grant.text:
            needed = usage.block(without={("network", grant.text)})
            needed["network"] = list(dict.fromkeys([*needed["network"], narrower]))
            raise Broken(
                f"{visible(grant.text)} is asked for, and one host and port of it was used",
                observed=visible(narrower),
                expected="this manifest, if what was not reached does not need more",
                manifest=permissions_block(needed),
            )


def _narrower(grant: NetworkGrant, usage: Usage) -> str:
    """Return a pattern for the one place that was asked under a wide one, "" for several."""
    needs = [use.need for use in usage.under("network", grant.text)]
    if not needs or "" in needs or not (grant.subdomains or grant.port is None):
        return ""
    places = {(one.scheme, one.host, one.port) for one in make_grants({"network": needs}).network}
    origins = {need[: need.index("/", need.index("://") + 3)] for need in needs}
    path = grant.path + "*" * grant.below
    return origins.pop() + path if len(places) == len(origins) == 1 else ""


@rule(
    "PRM-006",
    level="MUST",
    section="PERMISSIONS.md, General",
    why="The operator decides what a plugin gets, and may give less than it asks for: a refusal "
    "that panics takes the plugin away instead of one answer.",
    example='scope_get("user").unwrap() in a slot, on a host that grants no `scope`.',
    fix={
        "c": "Look at `success` in every reply before using it, and answer a failure.",
        "go": "Return the host's error as the slot's; do not panic on it.",
        "rust": "Pass the host's error on with ?, and answer it as a failure.",
    },
    codes=("denied",),
    needs_manifest=True,
)
def test_prm006_denied_is_answered(zeno_subject: Subject) -> None:
    """With every permission denied the plugin starts, and each slot answers in an orderly way."""
    for failure in zeno_subject.denied.failures.values():
        raise failure.with_traceback(None)


@rule(
    "PRM-007",
    level="SHOULD",
    section="PERMISSIONS.md, General",
    why="A host reads name and slots once: what a plugin leaves out because a variable was "
    "denied does not come back when it is granted.",
    example='if os.Getenv("SHOP_ADMIN") != "" { slots = append(slots, adminSlots...) }',
    fix={
        "c": "Return static texts; refuse in the slot what is not allowed.",
        "go": "List every slot, and refuse in the slot what is not allowed.",
        "rust": "List every slot, and refuse in the slot what is not allowed.",
    },
    needs_manifest=True,
)
def test_prm007_denied_changes_no_introduction(zeno_subject: Subject) -> None:
    """Metadata and slot list should be the same whatever the plugin is granted."""
    denied, texts = zeno_subject.denied, (zeno_subject.metadata_text, zeno_subject.slots_text)
    if (denied.metadata, denied.slot_list) == texts:
        return
    with zeno_subject.fresh() as guest:
        if (guest.init(), guest.register()) != texts:
            return  # they change anyway
    for what, with_all, without in zip(
        ("metadata", "slot list"), texts, (denied.metadata, denied.slot_list), strict=True
    ):
        expect(
            with_all == without,
            f"the {what} is another one when every permission is denied",
            observed=visible_bytes(without),
            expected=visible_bytes(with_all),
        )
