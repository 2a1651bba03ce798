"""Which environment variables a plugin may read (PERMISSIONS.md, env)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_zeno.permissions.decision import Decision
from pytest_zeno.permissions.request import not_granted, read_text, require

if TYPE_CHECKING:
    from pytest_zeno.manifest.grants import Grants


def decide(grants: Grants, key: bytes) -> Decision[str]:
    """Return the name of a granted variable; whether it is set plays no part.

    Names are byte-exact. Raises Refused (``permission_denied``, ``encoding``), which the guest
    sees as the empty string. PERMISSIONS.md, env.
    """
    require("env", grants.env)
    name = read_text("env", key)
    if name not in grants.env:
        raise not_granted("env", name, grants.env)
    return Decision(f"env.grant {name}", name)
