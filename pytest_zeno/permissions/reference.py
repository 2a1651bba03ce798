"""What the reference host would decide (ABI.md section 9, permissions): texts, not structures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_EVERYTHING: Final = "*"
_BELOW: Final = "/*"


def allows_url(granted: Iterable[str], url: str) -> bool:
    """Return whether network grants cover a URL as the guest wrote it.

    A grant that ends with ``/*`` covers every URL that begins with what stands before it.
    """
    return any(_covers(grant, url) for grant in granted)


def _covers(grant: str, url: str) -> bool:
    if grant in (_EVERYTHING, url):
        return True
    return grant.endswith(_BELOW) and url.startswith(grant.removesuffix(_BELOW))
