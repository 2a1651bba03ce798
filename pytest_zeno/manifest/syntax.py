"""From YAML text to nodes, without building any object that the text asks for.

The parser's events are read one by one and nothing recurses, so that neither depth nor aliases
can hurt. Aliases, tags and directives have no use in a manifest and are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml

from pytest_zeno.manifest.nodes import Mapping, Node, Refused, Scalar, Sequence, is_null
from pytest_zeno.text import quoted, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_zeno.manifest.report import Report

MOST_DEPTH: Final = 64
MOST_NODES: Final = 10_000

# libyaml reads a manifest 20 times faster; where it is missing the Python parser decides alike.
LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_HINTS: Final = (
    ("tab", "indent with blanks: YAML allows no tabs there"),
    ("'\\t'", "indent with blanks: YAML allows no tabs there"),
    ("chomping", 'put the text in quotes, such as ">=0.3.0"'),
    ("block scalar", 'put the text in quotes, such as ">=0.3.0"'),
    ("an alias", "put a text that starts with * in quotes"),
    ("an anchor", "put a text that starts with & in quotes"),
    ("mapping values", "put a text with a colon and a blank in quotes, and align the keys"),
    ("start any token", "put a text that starts with @, ` or % in quotes"),
    ("flow", "close the bracket or brace"),
    ("quoted scalar", "close the quotes"),
    ("block collection", "align the dashes of the list"),
    ("block mapping", "align the keys of the mapping"),
)


class _Stop(Exception):  # noqa: N818  (control flow: reading ends here, the report knows why)
    pass


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    line: int
    column: int
    mapping: bool
    nodes: list[Node] = field(default_factory=list)


def compose(text: str, report: Report, loader: Any = LOADER) -> Node | None:
    """Return the top node, or None when the text is no single YAML document, or an empty one.

    What is wrong goes to the report; a tree may come back with errors in it (an alias, a
    duplicate key), so that the fields are checked as well.
    """
    builder = _Builder(report)
    try:
        builder.read(yaml.parse(text, Loader=loader))
    except _Stop:
        return None
    except yaml.MarkedYAMLError as error:
        _report_syntax(error, text, report)
        return None
    except yaml.YAMLError as error:
        report.add("syntax", f"not YAML: {visible(str(error))}")
        return None
    return None if builder.top is None or is_null(builder.top) else builder.top


def _report_syntax(error: yaml.MarkedYAMLError, text: str, report: Report) -> None:
    mark = error.problem_mark or error.context_mark
    what = f"{error.context or ''} {error.problem or ''}".strip()
    tab = mark is not None and text[mark.index : mark.index + 1] == "\t"
    known = "tab" if tab else what
    hint = next((hint for sign, hint in _HINTS if sign in known), "")
    place = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
    report.add("syntax", f"not YAML: {visible(error.problem or what)}", place, hint=hint)


class _Builder:
    """Nodes out of events, with the open lists and mappings on a stack."""

    def __init__(self, report: Report) -> None:
        self.top: Node | None = None
        self._report = report
        self._open: list[_Open] = []
        self._count = 0
        self._documents = 0

    def read(self, events: Iterable[Any]) -> None:
        for event in events:
            at = (event.start_mark.line + 1, event.start_mark.column + 1)
            if isinstance(event, yaml.DocumentStartEvent):
                self._start_document(event, at)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event, at)
            elif isinstance(event, yaml.ScalarEvent):
                self._check_tag(event, at)
                self._add(Scalar(*at, event.value, not event.style))
            elif isinstance(event, yaml.CollectionStartEvent):
                self._start(event, at)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()

    def _start_document(self, event: yaml.DocumentStartEvent, at: tuple[int, int]) -> None:
        self._documents += 1
        if self._documents > 1:
            self._report.add(
                "second_document",
                "a second document starts here",
                at,
                hint=f"a {self._report.noun} is one",
            )
            raise _Stop
        if event.tags:
            self._report.add(
                "tag", f"the {self._report.noun} declares tags", at, hint="remove %TAG"
            )

    def _alias(self, event: yaml.AliasEvent, at: tuple[int, int]) -> None:
        self._report.add(
            "alias",
            f"the alias {quoted(f'*{event.anchor}')} is refused",
            at,
            hint="write the value again, or put a text that starts with * in quotes",
        )
        self._add(Refused(*at))

    def _check_tag(self, event: yaml.NodeEvent, at: tuple[int, int]) -> None:
        if event.tag is not None:  # type: ignore[attr-defined]  # the stub knows it on subclasses only
            self._report.add(
                "tag",
                f"the tag {quoted(event.tag)} is refused",  # type: ignore[attr-defined]  # as above
                at,
                hint="remove it, or put a text that starts with ! in quotes",
            )

    def _start(self, event: yaml.CollectionStartEvent, at: tuple[int, int]) -> None:
        self._check_tag(event, at)
        if len(self._open) == MOST_DEPTH:
            self._report.add("too_deep", f"more than {MOST_DEPTH} lists and mappings nest here", at)
            raise _Stop
        self._open.append(_Open(*at, isinstance(event, yaml.MappingStartEvent)))

    def _end(self) -> None:
        done = self._open.pop()
        if done.mapping:
            self._add(Mapping(done.line, done.column, self._entries(done.nodes)))
        else:
            self._add(Sequence(done.line, done.column, tuple(done.nodes)))

    def _add(self, node: Node) -> None:
        self._count += 1
        if self._count > MOST_NODES:
            self._report.add(
                "too_many", f"the {self._report.noun} has more than {MOST_NODES} values", node
            )
            raise _Stop
        if self._open:
            self._open[-1].nodes.append(node)
        else:
            self.top = node

    def _entries(self, nodes: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
        entries: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._report.add("key_type", "a key is a text, not a list or mapping", key)
            elif key.text in entries:
                first = entries[key.text][0].line
                self._report.add(
                    "duplicate_key",
                    f"the key {quoted(key.text)} is given twice, first on line {first}",
                    key,
                    hint="keep one of them",
                )
            else:
                entries[key.text] = (key, value)
        return tuple(entries.values())
