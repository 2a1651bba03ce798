"""What can become of a rule, by one name everywhere: reports, files, verdicts."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """What became of a rule, from the mildest to the one that outweighs all others."""

    KEPT = "kept"
    """It was tested, and the plugin keeps it."""

    WARNED = "warned"
    """It is not kept, and its level is below the one that fails a run."""

    UNTESTED = "untested"
    """It could not be tested: another rule is broken, or it was skipped."""

    ERROR = "error"
    """Testing it failed for a reason that no plugin answers for."""

    EXPECTED = "expected"
    """It is broken, as the baseline says."""

    BROKEN = "broken"
    """It is not kept, and fails the run."""

    @property
    def weight(self) -> int:
        """How heavily it counts, from 0.

        A rule that is met more than once (tried again, or failing after its test) counts by the
        heaviest.
        """
        return _WEIGHTS[self]


_WEIGHTS: Final = {status: weight for weight, status in enumerate(Status)}
