"""Stages: what is reached once, and known from then on, failures included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from pytest_zeno.errors import ZenoError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class stage(Generic[T]):  # noqa: N801 (stands where `property` does)
    """A property whose value, or the ZenoError that barred it, is kept by its owner.

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
        value, error = owner.outcomes[self._name]
        if error is not None:
            raise error.with_traceback(None)
        reached: T = value
        return reached

    def _outcome(self, owner: object) -> tuple[T | None, ZenoError | None]:
        try:
            return self._reach(owner), None
        except ZenoError as error:
            return None, error
