"""What xdist sends of a rule that was kept: one text, where pytest has a value for each field.

xdist writes and reads value by value, in Python, and a plugin has hundreds of reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_zeno.session import bound

if TYPE_CHECKING:
    from collections.abc import Generator

_PACKED: Final = "$zeno_report"

_PLAIN: Final = frozenset(
    (
        "nodeid",
        "location",
        "keywords",
        "outcome",
        "longrepr",
        "when",
        "duration",
        "start",
        "stop",
        "$report_type",
    )
)
"""Fields that come through JSON as they are, but for the location."""

_PAIRS: Final = ("user_properties", "sections")
"""Fields that are lists of two texts."""

_FIELDS: Final = frozenset((*_PLAIN, *_PAIRS, "zeno_carried"))


def prepare(config: pytest.Config) -> None:
    """Have reports packed and unpacked where xdist has them sent."""
    if hasattr(config, "workerinput") or config.getoption("dist", "no") != "no":
        config.pluginmanager.register(Wire(config), "zeno-wire")


class Wire:
    """Packs reports of rules in xdist's workers, and unpacks them where they are counted."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._files: set[str] = set()

    def pytest_collection_finish(self) -> None:
        """Note by which name the reports of rules begin."""
        from pytest_zeno.session.collect import node_id_of

        root = self._config.rootpath
        self._files = {node_id_of(file, root) for file in bound.judged(self._config)}

    @pytest.hookimpl(wrapper=True)
    def pytest_report_to_serializable(
        self, report: object
    ) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
        """Pack what pytest makes of a report, if nothing is lost by it."""
        data = yield
        if data and isinstance(report, pytest.TestReport) and self._is_of_rule(report):
            return _packed(data) if _is_plain(data) else data
        return data

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_from_serializable(self, data: dict[str, Any]) -> None:
        """Unpack a report, which pytest then makes of its fields."""
        packed = data.pop(_PACKED, None)
        if packed is not None:
            data.update(_unpacked(packed))

    def _is_of_rule(self, report: pytest.TestReport) -> bool:
        return report.nodeid.partition("::")[0] in self._files


def _is_plain(data: dict[str, Any]) -> bool:
    """Whether a report passed, and has nothing on it that JSON would change."""
    return (
        data["outcome"] == "passed"
        and data["longrepr"] is None
        and data.keys() <= _FIELDS
        and all(type(text) is str for name in _PAIRS for pair in data[name] for text in pair)
    )


def _packed(data: dict[str, Any]) -> dict[str, Any]:
    import msgspec

    return {_PACKED: msgspec.json.encode(data)}


def _unpacked(packed: bytes) -> dict[str, Any]:
    import msgspec

    data: dict[str, Any] = msgspec.json.decode(packed)
    data["location"] = tuple(data["location"])
    for name in _PAIRS:
        data[name] = [tuple(pair) for pair in data[name]]
    return data
