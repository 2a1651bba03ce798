"""What is behind `host_http_request`: the scripts of a test, and the network where it is let in.

At the start nothing leaves the process: a request that no script answers is ``unavailable`` for
the guest, as on a host without a network.
"""

from __future__ import annotations

import math
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ExpectationError
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.protocol.describe import nearest
from pytest_zeno.services.http.answer import FAILURES, MISSING, Answer, Failure
from pytest_zeno.services.http.scripted import Matcher, Script
from pytest_zeno.text import quoted, visible

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Mapping

    from pytest_zeno.permissions.network import HttpRequest
    from pytest_zeno.services.http.answer import FailureKind
    from pytest_zeno.services.http.deadline import Resolve
    from pytest_zeno.services.http.network import NetworkClient
    from pytest_zeno.services.http.scripted import Pattern

_LISTED: Final = 5


class HttpService:
    """The answers to what plugins ask over HTTP; at the start there are none."""

    def __init__(self) -> None:
        self.strict = True
        """Whether `verify` minds requests that nothing answered and scripts that nobody used."""
        self._network: NetworkClient | None = None
        self._scripts: list[Script] = []
        self._requests: list[HttpRequest] = []
        self._unexpected: list[str] = []
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

    # -- for tests ---------------------------------------------------------------------------------

    def respond(
        self,
        method: str,
        pattern: Pattern,
        *,
        status: int = 200,
        json: Any = MISSING,
        text: str | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        match_headers: Mapping[str, str] | None = None,
        match_json: Any = MISSING,
        match_body: bytes | None = None,
        times: int | None = None,
        optional: bool = False,
    ) -> Script:
        """Answer requests with `method` ("*" for any) whose URL is `pattern`.

        `pattern` is an exact URL, one that ends in ``/*`` for everything below, a compiled
        expression for the whole URL, or a function of the request; `match_headers`, `match_json`
        and `match_body` are what the request must have, too. The first script that fits and has
        answered less than `times` answers. Give one of `json`, `text` and `body`, or none.
        `verify` expects `times` requests, at least one without it, unless the script is
        `optional`. Raises ValueError for what no answer can be.
        """
        answer = Answer.made(status, json, text, body, headers)
        matcher = Matcher(match_headers or {}, match_json, match_body)
        return self._add(
            Script(method, pattern, answer, matcher=matcher, times=times, optional=optional)
        )

    def fail(
        self,
        method: str,
        pattern: Pattern,
        kind: FailureKind = "unavailable",
        *,
        times: int | None = None,
        optional: bool = False,
    ) -> Script:
        """Give no response to requests that fit: ``timeout``, ``reset`` or ``unavailable``.

        The guest gets the error ``timeout`` or ``unavailable``; nobody waits.
        """
        if kind not in FAILURES:
            raise ValueError(f"{kind!r} is no failure of a network: {', '.join(FAILURES)}")
        return self._add(Script(method, pattern, Failure(kind), times=times, optional=optional))

    def use_network(
        self,
        allow: Iterable[str] = (),
        *,
        resolve: Resolve | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Send what no script answers over the network: to public addresses, and to `allow`.

        `allow` are addresses and networks (``127.0.0.1``, ``10.0.0.0/8``) that plugins may reach
        although they are not public. `resolve` stands in for the system's look-up of names and
        `context` for its TLS certificates. Raises ValueError for what is no address.
        """
        from pytest_zeno.services.http.addresses import AddressPolicy
        from pytest_zeno.services.http.network import NetworkClient

        policy = AddressPolicy.allowing(allow)
        self._network = NetworkClient(policy, resolve=resolve, context=context)

    def verify(self) -> None:
        """Raise ExpectationError for requests that nothing answered and scripts nobody used.

        The fixture `zeno_host` calls it after each test that passed.
        """
        problems = [f"not expected: {one}" for one in self._unexpected]
        problems += [f"not met: {unmet}" for script in self._scripts if (unmet := script.unmet)]
        if self.strict and problems:
            raise ExpectationError(
                visible("; ".join(problems)),
                code="http.unexpected" if self._unexpected else "http.unmet",
                hint="answer with host.http.respond(...), give optional=True to a script that may "
                "stay unused, or set host.http.strict = False",
            )

    def clear(self) -> None:
        """Forget the scripts and the requests."""
        with self._lock:
            self._scripts.clear()
            self._requests.clear()
            self._unexpected.clear()

    # -- for the gate ------------------------------------------------------------------------------

    def send(self, request: HttpRequest, until: float = math.inf) -> dict[str, Any]:
        """Return the response to a guest's request: status, headers, body or body_base64.

        `until` is when the call that it is part of ends, on the monotonic clock. Raises Refused:
        ``unavailable`` when nothing answers, ``timeout``, ``limit_exceeded`` for a body above
        8 MiB, and what a script says.
        """
        with self._lock:
            self._requests.append(request)
            fits = [script for script in self._scripts if script.matches(request)]
            script = next((script for script in fits if not script.used_up), None)
            if script is not None:
                script.requests.append(request)
        if script is not None:
            return script.answer.reply(request.method)
        if self._network is not None:
            return self._network.send(request, until).reply(request.method)
        detail = self._explain(request, fits)
        self._unexpected.append(f"{request.method} {request.url}")
        raise Refused("unavailable", "http.unscripted", detail)

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
