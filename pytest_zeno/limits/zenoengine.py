"""The limits of ZenoEngine's ``config/plugins.yaml``; its own host holds none (ABI.md section 9).

Of the file only ``wasm.limits`` is read: ``max_memory`` is `Limits.memory`, ``max_execution_time``
`Limits.timeout`. ``max_cpu`` may stand there and is not held: this host bounds time, and fuel.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pytest_zeno.limits.model import Limits
from pytest_zeno.text import visible

if TYPE_CHECKING:
    import os

NAMES: Final = {"max_memory": "memory", "max_execution_time": "timeout"}
"""What a limit is called there, and here."""

_NOT_HELD: Final = "max_cpu"


def read_plugins_yaml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the limits that a ``plugins.yaml`` sets, as they stand there, by our names.

    Raises ValueError with one line that names the file, what stands there and what may.
    """
    try:
        given = _limits(_parsed(Path(path)))
        unknown = [name for name in given if name not in (*NAMES, _NOT_HELD)]
        if unknown:
            known = ", ".join((*NAMES, _NOT_HELD))
            raise ValueError(f"wasm.limits has no {unknown[0]!r}; it may have {known}")
        found = {NAMES[name]: value for name, value in given.items() if name in NAMES}
        Limits().merged(found)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ValueError(f"{visible(str(path))}: {visible(reason)}") from None
    return found


def _parsed(path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"no YAML: {' '.join(str(error).split())}") from None


def _limits(document: Any) -> dict[Any, Any]:
    """Return the mapping ``wasm.limits``; empty where it is not there."""
    for place, name in (("the file", "wasm"), ("wasm", "limits")):
        if document is None:
            return {}
        if not isinstance(document, dict):
            raise ValueError(f"{place} is no mapping, expected wasm: {{limits: {{...}}}}")  # noqa: TRY004 (of the file)
        document = document.get(name)
    if not isinstance(document, dict | None):
        raise ValueError(f"wasm.limits is no mapping, it may have {', '.join(NAMES)}")  # noqa: TRY004 (as above)
    return document or {}
