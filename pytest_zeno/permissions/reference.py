"""What the reference host would decide (ABI.md section 9, permissions): prefixes, not patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_EVERYTHING: Final = "*"
_BELOW: Final = "/*"


def allows(kind: str, granted: Iterable[str], resource: str) -> bool:
    """Return whether the reference host lets a grant of `kind` cover a resource.

    A network grant that ends with ``/*`` covers every URL that begins with what stands before it,
    a path every path that begins with it; env, database and scope are exact. The resource is
    compared as the guest wrote it.
    """
    covers = {"network": _covers_url, "filesystem": _covers_path}.get(kind, str.__eq__)
    return any(covers(grant, resource) for grant in granted)


def _covers_url(grant: str, url: str) -> bool:
    if grant in (_EVERYTHING, url):
        return True
    return grant.endswith(_BELOW) and url.startswith(grant.removesuffix(_BELOW))


def _covers_path(grant: str, path: str) -> bool:
    return path.startswith(grant)
