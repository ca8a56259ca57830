"""
Who calls: a JWT of the configured issuer, read strictly.

Algorithms are fixed, keys come from the issuer's JWKS (asked again at most once a minute, so that made-up key ids
cost nobody anything), and `exp`/`nbf` are judged by the program's one clock. `jwt` brings cryptography along, and only
the authorizer verifies; so it is imported by who does.
"""

from __future__ import annotations

import json
import re
import threading
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jwt

WALLET_ID = re.compile(r"[A-Za-z0-9_.:@|-]{1,64}")
TEAM = "team_"
ALGORITHMS = ("RS256", "ES256")
REFETCH = timedelta(minutes=1)
LEEWAY = timedelta(seconds=5)  # between the issuer's clock and ours
FETCH_TIMEOUT = 3  # seconds
LONGEST_TOKEN = 8192
LARGEST_JWKS = 256 * 1024
MOST_TEAMS = 100
LONGEST_EMAIL = 254


class BadToken(Exception):
    """Not a token of ours. The caller is told nothing more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls: the own wallet, the roles in teams by their wallets, and the scopes."""

    wallet_id: str
    scopes: frozenset[str]
    teams: Mapping[str, str] = field(default_factory=dict)
    email: str | None = None


def fetch_keys(url: str) -> list[dict[str, Any]]:
    """Fetch the issuer's public keys as JWKs."""
    if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise ValueError("the JWKS address must be https, or on loopback")
    with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT) as answer:  # noqa: S310 - the scheme was checked above
        keys: list[dict[str, Any]] = json.loads(answer.read(LARGEST_JWKS))["keys"]
        return keys


class Verifier:
    """Verifies tokens of one issuer for one audience."""

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        fetch: Callable[[], Sequence[dict[str, Any]]],
        now: Callable[[], datetime],
    ) -> None:
        self._issuer, self._audience = issuer, audience
        self._fetch, self._now = fetch, now
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked_at: datetime | None = None
        self._lock = threading.Lock()

    def caller(self, token: str) -> Caller:
        """
        Say who bears *token*.

        Raises:
            BadToken: It is malformed, forged, for somebody else, not valid now, or its keys can't be had.
        """
        import jwt

        if len(token) > LONGEST_TOKEN:
            raise BadToken
        try:
            claims = jwt.decode(
                token,
                self._key_of(token),
                algorithms=ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                options={
                    "require": ["exp", "iss", "aud", "sub"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise BadToken from error
        self._check_times(claims)
        return read_claims(claims)

    def _key_of(self, token: str) -> jwt.PyJWK:
        import jwt

        key_id = jwt.get_unverified_header(token).get("kid")
        if not isinstance(key_id, str):
            raise BadToken
        with self._lock:
            if key_id not in self._keys and self._may_ask():
                self._keys = _usable(self._ask())
            if key_id not in self._keys:
                raise BadToken
            return self._keys[key_id]

    def _may_ask(self) -> bool:
        return self._asked_at is None or self._now() - self._asked_at >= REFETCH

    def _ask(self) -> Sequence[dict[str, Any]]:
        self._asked_at = self._now()
        try:
            return self._fetch()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadToken from error

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        for name in ("exp", "nbf"):
            value = claims.get(name, 0)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
                raise BadToken
        at = self._now().astimezone(UTC).timestamp()
        if at >= claims["exp"] or at + LEEWAY.total_seconds() < claims.get("nbf", 0):
            raise BadToken


def _usable(keys: Sequence[dict[str, Any]]) -> dict[str, jwt.PyJWK]:
    """Keep the keys that may sign with our algorithms, by their id."""
    import jwt

    usable = {}
    for key in keys:
        algorithm = {"RSA": "RS256", "EC": "ES256"}.get(str(key.get("kty"))) if isinstance(key, dict) else None
        if algorithm and isinstance(key.get("kid"), str) and key.get("use", "sig") == "sig":
            try:
                usable[key["kid"]] = jwt.PyJWK(key, algorithm=algorithm)
            except jwt.PyJWTError:
                continue  # one broken key must not lock out the others
    return usable


def read_claims(claims: Mapping[str, Any]) -> Caller:
    """
    Read the claims that we know.

    Raises:
        BadToken: The subject can't be a wallet of its own.
    """
    subject, email = claims.get("sub"), claims.get("email")
    if not isinstance(subject, str) or not WALLET_ID.fullmatch(subject) or subject.startswith(TEAM):
        raise BadToken
    scope = claims.get("scope", "")
    return Caller(
        wallet_id=subject,
        scopes=frozenset(scope.split()) if isinstance(scope, str) else frozenset(),
        teams=dict(_teams(claims.get("tally_teams"))),
        email=email if isinstance(email, str) and len(email) <= LONGEST_EMAIL and "@" in email else None,
    )


def _teams(listed: object) -> list[tuple[str, str]]:
    """Read the roles; what is not as we know it counts as not listed."""
    found = []
    for team in listed[:MOST_TEAMS] if isinstance(listed, list) else []:
        if not isinstance(team, dict):
            continue
        wallet_id, role = team.get("wallet_id"), team.get("role")
        if not isinstance(wallet_id, str) or not wallet_id.startswith(TEAM):
            continue
        if WALLET_ID.fullmatch(wallet_id) and role in ("owner", "member"):
            found.append((wallet_id, role))
    return found
