"""A plugin whose every text is meant for whoever reads the report."""

from __future__ import annotations

import json

from bad.base import base
from bad.mutant import UNKNOWN, another_slot, both, code, manifest, metadata

PRINTABLE = (
    "<script>document.title='pwned'</script><img src=x onerror=alert(1)> ]]> | [l](https://e.example)"
    " ![i](https://e.example/i.png) @everyone #1 ::error::pwned `` ` *b*"
)
UNSEEN = "\x1b[31mred\x1b]0;t\x07 \u202etxet \u200b \x9b \n::error::pwned\r\n"


def parts():
    """Return what the plugin is made of; it breaks some rules, so that its texts are told."""
    said = json.dumps(PRINTABLE + UNSEEN)
    change = both(
        manifest("license: MIT", f"license: MIT\n{json.dumps(PRINTABLE)}: 1"),
        manifest("Answers and echoes.", json.dumps(PRINTABLE)),
        metadata('"base"', said),
        metadata('"The pytest-zeno maintainers"', said),
        another_slot(f'{{"name": {said}}}'),
        another_slot(f'{{"name": "base.x", "description": [{said}]}}'),
        code(
            ('@"pinged"', f'@"{_bytes(PRINTABLE + UNSEEN)}"'),
            (UNKNOWN, f'(call $fail @"{_bytes(json.dumps(PRINTABLE + UNSEEN)[1:-1])}")'),
        ),
    )
    return change(base())


def _bytes(text):
    """Return a text as the source of a module holds it."""
    return "".join(f"\\{byte:02x}" for byte in text.encode())
