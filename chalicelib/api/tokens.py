"""
Who calls: a JWT of the configured issuer, read strictly.

Algorithms are fixed, keys come from the issuer's JWKS (asked again at most once a minute, so that made-up key ids
cost nobody anything), and `exp`/`nbf` are judged by the program's one clock. `jwt` brings cryptography along, and only
the authorizer verifies; so it is imported by who does, and so is what judges addresses.
"""

from __future__ import annotations

import json
import re
import threading
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.domain.errors import InvalidRequest

if TYPE_CHECKING:
    import jwt

WALLET_ID = re.compile(r"[A-Za-z0-9_.:@|-]{1,64}")
TEAM = "team_"
ALGORITHMS = ("RS256", "ES256")
REFETCH = timedelta(minutes=1)  # at the soonest
KEPT = timedelta(hours=1)  # so long is a key trusted that the issuer may have withdrawn
LEEWAY = timedelta(seconds=5)  # between the issuer's clock and ours
FETCH_TIMEOUT = 3  # seconds
LONGEST_TOKEN = 8192
LARGEST_JWKS = 256 * 1024
MOST_TEAMS = 100
OWNER, MEMBER = "owner", "member"
VERIFIED = (True, "true")  # some issuers write text


class BadToken(Exception):
    """Not a token of ours. The caller is told nothing more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls: the own wallet, the roles in teams by their wallets, and the scopes."""

    wallet_id: str
    scopes: frozenset[str]
    teams: Mapping[str, str] = field(default_factory=dict)
    email: str | None = None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Takes an answer that leads elsewhere, perhaps to plain http, for a refusal."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Ask nobody else."""


def fetch_keys(url: str) -> list[dict[str, Any]]:
    """
    Fetch the issuer's public keys as JWKs, from *url* itself: no redirects, no proxies.

    Raises:
        ValueError: The address is neither https nor on loopback.
        OSError: They can't be had.
    """
    if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise ValueError("the JWKS address must be https, or on loopback")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)
    with direct.open(url, timeout=FETCH_TIMEOUT) as answer:
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
        self._had_at: datetime | None = None
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
            if (key_id not in self._keys or self._are_old()) and self._may_ask():
                self._ask()
            if key_id not in self._keys:
                raise BadToken
            return self._keys[key_id]

    def _may_ask(self) -> bool:
        return self._asked_at is None or self._now() - self._asked_at >= REFETCH

    def _are_old(self) -> bool:
        return self._had_at is not None and self._now() - self._had_at >= KEPT

    def _ask(self) -> None:
        """Ask for the keys; those that were had outlive an issuer that is down."""
        self._asked_at = self._now()
        with suppress(OSError, ValueError, KeyError, TypeError):
            self._keys = _usable(self._fetch())
            self._had_at = self._asked_at

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


def read_scopes(text: str) -> frozenset[str]:
    """Take scopes apart at spaces and at nothing else (RFC 6749, 3.3)."""
    return frozenset(filter(None, text.split(" ")))


def read_claims(claims: Mapping[str, Any]) -> Caller:
    """
    Read the claims that we know.

    Raises:
        BadToken: The subject can't be a wallet of its own.
    """
    subject, scope = claims.get("sub"), claims.get("scope")
    if not isinstance(subject, str) or not WALLET_ID.fullmatch(subject) or subject.startswith(TEAM):
        raise BadToken
    return Caller(
        wallet_id=subject,
        scopes=read_scopes(scope) if isinstance(scope, str) else frozenset(),
        teams=_teams(claims.get("tally_teams")),
        email=_email(claims),
    )


def _email(claims: Mapping[str, Any]) -> str | None:
    """Read the address, unless it is one that nobody could set or the issuer says that it isn't verified."""
    from chalicelib.domain.addresses import check_email

    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified", True) not in VERIFIED:
        return None
    try:
        return check_email(email)
    except InvalidRequest:
        return None


def _teams(listed: object) -> dict[str, str]:
    """
    Read the roles; what is not as we know it counts as not listed.

    Who is listed as both is a member: a token that contradicts itself makes no owner, and locks nobody out.
    """
    found: dict[str, str] = {}
    for team in listed[:MOST_TEAMS] if isinstance(listed, list) else []:
        if not isinstance(team, dict):
            continue
        wallet_id, role = team.get("wallet_id"), team.get("role")
        if not isinstance(wallet_id, str) or not wallet_id.startswith(TEAM):
            continue
        if WALLET_ID.fullmatch(wallet_id) and role in (OWNER, MEMBER):
            found[wallet_id] = MEMBER if MEMBER in (role, found.get(wallet_id)) else OWNER
    return found
