"""Answers to HTTP requests, wherever they come from, and how a guest gets them."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any, Final, Literal, Self, get_args

import msgspec

from pytest_zeno.errors import LimitError, ProtocolError
from pytest_zeno.limits import MIB
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.protocol.strict import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES: Final = 8 * MIB
"""How large the body of an answer may be."""

MISSING: Final = object()
"""What stands for no `json`: None is a value there."""

FailureKind = Literal["unavailable", "timeout", "reset"]
FAILURES: Final[tuple[FailureKind, ...]] = get_args(FailureKind)

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_encode: Final = msgspec.json.Encoder().encode


class Answer(msgspec.Struct, frozen=True):
    """A response: status, headers and the bytes of the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @classmethod
    def made(
        cls,
        status: int,
        json: Any = MISSING,
        text: str | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Return the answer that a test writes down. Raises ValueError for what none can be."""
        if not 100 <= status <= 599:
            raise ValueError(f"the status is {status}, expected 100 to 599")
        return cls(status, *_content(json, text, body, headers or {}))

    def __str__(self) -> str:
        """Show the status and the size."""
        return f"{self.status}, {len(self.body)} bytes"

    def reply(self, method: str) -> dict[str, Any]:
        """Return what the guest gets. Raises Refused above 8 MiB."""
        if len(self.body) > MOST_BYTES:
            detail = f"the body has {len(self.body)} bytes, the limit is {MOST_BYTES}"
            raise Refused("limit_exceeded", "http.size", detail)
        body = b"" if method == "HEAD" else self.body
        return {"status": self.status, "headers": dict(self.headers), **as_body(body)}


class Failure(msgspec.Struct, frozen=True):
    """No response at all."""

    kind: FailureKind

    def __str__(self) -> str:
        """Show what happens."""
        return self.kind

    def reply(self, method: str) -> dict[str, Any]:
        """Raise Refused: a time-out as ``timeout``, all else as ``unavailable``."""
        code: Literal["timeout", "unavailable"]
        code = "timeout" if self.kind == "timeout" else "unavailable"
        raise Refused(code, f"http.{self.kind}", f"the script fails {method} on purpose")


def as_body(data: bytes) -> dict[str, Any]:
    """Return a body as the guest gets it: JSON under the reply rules, else text, else base64."""
    try:
        return {"body": decode(data)}
    except (ProtocolError, LimitError):
        pass
    try:
        return {"body": data.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(data).decode()}


def _content(
    json: Any, text: str | None, body: bytes | None, headers: Mapping[str, str]
) -> tuple[dict[str, str], bytes]:
    """Return headers and bytes of an answer."""
    if (json is not MISSING) + (text is not None) + (body is not None) > 1:
        raise ValueError("an answer has one body: give one of `json`, `text` and `body`")
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or not (value.isprintable() or not value):
            raise ValueError(f"{name!r}: {value!r} is no header; names are tokens, values one line")
    if json is not MISSING:
        return _typed(headers, "application/json"), _encode(json)
    if text is not None:
        return _typed(headers, "text/plain; charset=utf-8"), text.encode()
    return dict(headers), body or b""


def _typed(headers: Mapping[str, str], kind: str) -> dict[str, str]:
    """Return the headers, with a Content-Type unless they have one."""
    if any(name.lower() == "content-type" for name in headers):
        return dict(headers)
    return {"Content-Type": kind, **headers}
