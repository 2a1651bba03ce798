"""The comments of a YAML file that is written anew: those at its top are kept."""

from __future__ import annotations

import itertools


def head(text: str) -> str:
    """Return the lines of comments, and of nothing, that a text begins with."""
    return "".join(itertools.takewhile(_comments, text.splitlines(keepends=True)))


def lost_comments(text: str) -> list[int]:
    """Return the lines of a YAML text whose comments do not stand at its top."""
    import yaml

    lost: set[int] = set()
    ends = len(head(text))
    for token in yaml.scan(text, yaml.SafeLoader):  # comments stand where no token does
        between = text[ends : token.start_mark.index]
        line = text.count("\n", 0, ends) + 1
        lost.update(line + at for at, part in enumerate(between.split("\n")) if "#" in part)
        ends = max(ends, token.end_mark.index)
    return sorted(lost)


def _comments(line: str) -> bool:
    return line.startswith("#") or not line.strip()
