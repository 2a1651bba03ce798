"""Where the problems of one manifest are gathered, so that all of them are told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.errors import Problem

if TYPE_CHECKING:
    from pytest_zeno.manifest.nodes import Node

MOST: Final = 100
"""Problems that are told; a file with more of them is not a manifest."""


class Report:
    """The problems of one file, which is a `noun`: a manifest, unless told otherwise."""

    def __init__(self, file: str, noun: str = "manifest") -> None:
        self.file = file
        self.noun = noun
        self._problems: list[Problem] = []

    def add(
        self,
        code: str,
        message: str,
        at: Node | tuple[int, int] = (0, 0),
        *,
        field: str = "",
        hint: str = "",
        warning: bool = False,
    ) -> None:
        """Note a problem at a node, at a line and column, or of the file as a whole."""
        line, column = at if isinstance(at, tuple) else (at.line, at.column)
        self._problems.append(
            Problem(f"{self.noun}.{code}", message, self.file, line, column, field, hint, warning)
        )

    @property
    def failed(self) -> bool:
        """Whether an error is among the problems."""
        return any(not problem.warning for problem in self._problems)

    def problems(self) -> tuple[Problem, ...]:
        """Return the problems in file order, the first `MOST` of them and a count of the rest."""
        ordered = sorted(self._problems, key=lambda problem: (problem.line, problem.column))
        rest = ordered[MOST:]
        if not rest:
            return tuple(ordered)
        silent = all(problem.warning for problem in rest)
        more = Problem(
            f"{self.noun}.more",
            f"{len(rest)} more problems are not shown",
            self.file,
            warning=silent,
        )
        return (*ordered[:MOST], more)
