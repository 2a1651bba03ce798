"""Print the page of the rules: python -m pytest_zeno.verdict."""

from __future__ import annotations

import sys

from pytest_zeno.verdict.page import rules_page

if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]  # a text stream, as long as nobody replaced it
    sys.stdout.write(rules_page())
