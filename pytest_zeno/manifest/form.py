"""One mapping of a manifest, read member by member; what does not fit goes to the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.manifest.nodes import Mapping, Node, Refused, Scalar, Sequence, described, is_null
from pytest_zeno.protocol.describe import nearest
from pytest_zeno.text import quoted, visible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pytest_zeno.manifest.report import Report

MOST_TEXT: Final = 2_000
"""Characters a text field may have."""


class Form:
    """A mapping at a dotted path, and the report that its problems go to.

    ``marks`` gathers the line and column of every member that was looked at.
    """

    def __init__(
        self, node: Mapping, report: Report, marks: dict[str, tuple[int, int]], path: str = ""
    ) -> None:
        self.node = node
        self.report = report
        self.path = path
        self._marks = marks
        for key, value in node.entries:
            self.mark(self.within(key.text), key if is_null(value) else value)

    def within(self, name: str) -> str:
        """Return the dotted path of a member."""
        name = visible(name, 60)
        return f"{self.path}.{name}" if self.path else name

    def mark(self, path: str, node: Node) -> None:
        """Remember where a field stands."""
        self._marks[path] = (node.line, node.column)

    def text(self, name: str) -> str:
        """Return a text member as it is spelled, '' when it is absent, null or wrong."""
        return self.as_text(self.within(name), self.node.get(name))

    def as_text(self, path: str, node: Node | None) -> str:
        """Return a node as text; a list or mapping is reported."""
        if node is None or is_null(node) or isinstance(node, Refused):
            return ""
        if not isinstance(node, Scalar):
            self.wrong(path, node, "a text")
            return ""
        if len(node.text) > MOST_TEXT:
            self.report.add(
                "text_too_long",
                f"`{path}` has {len(node.text)} characters, at most {MOST_TEXT} are read",
                node,
                field=path,
            )
        return node.text

    def boolean(self, name: str) -> bool:
        """Return a boolean member, False when it is absent or wrong."""
        node = self.node.get(name)
        value = node.boolean if isinstance(node, Scalar) else None
        if node is not None and value is None:
            self.wrong(self.within(name), node, "true or false")
        return value or False

    def form(self, name: str) -> Form:
        """Return a member that is a mapping; an absent or wrong one reads as empty."""
        return self.as_form(self.within(name), self.node.get(name))

    def as_form(self, path: str, node: Node | None) -> Form:
        """Return a node as a mapping of its own."""
        if node is not None and not isinstance(node, Mapping) and not is_null(node):
            self.wrong(path, node, "a mapping")
        mapping = node if isinstance(node, Mapping) else Mapping(0, 0, ())
        return Form(mapping, self.report, self._marks, path)

    def members(self) -> Iterator[tuple[Scalar, str, Node]]:
        """Yield key, dotted path and value of each member."""
        for key, value in self.node.entries:
            yield key, self.within(key.text), value

    def wrong(self, path: str, node: Node, expected: str, hint: str = "") -> None:
        """Report a node of another type than the field takes."""
        if not isinstance(node, Refused):
            message = f"`{path}` is {described(node)}, expected {expected}"
            self.report.add("type", message, node, field=path, hint=hint)

    def check_keys(self, known: Collection[str]) -> None:
        """Warn of each key that nothing reads."""
        for key, path, _ in self.members():
            if key.text not in known:
                self.report.add(
                    "unknown_key",
                    f"the key {quoted(key.text, 60)} is unknown and ignored",
                    key,
                    field=path,
                    hint=nearest(key.text, known),
                    warning=True,
                )


def items_of(node: Node | None) -> tuple[Node, ...] | None:
    """Return the items of a list, none of an absent or null one, None for anything else."""
    if node is None or is_null(node) or isinstance(node, Refused):
        return ()
    return node.items if isinstance(node, Sequence) else None
