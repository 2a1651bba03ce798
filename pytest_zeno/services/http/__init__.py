"""HTTP for plugins: answers that a test wrote down, or the network (PERMISSIONS.md, network)."""

from pytest_zeno.services.http.answer import MOST_BYTES, as_body
from pytest_zeno.services.http.service import HttpService

__all__ = ["MOST_BYTES", "HttpService", "as_body"]
