"""Looking at exchanges: those of a kind, and those that have to say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_zeno.evidence.exchanges import Exchange
    from pytest_zeno.evidence.requests import Kind


def answered(exchanges: Iterable[Exchange], *kinds: Kind) -> Iterator[Exchange]:
    """Yield the exchanges of these kinds (of all, without any) whose response says `success`.

    When all are seen, raises the first failure among the others: what failed was not judged.
    """
    failure = None
    for one in exchanges:
        if kinds and one.kind not in kinds:
            continue
        if one.success is not None:
            yield one
        elif failure is None and one.failures:
            failure = one.failures[0]
    if failure is not None:
        raise failure.with_traceback(None)


def readable(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """Return the exchanges whose response is JSON; raises the first failure when none is."""
    found = list(exchanges)
    good = [one for one in found if one.response is not None and one.unreadable is None]
    if not good:
        for one in found:
            for failure in one.failures:
                raise failure.with_traceback(None)
    return good


def paired(
    exchanges: tuple[Exchange, ...], kind: Kind, *others: Kind
) -> Iterator[tuple[Exchange, Exchange]]:
    """Yield each answered exchange of `kind` with the one of the other kinds it is compared to.

    They are about the same slot and, where both name one, the same parameter.
    """
    known = {
        (one.slot.name, parameter): one
        for one in answered(exchanges, *others)
        if one.slot is not None
        for parameter in {one.ask.parameter, ""}
    }
    for one in answered(exchanges, kind):
        if one.slot is None:
            continue
        other = known.get((one.slot.name, one.ask.parameter)) or known.get((one.slot.name, ""))
        if other is not None:
            yield one, other
