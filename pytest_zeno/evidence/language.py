"""Which language a plugin was written in, to choose the fix that a finding shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.runtime import binary

if TYPE_CHECKING:
    from pathlib import Path

_PRODUCERS: Final = b"\x09producers"
_NAMES: Final = (
    (b"\x04Rust", "rust"),
    (b"\x02Go", "go"),
    (b"\x06TinyGo", "go"),
    (b"\x03Zig", "zig"),
    (b"\x03C11", "c"),
    (b"\x03C99", "c"),
    (b"\x03C17", "c"),
    (b"\x0eC_plus_plus_", "c"),
    (b"\x0eAssemblyScript", "assemblyscript"),
)
"""Names as the section writes them: a length byte and the text."""

_SOURCES: Final = {
    ".rs": "rust",
    ".go": "go",
    ".c": "c",
    ".cc": "c",
    ".cpp": "c",
    ".zig": "zig",
}
_PROJECTS: Final = {
    "Cargo.toml": "rust",
    "go.mod": "go",
    "build.zig": "zig",
    "asconfig.json": "assemblyscript",
}


def language_of(wasm: bytes, folder: Path | None) -> str:
    """Return ``c``, ``go``, ``rust``, ``zig``, ``assemblyscript``, or ``""`` when nothing tells.

    The module's `producers` section decides; where it was stripped, the sources beside the
    module do, if they are of one language.
    """
    return _produced(wasm) or (_beside(folder) if folder else "")


def _produced(wasm: bytes) -> str:
    try:
        customs = [found.content for found in binary.sections(wasm) if found.id == binary.CUSTOM]
    except binary.MalformedError:
        return ""
    for content in customs:
        if content.startswith(_PRODUCERS):
            return next((name for sign, name in _NAMES if sign in content), "")
    return ""


def _beside(folder: Path) -> str:
    try:
        files = [path.name for path in folder.iterdir()]
    except OSError:
        return ""
    found = {_PROJECTS[name] for name in files if name in _PROJECTS}
    found = found or {language for end, language in _SOURCES.items() if _has(files, end)}
    return found.pop() if len(found) == 1 else ""


def _has(files: list[str], end: str) -> bool:
    return any(name.endswith(end) for name in files)
