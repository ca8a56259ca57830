"""The authorizer in front of the API, and which wallet a caller may touch."""

from __future__ import annotations

import json

from chalice.app import AuthRequest, AuthResponse, AuthRoute, Blueprint, Request

from chalicelib import observability, wiring
from chalicelib.api import bodies
from chalicelib.api.scopes import opened_by
from chalicelib.api.tokens import OWNER, BadToken, Caller, read_scopes
from chalicelib.domain.errors import Forbidden, NotFound

authorizers = Blueprint(__name__)
KEPT = 60  # seconds for which the gateway may keep an answer


class Unauthorized(observability.Spoken):
    """API Gateway answers 401 to this very word, and to no other."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


@authorizers.authorizer(ttl_seconds=KEPT, name="token_authorizer")
@observability.guarded()
def token_authorizer(request: AuthRequest) -> AuthResponse:
    """Open exactly the routes that the token's scopes open; never `*`, because the answer is kept per token."""
    kind, _, token = request.token.partition(" ")
    try:
        if kind.lower() != "bearer":
            raise BadToken
        caller = wiring.verifier().caller(token.strip())
    except BadToken:
        raise Unauthorized from None
    routes: list[str | AuthRoute] = [AuthRoute(path, [method]) for method, path in opened_by(caller.scopes)]
    context = {
        "sub": caller.wallet_id,
        "scopes": " ".join(sorted(caller.scopes)),
        "teams": json.dumps(caller.teams),
        "email": caller.email or "",
    }
    return AuthResponse(routes=routes, principal_id=caller.wallet_id, context=context)


def caller_of(request: Request) -> Caller:
    """Read back what the authorizer found out."""
    context = request.context["authorizer"]
    return Caller(
        wallet_id=context["sub"],
        scopes=read_scopes(context["scopes"]),
        teams=json.loads(context["teams"]),
        email=context["email"] or None,
    )


def wallet_of(request: Request, *, as_owner: bool = False) -> str:
    """
    Say which wallet a customer's request is about: the own one, or with `?wallet=` a team's that lists the caller.

    Raises:
        NotFound: It isn't the caller's; the same answer as for one that does not exist.
        Forbidden: *as_owner* is wanted, and the caller is but a member.
    """
    caller = caller_of(request)
    wanted = bodies.query(request, "wallet") or caller.wallet_id
    if wanted == caller.wallet_id:
        return caller.wallet_id
    if wanted not in caller.teams:
        raise NotFound
    if as_owner and caller.teams[wanted] != OWNER:
        raise Forbidden("Only an owner of the team may do this.")
    return wanted
