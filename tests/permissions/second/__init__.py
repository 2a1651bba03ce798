"""The permissions decided a second time, from PERMISSIONS.md alone, to compare with.

Nothing here may import `pytest_zeno` or what it decides with: two implementations that share a
helper share its mistakes. Whatever the text does not allow is denied.
"""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """What is decided: the code of a refusal and None, or "" and what the service is given."""

    code: str
    place: object = None


REJECTED = Answer("reject_manifest")
DENIED = Answer("permission_denied")
INVALID = Answer("invalid_request")
