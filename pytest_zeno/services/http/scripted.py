"""Answers that a test writes down, and which requests they are the answer to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import LimitError, ProtocolError
from pytest_zeno.permissions.network import METHODS
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.permissions.url import parse_url
from pytest_zeno.protocol.describe import nearest
from pytest_zeno.protocol.strict import decode
from pytest_zeno.services.http.answer import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_zeno.permissions.network import HttpRequest
    from pytest_zeno.services.http.answer import Answer, Failure

    Pattern = str | re.Pattern[str] | Callable[[HttpRequest], bool]
    """A URL, one that ends in ``/*``, an expression for the whole URL, or any test of a request."""

METHOD: Final = "*"
"""The method that stands for all of them."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """What else a request must have: these headers, this body."""

    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = MISSING
    body: bytes | None = None

    def __str__(self) -> str:
        """Show what is asked for."""
        parts = [f"headers {dict(self.headers)}"] if self.headers else []
        parts += [f"json {self.json!r}"] if self.json is not MISSING else []
        parts += [f"body {self.body!r}"] if self.body is not None else []
        return ", ".join(parts)

    def matches(self, request: HttpRequest) -> bool:
        """Return whether a request has all of it; header names in any case."""
        named = {name.lower(): value for name, value in request.headers.items()}
        return (
            all(named.get(name.lower()) == value for name, value in self.headers.items())
            and (self.body is None or (request.body or b"") == self.body)
            and (self.json is MISSING or _json(request) == self.json)
        )


class Script:
    """One answer, and what it is the answer to; made by `HttpService.respond` and `fail`."""

    def __init__(
        self,
        method: str,
        pattern: Pattern,
        answer: Answer | Failure,
        *,
        matcher: Matcher | None = None,
        times: int | None = None,
        optional: bool = False,
    ) -> None:
        if method not in (*METHODS, METHOD):
            hint = nearest(method, METHODS)
            raise ValueError(
                f"{method!r} is no method, expected one of {', '.join(METHODS)} or '*'. {hint}"
            )
        if times is not None and times < 1:
            raise ValueError(f"`times` is {times}, expected a number above 0, or None for ever")
        self.method = method
        self.pattern = _canonical(pattern) if isinstance(pattern, str) else pattern
        self.matcher = matcher or Matcher()
        self.answer = answer
        self.times = times
        self.optional = optional
        """Whether it may stay unused."""
        self.requests: list[HttpRequest] = []
        """The requests this script answered, in order."""

    def __repr__(self) -> str:
        return f"<Script {self}: {self.answer}, {len(self.requests)} requests>"

    def __str__(self) -> str:
        """Show which requests it answers."""
        pattern = self.pattern
        shown = f"re:{pattern.pattern}" if isinstance(pattern, re.Pattern) else str(pattern)
        more = str(self.matcher)
        return f"{self.method} {shown} with {more}" if more else f"{self.method} {shown}"

    @property
    def used_up(self) -> bool:
        """Whether it has answered as often as it may."""
        return self.times is not None and len(self.requests) >= self.times

    @property
    def unmet(self) -> str:
        """What it still waits for; "" when that is nothing."""
        if self.optional or len(self.requests) >= (self.times or 1):
            return ""
        return f"{self} has answered {len(self.requests)} of {self.times or 'at least 1'} requests"

    def matches(self, request: HttpRequest) -> bool:
        """Return whether this is an answer to `request`, used up or not."""
        return (
            self.method in (METHOD, request.method)
            and self._fits(request)
            and self.matcher.matches(request)
        )

    def _fits(self, request: HttpRequest) -> bool:
        pattern = self.pattern
        if isinstance(pattern, re.Pattern):
            return pattern.fullmatch(request.url) is not None
        if not isinstance(pattern, str):
            return pattern(request)
        if pattern.endswith("/*"):
            return request.url.startswith(pattern[:-1])
        return request.url == pattern


def _json(request: HttpRequest) -> Any:
    """Return a request's body as JSON; what equals nothing, when it is none."""
    try:
        return decode(request.body or b"")
    except (ProtocolError, LimitError):
        return object()


def _canonical(pattern: str) -> str:
    """Return a URL, or one with ``/*`` at its end, in the spelling that requests have."""
    below = pattern.endswith("/*")
    try:
        url = str(parse_url(pattern[:-1] if below else pattern))
    except Refused as refusal:
        raise ValueError(
            f"{pattern!r} cannot be answered, no plugin may ask for it: {refusal.detail}"
        ) from None
    return url + "*" if below else url
