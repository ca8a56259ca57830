"""An issuer of tokens as any OpenID provider is one: a key made at start, its public half as JWKS, real RS256 JWTs."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ALGORITHM = "RS256"
KEY_BITS = 2048
USUAL_SCOPE = "tally:customer"
FOREVER = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())  # a token outlives any jump of the clock
Role = tuple[str, str]  # a team's wallet id, and what the caller is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a token is to say. What is None is the issuer's usual, or left out."""

    wallet_id: str
    scope: str = USUAL_SCOPE  # several with a space between
    teams: Sequence[Role] = ()
    iss: str | None = None
    aud: str | None = None
    exp: int | None = None  # seconds since 1970
    nbf: int | None = None  # seconds since 1970
    email: str | None = None


class Issuer:
    """Signs tokens with a key of its own."""

    def __init__(self, *, issuer: str, audience: str) -> None:
        self._issuer, self._audience = issuer, audience
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        self._key_id = secrets.token_hex(8)

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Show the public key as a JSON Web Key Set."""
        public = json.loads(RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**public, "kid": self._key_id, "use": "sig", "alg": ALGORITHM}]}

    def mint(self, wish: Wish) -> str:
        """Sign a token that says what is wished, also what no API should accept: it is there to be tried."""
        claims: dict[str, Any] = {
            "iss": self._issuer if wish.iss is None else wish.iss,
            "aud": self._audience if wish.aud is None else wish.aud,
            "sub": wish.wallet_id,
            "exp": FOREVER if wish.exp is None else wish.exp,
            "scope": wish.scope,
            "tally_teams": [{"wallet_id": wallet_id, "role": role} for wallet_id, role in wish.teams],
        }
        if wish.nbf is not None:
            claims["nbf"] = wish.nbf
        if wish.email is not None:
            claims["email"] = wish.email
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self._key_id})


def read_teams(text: str) -> tuple[Role, ...]:
    """
    Read `team_a:owner,team_b:member`; a wallet id may have colons itself.

    Raises:
        ValueError: A part has no role.
    """
    roles = []
    for part in filter(None, text.split(",")):
        wallet_id, _, role = part.rpartition(":")
        if not wallet_id or not role:
            raise ValueError("teams are written team_a:owner,team_b:member")
        roles.append((wallet_id, role))
    return tuple(roles)
