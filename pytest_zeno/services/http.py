"""Scripted HTTP: requests that plugins are granted meet the answers a test wrote down.

Nothing leaves the process (PERMISSIONS.md, network). A request that no script answers is
``unavailable`` for the guest, as a host without a network would be.
"""

from __future__ import annotations

import base64
import re
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from pytest_zeno.errors import LimitError, ProtocolError
from pytest_zeno.limits import MIB
from pytest_zeno.permissions.network import METHODS
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.permissions.url import parse_url
from pytest_zeno.protocol.describe import nearest
from pytest_zeno.protocol.strict import decode
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_zeno.permissions.network import HttpRequest

MOST_BYTES: Final = 8 * MIB
"""How large the body of an answer may be."""

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_LISTED: Final = 5
_MISSING: Final = object()
_encode: Final = msgspec.json.Encoder().encode


class Script:
    """One answer, and what it is the answer to; made by `HttpService.respond` and `fail`."""

    def __init__(
        self,
        method: str,
        pattern: str | re.Pattern[str] | Callable[[HttpRequest], bool],
        answer: Answer | Failure,
        times: int | None,
    ) -> None:
        if method not in (*METHODS, "*"):
            hint = nearest(method, METHODS)
            raise ValueError(
                f"{method!r} is no method, expected one of {', '.join(METHODS)} or '*'. {hint}"
            )
        if times is not None and times < 1:
            raise ValueError(f"`times` is {times}, expected a number above 0, or None for ever")
        self.method = method
        self.pattern = _canonical(pattern) if isinstance(pattern, str) else pattern
        self.answer = answer
        self.times = times
        self.requests: list[HttpRequest] = []
        """The requests this script answered, in order."""

    def __repr__(self) -> str:
        return f"<Script {self}: {self.answer}, {len(self.requests)} requests>"

    def __str__(self) -> str:
        if isinstance(self.pattern, re.Pattern):
            return f"{self.method} re:{self.pattern.pattern}"
        return f"{self.method} {self.pattern}"

    @property
    def used_up(self) -> bool:
        """Whether it has answered as often as it may."""
        return self.times is not None and len(self.requests) >= self.times

    def matches(self, request: HttpRequest) -> bool:
        """Return whether this is an answer to `request`, used up or not."""
        if self.method not in ("*", request.method):
            return False
        pattern = self.pattern
        if isinstance(pattern, str):
            if pattern.endswith("/*"):
                return request.url.startswith(pattern[:-1])
            return request.url == pattern
        if isinstance(pattern, re.Pattern):
            return pattern.fullmatch(request.url) is not None
        return pattern(request)


class Answer(msgspec.Struct, frozen=True):
    """A response: status, headers and the bytes of the body."""

    status: int
    headers: dict[str, str]
    body: bytes

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

    code: Literal["unavailable", "timeout"]

    def __str__(self) -> str:
        """Show what the guest learns."""
        return self.code

    def reply(self, method: str) -> dict[str, Any]:
        """Raise Refused with the scripted code."""
        raise Refused(self.code, "http.scripted", f"the script fails {method} on purpose")


class HttpService:
    """The answers behind `host_http_request`; at the start there are none."""

    def __init__(self) -> None:
        self._scripts: list[Script] = []
        self._requests: list[HttpRequest] = []
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"<HttpService {len(self._scripts)} scripts, {len(self._requests)} requests>"

    @property
    def requests(self) -> tuple[HttpRequest, ...]:
        """Every request that plugins sent, answered or not, in order."""
        return tuple(self._requests)

    @property
    def scripts(self) -> tuple[Script, ...]:
        """What was written down, in order."""
        return tuple(self._scripts)

    def respond(
        self,
        method: str,
        pattern: str | re.Pattern[str] | Callable[[HttpRequest], bool],
        *,
        status: int = 200,
        json: Any = _MISSING,
        text: str | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
    ) -> Script:
        """Answer requests with `method` ("*" for any) whose URL is `pattern`.

        `pattern` is an exact URL, one that ends in ``/*`` for everything below, a compiled
        expression for the whole URL, or a function of the request. The first script that fits
        and has answered less than `times` answers. Give one of `json`, `text` and `body`, or
        none. Raises ValueError for what no answer can be.
        """
        answer = Answer(_status(status), *_content(json, text, body, headers or {}))
        return self._add(Script(method, pattern, answer, times))

    def fail(
        self,
        method: str,
        pattern: str | re.Pattern[str] | Callable[[HttpRequest], bool],
        code: Literal["unavailable", "timeout"] = "unavailable",
        *,
        times: int | None = None,
    ) -> Script:
        """Give no response to requests that fit: the guest gets the error `code`."""
        if code not in ("unavailable", "timeout"):
            raise ValueError(f"{code!r} is no failure of a network: 'unavailable' or 'timeout'")
        return self._add(Script(method, pattern, Failure(code), times))

    def send(self, request: HttpRequest) -> dict[str, Any]:
        """Return the response to a guest's request: status, headers, body or body_base64.

        Raises Refused: ``unavailable`` when no script fits, what a script says, and
        ``limit_exceeded`` for a body above 8 MiB.
        """
        with self._lock:
            self._requests.append(request)
            fits = [script for script in self._scripts if script.matches(request)]
            script = next((script for script in fits if not script.used_up), None)
            if script is None:
                raise Refused("unavailable", "http.unscripted", self._explain(request, fits))
            script.requests.append(request)
        return script.answer.reply(request.method)

    def clear(self) -> None:
        """Forget the scripts and the requests."""
        with self._lock:
            self._scripts.clear()
            self._requests.clear()

    def close(self) -> None:
        """Forget the scripts and the requests; nothing else is held."""
        self.clear()

    def _add(self, script: Script) -> Script:
        with self._lock:
            self._scripts.append(script)
        return script

    def _explain(self, request: HttpRequest, fits: list[Script]) -> str:
        """Say why nothing answers, with what comes nearest."""
        asked = f"{request.method} {request.url}"
        if fits:
            used_up = fits[-1]
            return f"{quoted(str(used_up))} has answered as often as it may: {used_up.times}"
        if not self._scripts:
            return f"no script answers {quoted(asked)}; write one: host.http.respond(...)"
        hint = nearest(asked, map(str, self._scripts))
        if not hint:
            hint = "there are " + ", ".join(quoted(str(s)) for s in self._scripts[:_LISTED])
        return f"no script answers {quoted(asked)}; {hint}"


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


def _status(status: int) -> int:
    if not 100 <= status <= 599:
        raise ValueError(f"the status is {status}, expected 100 to 599")
    return status


def _content(
    json: Any, text: str | None, body: bytes | None, headers: Mapping[str, str]
) -> tuple[dict[str, str], bytes]:
    """Return headers and bytes of an answer."""
    if (json is not _MISSING) + (text is not None) + (body is not None) > 1:
        raise ValueError("an answer has one body: give one of `json`, `text` and `body`")
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or not (value.isprintable() or not value):
            raise ValueError(f"{name!r}: {value!r} is no header; names are tokens, values one line")
    if json is not _MISSING:
        return _typed(headers, "application/json"), _encode(json)
    if text is not None:
        return _typed(headers, "text/plain; charset=utf-8"), text.encode()
    return dict(headers), body or b""


def _typed(headers: Mapping[str, str], kind: str) -> dict[str, str]:
    """Return the headers, with a Content-Type unless they have one."""
    if any(name.lower() == "content-type" for name in headers):
        return dict(headers)
    return {"Content-Type": kind, **headers}
