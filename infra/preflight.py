"""
Answers browsers' preflights in the gateway: an OPTIONS beside every route, with no function behind it.

Which pages may call is the parameter AllowedOrigins, so the gateway compares; Chalice can only write one origin down.
The functions open their own answers (`chalicelib/api/origins.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from chalicelib.api.origins import SENDABLE

KEPT = 600  # seconds for which a browser may remember a preflight
COMPARES = """\
#set($origin = $input.params("Origin"))
#if($origin == "")
#set($origin = $input.params("origin"))
#end
#if($origin != "" && ",${AllowedOrigins},".replace(" ", "").contains(",$origin,"))
#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
#end
"""


def added(paths: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Give a definition's *paths* with an OPTIONS in each."""
    return {path: {**methods, "options": _preflight(methods)} for path, methods in paths.items()}


def _preflight(methods: Collection[str]) -> dict[str, Any]:
    allowed = ", ".join(sorted({method.upper() for method in methods} | {"OPTIONS"}))
    said = {
        "Access-Control-Allow-Methods": allowed,
        "Access-Control-Allow-Headers": SENDABLE,
        "Access-Control-Max-Age": str(KEPT),
        "Vary": "Origin",
    }
    return {
        "summary": "Say which pages may call this, and how.",
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "responses": {"204": {"description": "204 response", "headers": {name: {"type": "string"} for name in said}}},
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "passthroughBehavior": "when_no_match",
            "requestTemplates": {"application/json": '{"statusCode": 204}'},
            "responses": {
                "default": {
                    "statusCode": "204",
                    "responseParameters": {
                        f"method.response.header.{name}": f"'{text}'" for name, text in said.items()
                    },
                    "responseTemplates": {"application/json": {"Fn::Sub": COMPARES}},
                }
            },
        },
    }
