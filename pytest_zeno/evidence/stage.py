"""Stages: what is reached once, and known from then on, failures included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar, overload

from pytest_zeno.errors import ZenoError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

T = TypeVar("T")

Outcome: TypeAlias = "tuple[Any, Exception | None, TracebackType | None]"
"""What a stage gave, or the error that barred it and the way to it, None for a ZenoError."""


class stage(Generic[T]):  # noqa: N801 (stands where `property` does)
    """A property whose value, or the error that barred it, is kept by its owner.

    The same error is raised at each access, so that all who look see one cause. The owner has a
    dict ``outcomes`` for that.
    """

    def __init__(self, reach: Callable[[Any], T]) -> None:
        self.__doc__ = reach.__doc__
        self._reach = reach

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...
    @overload
    def __get__(self, owner: object, kind: type) -> T: ...
    def __get__(self, owner: Any, kind: type) -> T | Self:
        if owner is None:
            return self
        if self._name not in owner.outcomes:
            owner.outcomes[self._name] = self._outcome(owner)
        value, error, trace = owner.outcomes[self._name]
        if error is not None:
            raise error.with_traceback(trace)
        reached: T = value
        return reached

    def _outcome(self, owner: object) -> Outcome:
        try:
            return self._reach(owner), None, None
        except ZenoError as error:
            return None, error, None
        except AssertionError as error:  # of the harness: no rule speaks in here
            return None, RuntimeError(f"assertion failed: {error}"), error.__traceback__
        except Exception as error:  # noqa: BLE001 (a failure of the harness is met once, too)
            return None, error, error.__traceback__  # the only way to its cause
