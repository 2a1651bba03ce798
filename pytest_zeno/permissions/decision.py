"""What a permission answers when it allows a request (PERMISSIONS.md, General 4)."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T_co = TypeVar("T_co", covariant=True)


class Decision(msgspec.Struct, Generic[T_co], frozen=True, gc=False):
    """A request is allowed.

    ``rule`` names, for the ledger, the grant that decided (``env.grant API_KEY``); ``resource``
    is the canonical thing that the service uses. No one looks at the guest's own text again.
    """

    rule: str
    resource: T_co
