"""What the probe guest says of a host call it made: whether a reply came, and what stands in it.

Pointers and allocations are the allocator's. What is compared is the reply itself: a success with
its data, a failure (its words are each host's own), or bare text.
"""

from __future__ import annotations

import json
from typing import Any, Final

_NUMBERS: Final = (0, 1)
_LONGEST, _HEAD, _TAIL = 1_000, 350, 200


def probed(slot: str, data: Any, *, nul: bool) -> Any:
    """Return the data of a response, that of a probe's slot with its replies read.

    `nul` is whether the host ends replies with a NUL, which takes one byte more
    (ABI.md section 3; the reference host does not, section 9, replies).
    """
    if slot == "hp.call" and data:
        return _call(data, nul=nul) | {"allocs": data["allocs"]}
    if slot == "hp.early" and data:
        return {name: _call(said, nul=nul) for name, said in data.items()}
    return data


def elided(value: Any) -> Any:
    """Return a value with long texts cut as the records cut them: head, length, tail."""
    if isinstance(value, dict):
        return {name: elided(item) for name, item in value.items()}
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_HEAD]}...[{len(value)}]...{value[-_TAIL:]}"
    return value


def _call(said: dict[str, Any], *, nul: bool) -> dict[str, Any]:
    asked = said["alloc_size"] if "alloc_size" in said else said["size"]
    if said["ret"] in _NUMBERS:
        return {"returned": said["ret"]}
    size = asked - nul
    text = bytes.fromhex(said["hex"])
    if nul and len(text) > size:
        assert text[size] == 0, "a reply without its NUL"
    return {"returned": "pointer", "reply": _reply(text[:size], size)}


def _reply(text: bytes, size: int) -> Any:
    if len(text) < size and text.startswith(b"{"):
        return {"begins": text.decode(), "size": size}
    try:
        value = json.loads(text)
    except ValueError:
        return text.decode()
    return value if value["success"] else "failure"
