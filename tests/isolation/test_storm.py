"""One worker after the other is struck (storm.py); ZENO_TEST_STORM says how many."""

from __future__ import annotations

import os

from tests.isolation.conftest import signals
from tests.isolation.storm import storm

COUNT = int(os.environ.get("ZENO_TEST_STORM", "12"))


@signals
def test_each_is_a_typed_error_and_the_next_call_answers():
    """Whatever the signal, and wherever it comes; now and then the worker is stopped."""
    figures = storm(COUNT, stops=0.05)
    assert sum(figures.struck.values()) == COUNT
