"""Grants as they are written down: the `permissions:` block of a manifest, ready to paste."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from pytest_zeno.manifest.grants import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PLAIN: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.-]*", re.ASCII)
_WORDS: Final = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
"""What YAML 1.1 or 1.2 does not take for a text."""

_WIDTH: Final = 80


def permissions_block(granted: Mapping[str, Iterable[str]]) -> str:
    """Return grants by kind as YAML; the kinds in the contract's order, without those of none."""
    lists = {kind: [_scalar(text) for text in granted.get(kind, ())] for kind in KINDS}
    lines = [line for kind, texts in lists.items() if texts for line in _list(kind, texts)]
    return "\n".join(["permissions:", *lines] if lines else ["permissions: {}"])


def _list(kind: str, texts: list[str]) -> list[str]:
    line = f"  {kind}: [{', '.join(texts)}]"
    if len(line) <= _WIDTH:
        return [line]
    return [f"  {kind}:", *(f"    - {text}" for text in texts)]


def _scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text)
