"""Which keys of the scope a plugin may read and write, and when (PERMISSIONS.md, scope)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.limits import KIB, MIB
from pytest_zeno.manifest.grants import is_deceptive
from pytest_zeno.permissions.decision import Decision
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.permissions.request import (
    invalid,
    not_granted,
    read_object,
    read_text,
    require,
    text_member,
)
from pytest_zeno.text import quoted, visible_bytes

if TYPE_CHECKING:
    from pytest_zeno.errors import Phase
    from pytest_zeno.limits import Limits
    from pytest_zeno.manifest.grants import Grants

ScopeKey = tuple[str, ...]
"""The segments of a dotted key."""

MOST_CHARACTERS: Final = 256
"""How long a key may be."""

# A value of 1 MiB whose every character is escaped, and the rest of the object.
_MOST_REQUEST: Final = 6 * MIB + 16 * KIB


@dataclass(frozen=True, slots=True)
class ScopeWrite:
    """A value for a key."""

    key: ScopeKey
    value: Any


def decide_get(grants: Grants, key: bytes, phase: Phase) -> Decision[ScopeKey]:
    """Return the segments of a key that may be read; whether it is there plays no part.

    Raises Refused: ``permission_denied`` without `read` and outside `plugin_execute`,
    ``invalid_request`` for what is no key, ``encoding``. PERMISSIONS.md, scope.
    """
    _check_right(grants, "read", phase)
    if len(key) > 4 * MOST_CHARACTERS:
        invalid(
            "scope.key", f"the key {visible_bytes(key)} has more than {MOST_CHARACTERS} characters"
        )
    return _readable(key)


@lru_cache(maxsize=512)  # a plugin asks for few keys, and often: half of a host call's time
def _readable(key: bytes) -> Decision[ScopeKey]:
    return Decision("scope.grant read", _segments(read_text("scope", key)))


def decide_set(
    grants: Grants, request: bytes, phase: Phase, limits: Limits
) -> Decision[ScopeWrite]:
    """Return a key that may be written, and the value for it.

    Raises Refused: ``permission_denied`` without `write` and outside `plugin_execute`,
    ``invalid_request``, ``limit_exceeded``, ``encoding``. PERMISSIONS.md, scope.
    """
    _check_right(grants, "write", phase)
    message = read_object("scope", request, limits, _MOST_REQUEST)
    key = _segments(text_member("scope", message, "key"))
    if "value" not in message:
        invalid("scope.value", "`value` is missing; write null to clear a key")
    return Decision("scope.grant write", ScopeWrite(key, message["value"]))


def _check_right(grants: Grants, right: str, phase: Phase) -> None:
    require("scope", grants.scope)
    if right not in grants.scope:
        raise not_granted("scope", right, grants.scope)
    if phase != "execute":
        detail = f"there is no scope in the phase {phase}, only in execute"
        raise Refused("permission_denied", "scope.phase", detail, kind="scope")


def _segments(key: str) -> ScopeKey:
    if not 1 <= len(key) <= MOST_CHARACTERS:
        invalid("scope.key", f"a key has 1 to {MOST_CHARACTERS} characters, this one {len(key)}")
    if key.startswith("_"):
        invalid("scope.key", f"{quoted(key)} starts with _; such names are the host's own")
    if is_deceptive(key):
        invalid("scope.key", f"{quoted(key)} has control or format characters")
    segments = tuple(key.split("."))
    if "" in segments:
        invalid("scope.key", f"{quoted(key)} has nothing before, between or behind its dots")
    return segments
