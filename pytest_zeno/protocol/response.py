"""What `plugin_execute` answers (ABI.md section 4, Response)."""

from __future__ import annotations

from typing import Any

from pytest_zeno.errors import Problem
from pytest_zeno.protocol.describe import missing, wrong
from pytest_zeno.text import quoted


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
