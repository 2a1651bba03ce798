"""Reading what a guest asks, strictly, before any right is looked up (PERMISSIONS.md, General 6).

The order is the same for every kind. With no grant of the kind the answer is ``permission_denied``
and the request is not even parsed: a plugin without the right learns nothing and costs nothing.
With one, a malformed request is ``invalid_request``, a well-formed one that no grant covers
``permission_denied``. Neither depends on what exists, so denied looks like absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from pytest_zeno.errors import LimitError, ProtocolError
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.protocol.describe import shown
from pytest_zeno.protocol.strict import decode
from pytest_zeno.text import quoted, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_zeno.limits import Limits

_LISTED = 5


def require(kind: str, granted: object) -> None:
    """Refuse when nothing of a kind is granted."""
    if not granted:
        detail = f"the manifest grants no {kind}"
        raise Refused("permission_denied", f"{kind}.no_grant", detail, kind=kind)


def not_granted(kind: str, asked: str, granted: Iterable[object]) -> Refused:
    """Return the refusal of a well-formed request that no grant covers."""
    listed = [visible(str(grant)) for grant in granted]
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    detail = f"{quoted(asked)} is not granted; granted: {', '.join(listed[:_LISTED])}{more}"
    return Refused("permission_denied", f"{kind}.no_grant", detail, kind=kind)


def invalid(rule: str, detail: str) -> NoReturn:
    """Refuse a malformed request."""
    raise Refused("invalid_request", rule, detail)


def read_text(kind: str, request: bytes) -> str:
    """Return a request that is a bare text. Raises Refused (``encoding``)."""
    try:
        return request.decode()
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} of the request is not UTF-8"
        raise Refused("encoding", f"{kind}.encoding", detail) from None


def read_object(kind: str, request: bytes, limits: Limits, most: int) -> dict[str, Any]:
    """Return a request that is a JSON object of at most `most` bytes.

    Raises Refused: ``encoding``, ``limit_exceeded`` (size, depth, values), ``invalid_request``.
    """
    if len(request) > most:
        detail = f"the request has {len(request)} bytes, the limit is {most}"
        raise Refused("limit_exceeded", f"{kind}.size", detail)
    try:
        value = decode(request, limits)
    except LimitError as error:
        rule = error.code.replace("limit", kind, 1)
        raise Refused("limit_exceeded", rule, error.message) from None
    except ProtocolError as error:
        if error.code == "protocol.utf8":
            raise Refused("encoding", f"{kind}.encoding", error.message) from None
        raise Refused("invalid_request", f"{kind}.json", error.message) from None
    if not isinstance(value, dict):
        invalid(f"{kind}.json", f"the request is {shown(value)}, expected an object")
    return value


def text_member(kind: str, request: dict[str, Any], name: str) -> str:
    """Return a member that has to be a text. Raises Refused (``invalid_request``)."""
    value = request.get(name)
    if isinstance(value, str):
        return value
    what = f"`{name}` is {shown(value)}" if name in request else f"`{name}` is missing"
    invalid(f"{kind}.{name}", f"{what}, expected a string")
