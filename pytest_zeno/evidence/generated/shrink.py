"""The smallest call that does what a case did, found by Hypothesis."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.strategies import SearchStrategy

    from pytest_zeno.evidence.generated.cases import Case

_MOST_TRIED: Final = 200


def smallest(case: Case, breaks: Callable[[Case], bool]) -> Case:
    """Return the smallest call like the case that `breaks`; the case itself if none is smaller.

    Smaller is one with fewer parameters that are not required, and of less size. The search is
    the same every time; the user's profile and database have no part in it.
    """
    required = [one.name for one in case.slot.inputs.values() if one.required]
    optional = [name for name in case.fit if name not in required]
    if not optional and case.least >= case.size:
        return case
    from hypothesis import HealthCheck, Phase, Verbosity, find, settings
    from hypothesis.errors import HypothesisException

    alone = settings(
        max_examples=_MOST_TRIED,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    try:
        with _stored_elsewhere():
            return find(_smaller(case, optional), breaks, settings=alone)
    except HypothesisException:  # none was met, or the plugin does not do the same twice
        return case


def _smaller(case: Case, optional: list[str]) -> SearchStrategy[Case]:
    """Return the case in every size from its least one on, with and without what is optional."""
    from hypothesis import strategies

    def made(size: int, taken: tuple[bool, ...]) -> Case:
        left_out = {name for name, take in zip(optional, taken, strict=True) if not take}
        return case.resized(size, [name for name in case.fit if name not in left_out])

    sizes = strategies.integers(min(case.least, case.size), case.size)
    return strategies.builds(
        made, sizes, strategies.tuples(*[strategies.booleans()] * len(optional))
    )


@contextmanager
def _stored_elsewhere() -> Iterator[None]:
    """Keep Hypothesis from leaving a folder where pytest was started."""
    from hypothesis.configuration import set_hypothesis_home_dir, storage_directory

    known: Any = storage_directory("x", intent_to_write=False)  # a Path, or what has one as `path`
    home = getattr(known, "path", known).parent
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(home)
