"""Rules on calls: which slots are served, and whose answer comes (ABI.md section 4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pytest_zeno.evidence.answers import answered, paired
from pytest_zeno.text import quoted
from pytest_zeno.verdict.broken import Broken, expect
from pytest_zeno.verdict.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.evidence.exchanges import Exchange
    from pytest_zeno.evidence.requests import Kind


_UNKNOWN: Final = re.compile(
    r"unknown|un(defined|handled|recogni[sz]ed|supported)|no such|invalid|does(n't| not) exist"
    r"|not (defined|found|handled|implemented|recogni[sz]ed|registered|served|supported)"
)
"""How plugins say that they do not have a slot."""


def _reason(one: Exchange) -> str:
    """Return the error of a response, the slot's name replaced: what it says of any slot."""
    error = one.value.get("error")
    return error.replace(one.ask.name, "<slot>").lower() if isinstance(error, str) else ""


@rule(
    "CAL-001",
    level="MUST",
    section="4",
    why="A slot that was renamed in the list alone is offered to every script and served to none.",
    example="The list says shop.total, the dispatch still says shop.sum.",
    fix={
        "c": "Make list and dispatch from one table of names and functions.",
        "go": "Make list and dispatch from one map of names to handlers.",
        "rust": "Make list and dispatch from one array of names and functions.",
    },
)
def test_cal001_listed_slots_are_served(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """The plugin serves every slot that it lists."""
    # Other reasons may be the same for all slots, such as a key that is not configured.
    unknown = {
        reason
        for one in answered(zeno_exchanges, "unknown_slot")
        if one.success is False and "slot" in (reason := _reason(one)) and _UNKNOWN.search(reason)
    }
    for one in answered(zeno_exchanges, "valid"):
        expect(
            one.success or _reason(one) not in unknown,
            f"{one.ask.name} is listed, and answered as an unknown slot",
            observed=one.shown,
            expected="an answer of the slot itself",
        )


@rule(
    "CAL-002",
    level="MUST",
    section="4",
    why="A success for a slot that does not exist hides every misspelled call.",
    example='default: return ok("{}");',
    fix={
        "c": "End the dispatch with a failure that names the slot.",
        "go": "Write a default case that answers a failure.",
        "rust": "Write a last arm _ => failure(…).",
    },
)
def test_cal002_unknown_slots_are_failures(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """A call of a slot that the plugin does not have is answered with a failure."""
    _all_fail(zeno_exchanges, "unknown_slot")


@rule(
    "CAL-003",
    level="MUST",
    section="4",
    why="strncmp with the wrong length, a prefix match or case folding serves names that belong "
    "to another plugin.",
    example='if (strncmp(name, "shop.add", 8) == 0) return add(request);',
    fix={
        "c": "Compare both lengths, then all bytes with memcmp; no strncmp, no strcasecmp.",
        "go": "Compare with ==, not with strings.HasPrefix or strings.EqualFold.",
        "rust": "Compare with ==, not with starts_with or eq_ignore_ascii_case.",
    },
)
def test_cal003_names_are_exact(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """Slot names are compared byte by byte, in full length and in their case."""
    _all_fail(zeno_exchanges, "other_case", "longer_name", "shorter_name")


def _all_fail(exchanges: tuple[Exchange, ...], *kinds: Kind) -> None:
    for one in answered(exchanges, *kinds):
        expect(
            not one.success,
            f"the plugin does not list {quoted(one.ask.name, 80)}, and answers it with a success",
            observed=one.shown,
            expected="a failure",
        )


@rule(
    "CAL-004",
    level="MUST",
    section="4",
    why="An error flag or a half-read request that is kept from the failure before makes every "
    "later call fail until the plugin is reloaded.",
    example="static ERROR: Mutex<Option<String>>, set by a failure and never cleared.",
    fix={
        "c": "Reset parser and error state at the start of plugin_execute.",
        "go": "Keep errors in local variables; reset what a handler left behind.",
        "rust": "Keep errors in local variables; a poisoned Mutex has to be recovered.",
    },
)
def test_cal004_failures_leave_nothing_behind(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """After a failure the plugin goes on and answers the next request as ever."""
    for one, other in paired(zeno_exchanges, "after_failure", "valid"):
        expect(
            one.success == other.success,
            f"{one.ask.name}: after a failed call the same request is answered differently",
            observed=one.shown,
            expected=other.shown,
        )


@rule(
    "CAL-005",
    level="MUST",
    section="4",
    why="A response buffer that is not written anew, or a cache without the slot's name in its "
    "key, gives one caller the data of another.",
    example="if (cached) return cached;  // whatever slot it was made for",
    fix={
        "c": "Write every response from its start; put slot and request into cache keys.",
        "go": "Build the response anew at every call; put slot and request into cache keys.",
        "rust": "Build the response anew at every call; put slot and request into cache keys.",
    },
)
def test_cal005_answers_belong_to_their_requests(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """Every request gets an answer of its own, never that of another call."""
    alone = {one.ask.name: one for one in zeno_exchanges if one.kind == "valid"}
    earlier: dict[bytes | None, str] = {}
    for one in answered(zeno_exchanges, "in_turn"):
        whose = earlier.setdefault(one.response, one.ask.name)
        own, others, said = (
            _members(alone.get(one.ask.name)),
            _members(alone.get(whose)),
            _members(one),
        )
        # What state explains has the slot's own members, or none; the other's are not its own.
        if own and own.isdisjoint(said) and not said.isdisjoint(others):
            raise Broken(
                f"{one.ask.name} is answered as {whose} was before",
                observed=one.shown,
                expected=f"data with {quoted(', '.join(sorted(own)))}, as from a fresh plugin",
            )


def _members(one: Exchange | None) -> set[str]:
    """Return the names in the data of a success."""
    data = one.value.get("data") if one is not None and one.success else None
    return set(data) if isinstance(data, dict) else set()


@rule(
    "CAL-006",
    level="SHOULD",
    section="4",
    why="Pages are cached and tests compare: an answer that changes without a cause can be "
    "neither.",
    example="for key := range items { out = append(out, key) }  // in no order",
    fix={
        "c": "Initialise all memory that is answered; take time and random values as parameters.",
        "go": "Sort keys before ranging over a map; take time and random values as parameters.",
        "rust": "Use BTreeMap where order shows; take time and random values as parameters.",
    },
)
def test_cal006_same_request_same_response(zeno_exchanges: tuple[Exchange, ...]) -> None:
    """The same request in the same state should get the same response."""
    for one, other in _first_calls(zeno_exchanges):
        expect(
            one.response == other.response,
            f"{one.ask.name}: two fresh instances answer the same request differently",
            observed=one.shown,
            expected=other.shown,
        )


def _first_calls(exchanges: tuple[Exchange, ...]) -> Iterator[tuple[Exchange, Exchange]]:
    return paired(exchanges, "valid", "again")
