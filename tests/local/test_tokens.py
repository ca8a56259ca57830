"""Tokens of the local issuer, looked at by the program's own verifier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.api.tokens import BadToken, Verifier
from local.tokens import Issuer, Wish, read_teams

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ISSUER, AUDIENCE = "http://127.0.0.1:8000", "tally-local"


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer(issuer=ISSUER, audience=AUDIENCE)


def verifier(issuer: Issuer, now: datetime = NOW) -> Verifier:
    return Verifier(issuer=ISSUER, audience=AUDIENCE, fetch=lambda: issuer.jwks()["keys"], now=lambda: now)


def test_the_verifier_reads_what_was_wished(issuer: Issuer) -> None:
    teams = (("team_a", "owner"), ("team_b", "member"))
    wish = Wish(wallet_id="acct_1", scope="tally:customer tally:service", teams=teams, email="a@example.org")

    caller = verifier(issuer).caller(issuer.mint(wish))

    assert caller.wallet_id == "acct_1"
    assert caller.scopes == {"tally:customer", "tally:service"}
    assert caller.teams == {"team_a": "owner", "team_b": "member"}
    assert caller.email == "a@example.org"


def test_a_customer_is_the_usual_caller(issuer: Issuer) -> None:
    assert verifier(issuer).caller(issuer.mint(Wish(wallet_id="acct_1"))).scopes == {"tally:customer"}


def test_a_token_outlives_any_jump_of_the_clock(issuer: Issuer) -> None:
    in_five_thousand_years = NOW + timedelta(days=365 * 5000)

    assert verifier(issuer, in_five_thousand_years).caller(issuer.mint(Wish(wallet_id="acct_1")))


@pytest.mark.parametrize(
    "wish",
    [
        Wish(wallet_id="acct_1", iss="https://somebody.else"),
        Wish(wallet_id="acct_1", aud="another-service"),
        Wish(wallet_id="acct_1", exp=int(NOW.timestamp())),
        Wish(wallet_id="acct_1", nbf=int(NOW.timestamp()) + 60),
        Wish(wallet_id="team_1"),
        Wish(wallet_id="acct 1"),
    ],
)
def test_wrong_tokens_can_be_had_and_are_refused(issuer: Issuer, wish: Wish) -> None:
    with pytest.raises(BadToken):
        verifier(issuer).caller(issuer.mint(wish))


def test_another_issuers_key_opens_nothing(issuer: Issuer) -> None:
    other = Issuer(issuer=ISSUER, audience=AUDIENCE)

    with pytest.raises(BadToken):
        verifier(issuer).caller(other.mint(Wish(wallet_id="acct_1")))


def test_the_key_set_shows_no_private_part(issuer: Issuer) -> None:
    (key,) = issuer.jwks()["keys"]

    assert key.keys() == {"kty", "key_ops", "n", "e", "kid", "use", "alg"}


def test_teams_are_read_from_the_right() -> None:
    assert read_teams("") == ()
    assert read_teams("team_a:owner,team_x:y:member") == (("team_a", "owner"), ("team_x:y", "member"))
    for wrong in ("team_a", ":owner", "team_a:"):
        with pytest.raises(ValueError, match="teams are written"):
            read_teams(wrong)
