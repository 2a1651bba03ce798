"""The most memory that this process held since a moment, where the system tells."""

from __future__ import annotations

from pathlib import Path

_SELF = Path("/proc/self")
_KIB = 1024


class Peak:
    """Measures from its making on; `grown` is 0 where the system does not tell."""

    def __init__(self) -> None:
        self._start = 0
        if (_SELF / "clear_refs").exists():
            (_SELF / "clear_refs").write_text("5")  # the peak starts anew
            self._start = _status("VmRSS")

    def grown(self) -> int:
        """Return by how many bytes the process was larger than at the start, at most."""
        return _status("VmHWM") - self._start if self._start else 0


def _status(name: str) -> int:
    for line in (_SELF / "status").read_text("ascii").splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * _KIB
    return 0
