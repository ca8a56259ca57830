"""
Routes: each declares who may call it, and each answers a refusal the same way.

Chalice's middleware never sees a view's exception, so refusals are mapped here, around the view.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from chalice.app import Blueprint, Response

import chalicelib.watching  # noqa: F401 - loaded before the first request, while Lambda gives a function the most CPU
from chalicelib import observability, wiring
from chalicelib.api import answers, origins
from chalicelib.api.auth import token_authorizer
from chalicelib.api.limits import counted
from chalicelib.api.paths import as_asked_for
from chalicelib.api.scopes import DECLARED, Scope, declare
from chalicelib.domain.errors import Busy, Forbidden, InvalidRequest, Refusal
from chalicelib.services.ports import OutcomeUnknown, Throttled

View = Callable[..., Response]
COMMANDS = ("POST", "PUT")


class Routes(Blueprint):
    """
    A blueprint whose routes name the scopes that open them; `Scope.PUBLIC` opens to everybody.

    The view of a *limited* route gets the `slot` of its command, for the use case to take.
    """

    def get(self, path: str, *, scope: Scope) -> Callable[[View], View]:
        return self._add("GET", path, scope)

    def post(
        self, path: str, *, scope: Scope, or_scope: Scope | None = None, limited: bool = False
    ) -> Callable[[View], View]:
        return self._add("POST", path, *(each for each in (scope, or_scope) if each), limited=limited)

    def put(self, path: str, *, scope: Scope, limited: bool = False) -> Callable[[View], View]:
        return self._add("PUT", path, scope, limited=limited)

    def _add(self, method: str, path: str, *scopes: Scope, limited: bool = False) -> Callable[[View], View]:
        declare(method, path, *scopes)
        public = Scope.PUBLIC in scopes

        def add(view: View) -> View:
            acting = counted(view, method, path) if limited else view
            answering = self._opening(self._answering(acting, method, path))
            register = self.route(
                path,
                methods=[method],
                authorizer=None if public else token_authorizer,
                content_types=["*/*"],  # judged by our own reader, whose answer is problem+json
                name=f"{view.__module__}.{view.__name__}",
            )
            register(answering)
            return answering

        return add

    def _answering(self, view: View, method: str, path: str) -> View:
        @wraps(view)
        def answering(**parameters: Any) -> Response:
            try:
                self._check_scope(method, path)
                self._check_query(method, path)
                response = view(**parameters)
            except Refusal as refusal:
                return _refused(refusal, method, path)
            except (Throttled, OutcomeUnknown):  # of a read; commands have tried again until they were busy
                return _refused(Busy(""), method, path)
            except Exception as error:  # noqa: BLE001 - the last resort: the caller gets no stack trace
                observability.failed("broken", error, route=path, method=method)
                observability.count("InternalErrors")
                return answers.broken()
            observability.say("answered", route=path, method=method, status=int(response.status_code))
            return response

        return answering

    def _opening(self, answering: View) -> View:
        @wraps(answering)
        def opening(**parameters: Any) -> Response:
            request = self.current_request
            with observability.guarded():
                response = answering(**parameters)
                if place := response.headers.get("Location"):
                    response.headers["Location"] = as_asked_for(str(place), request.context["path"])
                return origins.opened(response, request.headers.get("origin"), wiring.settings().allowed_origins)

        return opening

    def _check_scope(self, method: str, path: str) -> None:
        """The gateway keeps an authorizer's answer for a while; so the scope is looked at again here."""
        scopes = DECLARED[method, path]
        if Scope.PUBLIC in scopes:
            return
        held = self.current_request.context["authorizer"].get("scopes", "").split()
        if not scopes & set(held):
            raise Forbidden("The token lacks the scope for this.")

    def _check_query(self, method: str, path: str) -> None:
        """Commands take a customer's `wallet` and nothing else: a name misspelt must not buy for another wallet."""
        known = {"wallet"} if Scope.CUSTOMER in DECLARED[method, path] else set()
        strange = {*(self.current_request.query_params or ())} - known
        if method in COMMANDS and strange:
            raise InvalidRequest(min(strange)[:64], "no such parameter")


def _refused(refusal: Refusal, method: str, path: str) -> Response:
    response = answers.refused(refusal)
    if isinstance(refusal, Busy):
        observability.count("BusyAnswers")
    observability.say("refused", route=path, method=method, status=int(response.status_code), code=refusal.code)
    return response
