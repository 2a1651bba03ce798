"""The fixed texts a guest gets when a host call is not served (PERMISSIONS.md, General).

They name no resource, host path, address or operating-system error; the detail stands in the
ledger. Decisions, services and the gate all say no with a `Refused`.
"""

from __future__ import annotations

from typing import Final, Literal

Code = Literal[
    "permission_denied",
    "invalid_request",
    "not_found",
    "limit_exceeded",
    "timeout",
    "unavailable",
    "encoding",
    "internal",
]

TEXTS: Final[dict[Code, str]] = {
    "permission_denied": "permission denied",
    "invalid_request": "invalid request",
    "not_found": "not found",
    "limit_exceeded": "limit exceeded",
    "timeout": "timeout",
    "unavailable": "unavailable",
    "encoding": "not text",
    "internal": "internal error",
}


class Refused(Exception):  # noqa: N818 (an answer to the guest, not an error of ours)
    """A host call is not served.

    ``code`` is what the guest learns; ``rule`` names, for the ledger, what decided
    (``network.scheme``, ``filesystem.symlink``), and ``detail`` says it in words. ``kind`` is
    the permission's kind, named in the guest's text for ``permission_denied`` alone.
    """

    def __init__(self, code: Code, rule: str, detail: str = "", *, kind: str = "") -> None:
        super().__init__(detail or rule)
        self.code: Code = code
        self.rule = rule
        self.detail = detail
        self.kind = kind

    @property
    def text(self) -> str:
        """What the guest reads."""
        text = TEXTS[self.code]
        return f"{text}: {self.kind}" if self.code == "permission_denied" else text
