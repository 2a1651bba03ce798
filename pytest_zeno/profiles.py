"""Profiles: which host a plugin is judged for.

``contract`` is the contract alone. ``zenoengine`` adds what the reference host does otherwise
(ABI.md section 9): what a plugin meets when it is released on that host.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Profile = Literal["contract", "zenoengine"]

PROFILES: Final[tuple[Profile, ...]] = get_args(Profile)
