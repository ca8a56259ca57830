"""The one place for refusals in Stripe's shape: status, type, code, message and parameter."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """
    A refusal as Stripe words it.

    `began` says whether the call had begun to execute: Stripe remembers only such answers under
    an idempotency key, so a mistyped request can be repeated with the same key once corrected.
    """

    def __init__(self, status: int, message: str, *, began: bool = True, **facts: Any) -> None:
        super().__init__(message)
        self.status, self.began = status, began
        self.error: Json = {"type": "invalid_request_error", "message": message, **facts}


def missing(param: str) -> ApiError:
    """A required parameter was not sent."""
    return ApiError(400, f"Missing required param: {param}.", began=False, code="parameter_missing", param=param)


def unknown(param: str) -> ApiError:
    """A parameter that Stripe, or only the stand-in, does not have."""
    message = f"Received unknown parameter: {param} (or one that the stand-in does not model)"
    return ApiError(400, message, began=False, code="parameter_unknown", param=param)


def invalid(param: str, message: str, code: str | None = None) -> ApiError:
    """A parameter that cannot be read, or is out of its range."""
    facts = {"code": code} if code else {}
    return ApiError(400, message, began=False, param=param, **facts)


def no_such(kind: str, name: str, *, param: str = "id", status: int = 404) -> ApiError:
    """Nothing has this id: 404 for the one in the path, 400 for one that a parameter names."""
    message = f"No such {kind.replace('.', ' ')}: '{name}'"
    return ApiError(status, message, code="resource_missing", param=param)


def impossible(message: str, code: str | None = None, **facts: Any) -> ApiError:
    """The object is in a state in which this cannot be done."""
    if code:
        facts["code"] = code
    return ApiError(400, message, **facts)
