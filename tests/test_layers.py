"""Who may import whom, and what an idle pytest must not pay for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_zeno

PACKAGE = Path(pytest_zeno.__file__).parent

LAYERS = (
    ("contract", "errors", "limits", "profiles", "text"),
    ("protocol",),
    ("manifest",),
    ("permissions",),
    ("runtime", "services"),
    ("isolation",),
    ("host",),
    ("evidence", "zenolang"),
    ("verdict", "strategies", "leaks"),
    ("reports",),
    ("conformance", "cli", "session", "plugin"),
)
"""From the bottom up: a part imports from its own layer and from those below."""

LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}

HEAVY = ("wasmtime", "pydantic", "hypothesis", "sqlite3", "semver", "yaml", "msgspec", "jinja2")


def _part(module: str) -> str | None:
    """Return the part of ours that a module's name belongs to, None for others' modules."""
    root, _, rest = module.partition(".")
    if root != "pytest_zeno" or not rest:
        return None
    return _named(rest.partition(".")[0])


def _part_of(path: Path) -> str:
    return _named(path.relative_to(PACKAGE).parts[0].removesuffix(".py"))


def _named(part: str) -> str:
    return "plugin" if part.startswith("_") else part  # private modules are plugin.py's helpers


def _imported(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it, as absolute names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]
DOMAIN = [path for path in FILES if _part_of(path) not in LAYERS[-1]]


def _name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def test_every_part_has_a_layer() -> None:
    """A new part must be given its place."""
    assert {_part_of(path) for path in FILES} <= set(LEVEL)


@pytest.mark.parametrize("path", DOMAIN, ids=_name)
def test_imports_go_down(path: Path) -> None:
    """A part knows its own modules and what lies below, neither its peers nor what is above."""
    own = _part_of(path)
    parts = {part for module in _imported(path) if (part := _part(module)) in LEVEL} - {own}
    below = LEVEL[own] or 1  # errors, limits and text may know each other
    assert {part for part in parts if LEVEL[part] >= below} == set()


@pytest.mark.parametrize("path", DOMAIN, ids=_name)
def test_the_domain_never_imports_pytest(path: Path) -> None:
    """Host and verdict are useful without it."""
    roots = {module.partition(".")[0] for module in _imported(path)}
    assert roots.isdisjoint({"pytest", "_pytest"})


@pytest.mark.parametrize("path", [p for p in DOMAIN if _part_of(p) == "runtime"], ids=_name)
def test_the_runtime_knows_no_manifest(path: Path) -> None:
    """Bytes, limits and one object that answers: no manifest, permission or service."""
    parts = {_part(module) for module in _imported(path)}
    assert parts.isdisjoint({"manifest", "permissions", "protocol"})


@pytest.mark.parametrize("module", ["pytest_zeno", "pytest_zeno.plugin"])
def test_importing_is_light(module: str) -> None:
    """An idle plugin loads nothing that takes time."""
    code = f"import sys, {module}; print(*sorted(set({HEAVY}) & set(sys.modules)))"
    loaded = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.split() == []
