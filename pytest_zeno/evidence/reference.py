"""A plugin on the reference host, one quirk at a time (ABI.md section 9).

A conversation on the contract's host is held again with one quirk of the other: what then comes
otherwise has that quirk for its only cause. Where answers lie in the memory is noted on the way.
"""

from __future__ import annotations

import functools
import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.errors import ProtocolError
from pytest_zeno.evidence import requests
from pytest_zeno.evidence.conversation import (
    Answers,
    Difference,
    Question,
    ask,
    converse,
    difference,
    questions,
)
from pytest_zeno.evidence.stage import stage
from pytest_zeno.evidence.values import TEXT, environment
from pytest_zeno.host.guest import Guest
from pytest_zeno.host.reference import ReferenceGuest
from pytest_zeno.limits import KIB
from pytest_zeno.protocol.golang import write_request
from pytest_zeno.runtime.abi import ANSWER_NUMBERS, HOST_FUNCTIONS
from pytest_zeno.runtime.reference import EXIT, Quirks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_zeno.evidence.stage import Outcome
    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.protocol.slots import Slot
    from pytest_zeno.runtime.reference import Text

REPLIES: Final = "portability.reply"
"""The code of the error for a plugin that does not know where a reply ends."""

_SIZES: Final = range(12 * KIB, requests.LARGE + 1, 12 * KIB)
_SECONDS: Final = 0.3
"""How long answers are watched, of this thread's work."""

_TEXTS: Final = frozenset(HOST_FUNCTIONS) - ANSWER_NUMBERS - {"host_log"}
_GUESSING: Final = frozenset(("clock_time_get", "random_get"))
_MADE: Final = (("42", 42), ("true", True))
"""Texts that a script makes something else of, and what it makes."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Where the answers lay, with what each answered, and what was written to stdout or stderr."""

    texts: tuple[tuple[str, Text], ...]
    output: bytes


class Reference:
    """What one plugin does on the reference host; each quirk is tried when it is asked for."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.outcomes: dict[str, Outcome] = {}
        """What became of each stage that was asked for (`stage`)."""

    # -- quirks ----------------------------------------------------------------------------------

    @stage
    def start(self) -> Difference | None:
        """What comes otherwise when `_start` alone is called.

        Raises ExitError (`runtime.reference.EXIT`) when it exits.
        """
        if not any(self._subject.module.has_export(name) for name in ("_initialize", "_start")):
            return None
        found = self._compared(self._converse(_with_quirks(start=True)))
        if found and found[1].error and found[1].error.code == EXIT:
            raise found[1].error
        return found

    @stage
    def replies(self) -> Difference | None:
        """What comes otherwise when replies have no NUL."""
        if not self._asks(*_TEXTS):
            return None
        return self._compared(self._converse(_with_quirks(replies=True)))

    @stage
    def unset(self) -> Difference | None:
        """What comes otherwise when an unset variable is `alloc(0)`.

        Raises ProtocolError (`REPLIES`) when replies that are there are misread already.
        """
        if self.replies:
            raise ProtocolError("replies without a NUL are misread", code=REPLIES)
        if not self._asks("host_env_get"):
            return None
        ours, again = self._converse(Guest, {}), self._converse(Guest, {})
        return difference(ours, again, self._converse(_with_quirks(replies=True), {}))

    @stage
    def spelling(self) -> Difference | None:
        """What comes otherwise when requests are written as Go writes them."""
        return self._compared(self._converse(Guest, write=write_request))

    @stage
    def clock(self) -> Difference | None:
        """What comes otherwise in 2022, with random bytes that are always the same."""
        imports = {entry.name for entry in self._subject.module.imports}
        if _GUESSING.isdisjoint(imports):
            return None
        return self._compared(self._converse(_with_quirks(wasi=True)))

    @stage
    def unconfigured(self) -> Difference | None:
        """What fails when no configuration parameter has its default."""
        manifest = None if self._subject.bare else self._subject.manifest
        defaults = {one.env for one in manifest.config.values() if one.default} if manifest else ()
        if not defaults:
            return None
        env = {name: value for name, value in self._env.items() if name not in defaults}
        for one, other in zip(self._contract, self._converse(Guest, env), strict=False):
            if one.error is None and (other.error or (one.success and other.success is False)):
                return one, other
        return None

    # -- observations ----------------------------------------------------------------------------

    @stage
    def watched(self) -> Watched:
        """Where the answers lie over many calls, and what is written to stdout or stderr."""
        texts = []
        with self._fresh(_with_quirks()) as guest:
            guest.init()
            texts.append(("the metadata", guest.text))
            guest.register()
            texts.append(("the slot list", guest.text))
            for name, request in self._watching():
                guest.execute(name, request)
                texts.append((name, guest.text))
            return Watched(tuple(texts), guest.output)

    @stage
    def number_for_text(self) -> tuple[str, Difference] | None:
        """Which input takes a text but not the value that a script makes of it.

        Each is asked twice, around each other, so that no state of the plugin explains it.
        """
        with self._subject.guest() as guest:
            for (slot, name), (text, value) in itertools.product(self._with_text(), _MADE):
                asked = [_with(slot, name, given) for given in (text, value, value, text)]
                first, other, again, last = (ask(guest, slot.name, one) for one in asked)
                if first.success and last.success and not (other.success or again.success):
                    return name, (first, other)
        return None

    # -- conversations ---------------------------------------------------------------------------

    @stage
    def _contract(self) -> Answers:
        return self._converse(Guest)

    @stage
    def _again(self) -> Answers:
        return self._converse(Guest)

    @functools.cached_property
    def _env(self) -> dict[str, str]:
        """A value for every variable that the plugin may read."""
        manifest = None if self._subject.bare else self._subject.manifest
        granted = manifest.permissions.env if manifest else ()
        return dict.fromkeys(granted, TEXT) | environment(manifest)

    def _compared(self, theirs: Answers) -> Difference | None:
        return difference(self._contract, self._again, theirs)

    def _fresh(self, kind: Callable[..., Any], env: Mapping[str, str] | None = None) -> Any:
        services = self._subject.services(self._env if env is None else env)
        return self._subject.fresh(kind=kind, services=services)

    def _converse(
        self,
        kind: Callable[..., Guest],
        env: Mapping[str, str] | None = None,
        write: Callable[[str, dict[str, Any]], bytes] = requests.encoded,
    ) -> Answers:
        return converse(lambda: self._fresh(kind, env), self._questions, write)

    def _asks(self, *functions: str) -> bool:
        return any(call.function in functions for call in self._subject.host_calls)

    # -- requests --------------------------------------------------------------------------------

    @functools.cached_property
    def _questions(self) -> tuple[Question, ...]:
        return tuple(questions(self._subject.exchanges))

    @functools.cached_property
    def _slots(self) -> tuple[Slot, ...]:
        """The slots that answer."""
        asked = dict(self._questions)
        return tuple(slot for slot in self._subject.slots if slot.name in asked)

    def _watching(self) -> Iterator[tuple[str, bytes]]:
        """Yield all that is asked, then larger and larger requests: the heap has to grow.

        The steps are shorter than the window of a response, so that one answer of a heap that
        ends with the memory comes to lie in its last window: no luck is needed.
        """
        yield from ((name, requests.encoded(name, given)) for name, given in self._questions)
        end = time.thread_time() + _SECONDS
        for size, slot in itertools.product(_SIZES, self._slots):
            yield slot.name, requests.large(slot, size).request
            if time.thread_time() > end:
                return

    def _with_text(self) -> Iterator[tuple[Slot, str]]:
        """Yield the inputs that take a text."""
        for slot in self._slots:
            yield from ((slot, one.name) for one in slot.inputs.values() if one.type == "string")


def _with_quirks(**quirks: bool) -> Callable[..., ReferenceGuest]:
    return functools.partial(ReferenceGuest, quirks=Quirks(**quirks))


def _with(slot: Slot, name: str, value: Any) -> bytes:
    """Return a slot's valid request with another value for an input."""
    return requests.encoded(slot.name, requests.parameters_of(slot) | {name: value})
