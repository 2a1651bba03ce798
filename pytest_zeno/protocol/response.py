"""What `plugin_execute` answers (ABI.md section 4, Response)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from pytest_zeno.errors import Problem, ProtocolError
from pytest_zeno.protocol.describe import missing, wrong
from pytest_zeno.protocol.strict import check_integers, decode, within
from pytest_zeno.text import quoted, visible_bytes

if TYPE_CHECKING:
    from pytest_zeno.limits import Limits


class Response(msgspec.Struct, frozen=True, gc=False):
    """A response as msgspec reads it in one go, and writes it again; UNSET is what was left out."""

    success: bool
    data: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET
    error: str | msgspec.UnsetType | None = msgspec.UNSET


class _Sorted(msgspec.Struct, frozen=True, gc=False):
    """A response with its members in the order of their names: Rust's maps and others write so."""

    data: dict[str, Any] | msgspec.UnsetType | None
    error: str | msgspec.UnsetType | None
    success: bool


parse: Final = msgspec.json.Decoder(Response).decode
"""Read a response that may yet be against the contract; raises what `UNREADABLE` names."""

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, OverflowError, RecursionError)

_write: Final = msgspec.json.Encoder().encode

SHORT: Final = 48
"""Bytes of a response that holds no integer beyond 64 bits (20 characters) beside its members."""


def decode_response(text: bytes, limits: Limits) -> Response:
    """Return the response in `text`.

    Raises ProtocolError (what `strict.decode` raises, and ``response.…`` from `check_response`)
    or LimitError. ABI.md section 4, Response.
    """
    if not within(text, limits):
        return _decode_slowly(text, limits)
    try:
        response = parse(text)
        if not (_is_written(response, text) and (response.success or response.error)):
            return _decode_slowly(text, limits)
        if len(text) > SHORT:
            check_integers(response)
    except UNREADABLE:
        return _decode_slowly(text, limits)
    return response


def _is_written(response: Response, text: bytes) -> bool:
    """Whether `text` is what msgspec writes: no member stands twice in it, none is unknown."""
    if _write(response) == text:
        return True
    return _write(_Sorted(response.data, response.error, response.success)) == text


def _decode_slowly(text: bytes, limits: Limits) -> Response:
    value = decode(text, limits)
    found = [problem for problem in check_response(value) if not problem.warning]
    if found:
        first = found[0]
        error = ProtocolError(first.message, code=first.code, hint=first.hint)
        error.observed = visible_bytes(text)
        raise error
    left_out = msgspec.UNSET
    return Response(value["success"], value.get("data", left_out), value.get("error", left_out))


def check_response(value: Any) -> list[Problem]:
    """Return what is wrong with a response."""
    if not isinstance(value, dict):
        return [wrong("response.type", "", "the response", "an object", value)]
    problems = []
    success, error = value.get("success"), value.get("error")
    if "success" not in value:
        problems.append(missing("response.success_missing", "success", value))
    elif not isinstance(success, bool):
        problems.append(
            wrong("response.success_type", "success", "`success`", "a boolean", success)
        )
    if not isinstance(value.get("data"), dict | None):
        problems.append(
            wrong("response.data_type", "data", "`data`", "an object or null", value["data"])
        )
    if not isinstance(error, str | None):
        problems.append(wrong("response.error_type", "error", "`error`", "a string or null", error))
    elif success is False and not error:
        problems.append(
            Problem(
                "response.error_missing",
                "the response is a failure without an `error` text",
                field="error",
                hint="say in `error` what went wrong",
            )
        )
    elif success is True and error:
        problems.append(
            Problem(
                "response.error_on_success",
                f"the response is a success with the error {quoted(error)}, which is ignored",
                field="error",
                hint="leave `error` out, or set `success` to false",
                warning=True,
            )
        )
    return problems
