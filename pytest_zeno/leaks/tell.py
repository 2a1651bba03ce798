"""What the checks found, in words: what stays, how much of each call or load, where from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.text import visible, visible_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_zeno.leaks.growth import Grown
    from pytest_zeno.leaks.living import Living
    from pytest_zeno.leaks.plugin import Calls, Guest, Loads
    from pytest_zeno.leaks.tracked import Stack

STACKS: Final = 3
"""Stacks that are shown of one finding."""

FRAMES: Final = 6
"""Frames that are shown of a stack: the innermost."""

_HOST: Final = (
    "a service, fixture or hook that the stack names keeps an object: drop it when the call ends, "
    "or give what collects it a bound"
)
_LOAD: Final = (
    "who is named holds what belonged to one load: let go of it in `close`, or hold it by a weakref"
)
_GUEST: Final = (
    "docs/memory.md says how to find it; STR-009 and MEM-004 have fixes for each language"
)


def guest_line(found: Guest) -> str:
    """Return the guest's half in one line."""
    if not found.losses:
        return f"linear memory steady over {found.calls:,} calls"
    return "; ".join(
        f"{visible(one.call.slot)} loses {one.bytes:.3g} bytes a call" for one in found.losses
    )


def calls_line(found: Calls) -> str:
    """Return what the host keeps of calls, in one line."""
    kept = [
        f"{visible(slot)} leaves {_much(grown)} a call"
        for slot, grown in found.grown.items()
        if grown
    ]
    return "; ".join(kept) or f"nothing stays of {found.calls:,} calls of each slot"


def loads_line(found: Loads) -> str:
    """Return what the host keeps of loads, in one line."""
    kept = [f"{_much(found.grown)} a load"] if found.grown else []
    kept += [_still(one) for one in found.living]
    return "; ".join(kept) or f"nothing stays of {found.loads:,} loads"


def guest_text(found: Guest) -> Iterator[str]:
    """Yield the lines on what the guest keeps; none when that is nothing."""
    for one in found.losses:
        yield f"{visible(one.call.slot)} loses {one.bytes:.3g} bytes a call ({one.calls:,} calls)"
        yield f"  asked {visible_bytes(one.call.request)}"
        yield from (f"  never released: {buffer}" for buffer in one.buffers)
    if found.losses:
        yield f"hint: {_GUEST}"


def calls_text(found: Calls) -> Iterator[str]:
    """Yield the lines on what the host keeps of calls; none when that is nothing."""
    for slot, grown in found.grown.items():
        if grown:
            yield f"each call of {visible(slot)} leaves {_much(grown)} in the host"
            yield from _stacks(grown)
    if any(found.grown.values()):
        yield f"hint: {_HOST}"


def loads_text(found: Loads) -> Iterator[str]:
    """Yield the lines on what the host keeps of loads; none when that is nothing."""
    for one in found.living:
        yield f"{_still(one)} after {found.loads:,} loads and more; one is held by {one.holder}"
    if found.grown:
        yield f"each load leaves {_much(found.grown)} in the host"
        yield from _stacks(found.grown)
    if found.living or found.grown:
        yield f"hint: {_LOAD}"


def _still(one: Living) -> str:
    return f"{one.count} {one.kind} still there"


def _much(grown: Sequence[Grown]) -> str:
    blocks, size = sum(one.blocks for one in grown), sum(one.bytes for one in grown)
    return f"{size:,.3g} bytes ({blocks:.2g} blocks)" if blocks else f"{size:,.3g} bytes"


def _stacks(grown: Sequence[Grown]) -> Iterator[str]:
    for one in grown[:STACKS]:
        yield f"  {_much([one])} each, allocated at"
        yield from _frames(one.stack)
    if grown[STACKS:]:
        yield f"  and at {len(grown) - STACKS} other stacks"


def _frames(stack: Stack) -> Iterator[str]:
    for frame in stack[:FRAMES]:
        yield f"    {visible(frame.file)}:{frame.line} in {visible(frame.function)}"
