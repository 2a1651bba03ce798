"""The error of a limit: which one, what came, what is allowed, and how to raise it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_zeno.errors import LimitError

if TYPE_CHECKING:
    from pytest_zeno.errors import Phase


def exceeded(
    limit: str,
    message: str,
    advice: str,
    *,
    allowed: float,
    given: float | None = None,
    code: str = "",
    phase: Phase = "",
) -> LimitError:
    """Return the error for a limit, by its name in `Limits`.

    `allowed` is its value and `given` what came, both in its unit; None where that is not known.
    `advice` says what the plugin's author may do. The code is ``limit.NAME`` unless given.
    """
    error = LimitError(
        message, code=code or f"limit.{limit}", phase=phase, hint=f"{advice}, {wider(limit)}"
    )
    error.limit, error.allowed, error.given = limit, allowed, given
    return error


def wider(*limits: str) -> str:
    """Return the end of a hint that says how limits are raised."""
    names = ", ".join(f"{name}=..." for name in limits)
    options = " ".join(f"--zeno-limit={name}=..." for name in limits)
    return f"or raise Limits({names}) ({options})"
