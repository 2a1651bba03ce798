"""How xdist spreads the rules: a plugin stays on one worker, where it is asked once."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest


def scheduler(config: pytest.Config, log: Any) -> Any | None:
    """Return a scheduler that gives out whole files where xdist would scatter a plugin's rules.

    None where the user chose another way (``--dist``), or nothing is judged.
    """
    if config.getoption("dist") != "load" or not getattr(config.option, "zeno_judged", ()):
        return None
    return _by_plugin()(config, log)


class _Collection(list[str]):
    """The node ids of a worker, which know their place: xdist asks for that of each."""

    def __init__(self, ids: Iterable[str]) -> None:
        super().__init__(ids)
        self._places = {one: place for place, one in enumerate(self)}

    def index(self, value: str, *_: Any) -> int:
        """Return the place of an id."""
        return self._places[value]


def _by_plugin() -> type[Any]:
    """Return xdist's scheduler by files, made to forget the files that are done.

    It counts what is left of every file that a worker was given, after each test.
    """
    base: type[Any] = importlib.import_module("xdist.scheduler").LoadFileScheduling  # not required

    class ByPlugin(base):  # type: ignore[misc]  # what xdist has is not known where it is missing
        def add_node_collection(self, node: Any, collection: Iterable[str]) -> None:
            super().add_node_collection(node, collection)
            if node in self.registered_collections:
                self.registered_collections[node] = _Collection(collection)

        def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
            super().mark_test_complete(node, item_index, duration)
            given = self.assigned_work[node]
            for name in [name for name, unit in given.items() if all(unit.values())]:
                del given[name]

    return ByPlugin
