"""What xdist sends of a rule that was kept: one text, where pytest has a value for each field.

xdist writes and reads value by value, in Python, and a plugin has hundreds of reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_zeno.session import bound

if TYPE_CHECKING:
    from collections.abc import Generator

AROUND: Final = "zeno_around"
"""The reports before and after a call's, which came with it (`session.joined`)."""

_PACKED: Final = "$zeno_report"
_JOINED: Final = "zeno_joined"

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
        if not (data and isinstance(report, pytest.TestReport) and self._is_of_rule(report)):
            return data
        joined = data.pop(_JOINED, None)
        return {_PACKED: joined} if joined else {_PACKED: _text(data)} if is_plain(data) else data

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_from_serializable(self, data: dict[str, Any]) -> None:
        """Unpack a report, which pytest then makes of its fields."""
        packed = data.pop(_PACKED, None)
        if packed is not None:
            data.update(_unpacked(packed))

    def _is_of_rule(self, report: pytest.TestReport) -> bool:
        return report.nodeid.partition("::")[0] in self._files


def is_plain(data: dict[str, Any]) -> bool:
    """Whether a report passed, and has nothing on it that JSON would change."""
    return (
        data["outcome"] == "passed"
        and data["longrepr"] is None
        and data.keys() <= _FIELDS
        and all(type(text) is str for name in _PAIRS for pair in data[name] for text in pair)
    )


def join(call: pytest.TestReport, data: dict[str, Any], around: list[dict[str, Any]]) -> None:
    """Let the report of a call take others along, of which but a few fields differ from its own."""
    differences = [
        {name: value for name, value in other.items() if data.get(name) != value}
        for other in around
    ]
    call.__dict__[_JOINED] = _text({**data, AROUND: differences})


def _text(data: dict[str, Any]) -> bytes:
    import msgspec

    return msgspec.json.encode(data)


def _unpacked(packed: bytes) -> dict[str, Any]:
    import msgspec

    data: dict[str, Any] = msgspec.json.decode(packed)
    around = data.pop(AROUND, ())
    others = [{**data, **difference} for difference in around]
    for one in (data, *others):
        one["location"] = tuple(one["location"])
        for name in _PAIRS:
            one[name] = [tuple(pair) for pair in one[name]]
    if others:
        for one in others:
            one.pop("zeno_carried", None)
        data[AROUND] = others
    return data
