"""What a plugin used of its permissions, what it lacked, and the smallest grants that would do.

A judged run makes its parameters up, and what a plugin asks for may be made of them. So each
resource is told from the texts that were sent: what is the plugin's own has to be granted, what is
not says nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ZenoError
from pytest_zeno.manifest.grants import KINDS, parse_grant
from pytest_zeno.permissions.deciding import KIND_OF, deciders
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.permissions.request import read_object, read_text, text_member
from pytest_zeno.permissions.url import parse_url
from pytest_zeno.protocol.strict import decode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from pytest_zeno.evidence.exchanges import Exchange
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.host.ledger import HostCall
    from pytest_zeno.limits import Limits
    from pytest_zeno.manifest.grants import Grants

MOST_LISTED: Final = 3
"""Paths that are granted one by one; for more of one folder the folder is."""

_MEMBERS: Final = {
    "host_db_query": "connection",
    "host_http_request": "url",
    "host_file_write": "path",
}
"""The member of a request that names the resource; other functions take the name itself."""

_SCOPE: Final = {"host_scope_get": "read", "host_scope_set": "write"}
_ESCAPED: Final = frozenset(("awkward",))
"""Kinds of requests whose texts come back in another spelling: not told from the plugin's own."""


@dataclass(frozen=True, slots=True)
class Use:
    """A host call that needs a permission.

    ``grant`` is the manifest's that covers it, "" when none does, and ``need`` the smallest one
    that would, "" when the request is malformed or names what was made up for it.
    """

    call: HostCall
    kind: str
    grant: str
    need: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Every use of a permission in a run, told from the manifest's grants."""

    declared: Grants
    uses: tuple[Use, ...]

    @property
    def lacking(self) -> tuple[Use, ...]:
        """The uses that the manifest should cover, and does not."""
        return tuple(
            use
            for use in self.uses
            if not use.grant and (use.need or not getattr(self.declared, use.kind))
        )

    @property
    def unclear(self) -> frozenset[str]:
        """The kinds of which a call was seen that says nothing about the grants it would need."""
        return frozenset(use.kind for use in self.uses if not use.grant and not use.need)

    def under(self, kind: str, grant: str) -> tuple[Use, ...]:
        """Return the uses that a grant of the manifest covers."""
        return tuple(use for use in self.uses if (use.kind, use.grant) == (kind, grant))

    def block(self, *, without: Collection[tuple[str, str]] = ()) -> dict[str, list[str]]:
        """Return the manifest's grants by kind, without some, and with what is lacking."""
        needs: dict[str, list[str]] = defaultdict(list)
        for use in self.lacking:
            needs[use.kind].append(use.need)
        return {
            kind: [
                *(text for text in _texts(self.declared, kind) if (kind, text) not in without),
                *merged(kind, filter(None, needs[kind])),
            ]
            for kind in KINDS
        }


def usage(subject: Subject) -> Usage:
    """Return what a plugin used in every phase, each use once.

    Raises the ZenoError that keeps it from being asked.
    """
    seen: dict[tuple[str, str, bytes], Use] = {}
    tried: set[object] = set()
    declared, limits = subject.manifest.permissions, subject.limits
    for call, texts in _calls(subject):
        key = (call.function, call.phase, call.request)
        if call.function not in KIND_OF or call.rule == "scope.phase" or (key, texts) in tried:
            continue  # decided once, however often a loop asks for it
        tried.add((key, texts))
        use = _use(call, declared, limits, texts)
        if use.need or key not in seen:
            seen[key] = use
    return Usage(declared, tuple(seen.values()))


def merged(kind: str, grants: Iterable[str]) -> list[str]:
    """Return grants each once, and a folder in place of more than `MOST_LISTED` of its files."""
    folders: dict[str, dict[str, None]] = {}
    for grant in grants:
        folders.setdefault(grant.rpartition("/")[0], {})[grant] = None
    found: list[str] = []
    for folder, members in folders.items():
        many = folder and kind in ("network", "filesystem") and len(members) > MOST_LISTED
        found += [f"{folder}/*" if kind == "network" else folder] if many else members
    return list(dict.fromkeys(found))


def _calls(subject: Subject) -> Iterator[tuple[HostCall, frozenset[str] | None]]:
    """Yield every host call with the texts that its request held; None when they do not tell."""
    for call in subject.host_calls:
        if call.phase != "execute":
            yield call, frozenset()
    for one in subject.exchanges:
        texts = None if one.kind in _ESCAPED else frozenset(_leaves(one))
        yield from ((call, texts) for call in one.host_calls)


def _leaves(one: Exchange) -> Iterator[str]:
    """Yield the texts and numbers of a request's parameters, in lower case."""
    try:
        value = decode(one.ask.request)
    except ZenoError:
        return
    waiting: list[Any] = [value.get("parameters")] if isinstance(value, dict) else [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif value not in (None, True, False, ""):
            yield str(value).lower()


def _use(call: HostCall, grants: Grants, limits: Limits, texts: frozenset[str] | None) -> Use:
    kind = KIND_OF[call.function]
    try:
        need = _need(call, limits, texts)
    except (Refused, ValueError):
        need = ""
    try:
        decision = deciders(grants, limits)[call.function](call.request, call.phase)
    except Refused as refusal:
        return Use(call, kind, "", need if refusal.code == "permission_denied" else "")
    return Use(call, kind, decision.rule.partition(" ")[2], need)


def _need(call: HostCall, limits: Limits, texts: frozenset[str] | None) -> str:
    """Return the smallest grant for a call that is the plugin's own, "" when it is not.

    Raises Refused for a malformed request, ValueError for what nothing can grant.
    """
    kind, function = KIND_OF[call.function], call.function
    if kind == "scope":
        return _SCOPE[function]
    if texts is None:
        return ""
    if function in _MEMBERS:
        message = read_object(kind, call.request, limits, limits.reply)
        name = text_member(kind, message, _MEMBERS[function])
    else:
        name = read_text(kind, call.request)
    need = {"network": _url, "filesystem": _file}.get(kind, _name)(name, texts)
    if need:
        parse_grant(kind, need)
    return need


def _name(name: str, texts: frozenset[str]) -> str:
    return "" if _made_up(name, texts) else name


def _url(text: str, texts: frozenset[str]) -> str:
    url = parse_url(text)
    if _made_up(url.host, texts):
        return ""
    origin = f"{url.scheme}://{url.netloc}"
    if "%" in url.path:  # a grant has no escapes
        return f"{origin}{url.path.partition('%')[0].rpartition('/')[0]}/*"
    own = _own_part(url.path, texts)
    return origin + (url.path if own == url.path else f"{own}/*")


def _file(path: str, texts: frozenset[str]) -> str:
    return _own_part(path, texts)


def _own_part(path: str, texts: frozenset[str]) -> str:
    """Return a path up to the first segment that was made up."""
    segments = path.split("/")
    first = next((at for at, one in enumerate(segments) if one and _made_up(one, texts)), None)
    return "/".join(segments[:first])


def _made_up(name: str, texts: frozenset[str]) -> bool:
    folded = name.lower()
    return any(text in folded or folded in text for text in texts)


def _texts(grants: Grants, kind: str) -> tuple[str, ...]:
    return tuple(map(str, getattr(grants, kind)))
