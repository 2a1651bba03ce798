"""After a test that passed: whether its host's doubles were asked what the test wrote down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_zeno.errors import ExpectationError

if TYPE_CHECKING:
    from pytest_zeno.host import ZenoHost


def verify(item: pytest.Item) -> None:
    """Fail a test whose plugin asked what nothing answered, or did not ask what was expected."""
    host: ZenoHost | None = getattr(item, "funcargs", {}).get("zeno_host")
    if host is None:
        return
    try:
        host.http.verify()
        host.faults.verify()
    except ExpectationError as error:
        pytest.fail(str(error), pytrace=False)
