"""A file that a project keeps and a run may write anew: a baseline."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from pytest_zeno.session import bound
from pytest_zeno.text import LOG, quoted, visible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_zeno.errors import Problem


class KeptFile:
    """One such file, read once. `option` names it, `updater` is the option that writes it.

    ``before`` are its bytes, None where it is to be written for the first time. Raises UsageError
    when it cannot be read.
    """

    def __init__(
        self, config: pytest.Config, path: Path, option: str, updater: str, *, update: bool
    ) -> None:
        self.path = path
        self.shown = visible(bound.shown(config, path))
        self.is_updated = update
        self._config = config
        self._option = option
        self._updater = updater
        self.before = self._read()

    @property
    def text(self) -> str:
        """What stands in it, "" where there is none; of bytes that were read without problems."""
        return (self.before or b"").decode("utf-8-sig")

    def _read(self) -> bytes | None:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            if self.is_updated:
                return None
            reason = f"there is no such file; {self._updater} writes it"
        except (OSError, ValueError) as error:
            reason = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise pytest.UsageError(f"{self._option}: {self.shown}: {reason}")

    def refuse(self, problems: Iterable[Problem], what: str) -> None:
        """Raise UsageError with the problems, if any; `what` the file is stands before them."""
        lines = "\n".join(visible(str(one), LOG) for one in problems)
        if lines:
            raise pytest.UsageError(f"{what} cannot be used\n{lines}")

    def check_names(self, listed: Iterable[str]) -> None:
        """Raise UsageError when an entry would stand for two plugins of this run."""
        names = bound.names(self._config)
        twice = {name for name, count in Counter(names).items() if count > 1}
        for name in sorted(twice if self.is_updated else twice & set(listed)):
            raise pytest.UsageError(
                f"{self._option}: two plugins of this run are called {quoted(name, 60)}, and "
                "an entry is to stand for one; judge them in a run each"
            )

    def write(self, text: str) -> str:
        """Write the file anew; return what keeps it from being written, "" when it is."""
        try:
            self.path.write_text(text, "utf-8", newline="\n")
        except OSError as error:
            return f"{self.shown}: cannot be written: {error.strerror or error}"
        return ""

    def lost(self, instead: str) -> list[str]:
        """Return a line on the comments that writing the file anew drops, if there are any."""
        from pytest_zeno.verdict.comments import lost_comments

        lines = ", ".join(map(str, lost_comments(self.text)))
        text = f"{self.shown}: the comments that stood on line {lines} are gone: {instead}"
        return [text] if lines else []
