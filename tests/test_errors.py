"""Errors are data: they say where, what and what next, and survive a process boundary."""

from __future__ import annotations

import copy
import pickle

import pytest

from pytest_zeno import errors
from pytest_zeno.errors import (
    PHASES,
    ClosedError,
    EndError,
    ExitError,
    ExpectationError,
    LimitError,
    LoadError,
    ManifestError,
    Problem,
    ProtocolError,
    TrapError,
    ZenoError,
)

KINDS = (
    LoadError,
    EndError,
    TrapError,
    ExitError,
    LimitError,
    ProtocolError,
    ClosedError,
    ExpectationError,
)


def test_an_error_says_where_what_and_what_next() -> None:
    """Plugin, phase and slot, the message, and the hint on a line of its own."""
    error = LimitError(
        "too slow",
        code="limit.time",
        plugin="hello",
        phase="execute",
        slot="hello.run",
        hint="be quicker",
    )
    assert str(error) == "hello execute hello.run: too slow\n  hint: be quicker"
    assert str(ZenoError("just so", code="x")) == "just so"


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_caught_as_zeno_error(kind: type[ZenoError]) -> None:
    """One root."""
    with pytest.raises(ZenoError):
        raise kind("x", code="x.y")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("send", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])  # noqa: S301 (our own)
def test_an_error_keeps_all_it_knows_across_processes(kind: type[ZenoError], send: object) -> None:
    """Workers of xdist and isolated plugins hand their errors to the parent."""
    error = kind("what", code="a.b", plugin="p", phase="init", slot="s", hint="h")
    error.observed = error.stderr = "bytes"
    error.backtrace = ("f at 0x1",)
    error.status = 3
    sent = send(error)
    assert type(sent) is kind
    assert sent.__dict__ == error.__dict__
    assert str(sent) == str(error)


def test_a_manifest_error_keeps_its_problems() -> None:
    """All of them, in file order; the first one gives the code."""
    problems = (
        Problem("manifest.a", "first", "manifest.yaml", 3, 5, hint="do this"),
        Problem("manifest.b", "second"),
    )
    error = pickle.loads(pickle.dumps(ManifestError(problems, plugin="p")))  # noqa: S301 (our own)
    assert error.problems == problems
    assert error.code == "manifest.a"
    assert error.message == "manifest.yaml:3:5: first (do this)\nsecond"


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("c", "wrong"), "wrong"),
        (Problem("c", "wrong", "m.yaml"), "m.yaml: wrong"),
        (Problem("c", "wrong", "m.yaml", 2, 1), "m.yaml:2:1: wrong"),
        (Problem("c", "wrong", hint="right"), "wrong (right)"),
    ],
)
def test_a_problem_is_written_as_compilers_do(problem: Problem, text: str) -> None:
    """File, line, column, so that editors find the place."""
    assert str(problem) == text


def test_the_hierarchy_is_drawn_as_it_is() -> None:
    """The picture in the module's docstring names every class."""
    drawn = errors.__doc__ or ""
    classes = [kind.__name__ for kind in (ZenoError, ManifestError, *KINDS)]
    assert all(name in drawn for name in classes)
    real = {name for name, thing in vars(errors).items() if name.endswith("Error") and thing}
    assert real == set(classes)


def test_the_phases_are_a_life_in_order() -> None:
    """ABI.md section 5."""
    assert PHASES == ("start", "init", "register", "execute", "cleanup")


def test_a_trap_shows_where_in_the_guest_and_what_the_guest_said() -> None:
    """The text of a TrapError has the wasm frames and the guest's stderr, each line marked."""
    trap = TrapError("the guest trapped: unreachable", code="trap.unreachable", plugin="hello")
    trap.backtrace = ("panic at 0x10", "greet at 0x20")
    trap.stderr = "boom\n::error::"
    assert str(trap).splitlines()[1:] == [
        "  at panic at 0x10",
        "  at greet at 0x20",
        "  | boom",
        "  | ::error::",
    ]
