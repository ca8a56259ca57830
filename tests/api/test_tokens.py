"""Who calls: a token of our issuer, for us, valid now, signed with a key that the issuer publishes; nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest

from chalicelib import wiring
from chalicelib.api.tokens import Caller, fetch_keys, read_claims
from local.replies import Reply
from local.server import Server
from local.tokens import Issuer
from tests.api.desk import ADMIN, CUSTOMER, SERVICE, Desk, refusal
from tests.api.forger import Forger, part
from tests.webhooks.premises import AUDIENCE, ISSUER, WALLET

BALANCE = "/api/credits/balance"


@pytest.fixture(scope="session")
def forger(issuer: Issuer) -> Forger:
    return Forger(issuer)


def at(desk: Desk) -> int:
    return int(desk.premises.at.timestamp())


BAD: dict[str, Callable[[Forger, int], str]] = {
    "no words": lambda f, now: "",
    "one word": lambda f, now: "token",
    "two dots": lambda f, now: "..",
    "half a token": lambda f, now: f.signed()[:-20],
    "four parts": lambda f, now: f.signed() + ".x",
    "a token with something behind it": lambda f, now: f.signed() + "x",
    "a token beyond ASCII": lambda f, now: f.signed() + "é",
    "two tokens": lambda f, now: f"{f.signed()} {f.signed()}",
    "over 8 KB": lambda f, now: f.signed(note="a" * 8192),
    "a header that is no JSON": lambda f, now: "e30x" + f.signed(),
    "a header that is a list": lambda f, now: f"{part([])}.{part(f.claims())}.AAAA",
    "claims that are a list": lambda f, now: f.saying(b"[]"),
    "claims that are no JSON": lambda f, now: f.saying(b"hello"),
    "deep claims": lambda f, now: f.saying(b"[" * 3000 + b"]" * 3000),
    "claims that are no UTF-8": lambda f, now: f.saying(b"\xff"),
    "alg none": lambda f, now: f.unsigned("none"),
    "alg NONE": lambda f, now: f.unsigned("NONE"),
    "alg none with a signature": lambda f, now: f.unsigned("none", b"signature"),
    "no alg": lambda f, now: f"{part({'kid': f.key_id})}.{part(f.claims())}.AAAA",
    "alg 1": lambda f, now: f"{f.head(1)}.{part(f.claims())}.AAAA",
    "HS256 with the public key": lambda f, now: f.signed_with_the_public_key(f.pem()),
    "HS256 with the published key": lambda f, now: f.signed_with_the_public_key(json.dumps(f.jwk).encode()),
    "HS256 with its modulus": lambda f, now: f.signed_with_the_public_key(f.jwk["n"].encode()),
    "HS256 with nothing": lambda f, now: f.signed_with_the_public_key(b""),
    "RS512": lambda f, now: f.signed({"alg": "RS512"}),
    "a signature of zeros": lambda f, now: f.unsigned("RS256", bytes(256)),
    "no signature": lambda f, now: f.unsigned("RS256"),
    "another's key": lambda f, now: f.signed_by_another(),
    "a curve under the RSA key's name": lambda f, now: f.by_curve(f.key_id),
    "the signature of other claims": lambda f, now: ".".join(
        [f.signed().split(".")[0], part(f.claims(sub="acct_b")), f.signed().split(".")[2]]
    ),
    "an unknown key id": lambda f, now: f.signed({"kid": "other"}),
    "an empty key id": lambda f, now: f.signed({"kid": ""}),
    "no key id": lambda f, now: f"{part({'alg': 'RS256'})}.{part(f.claims())}.AAAA",
    "a number for a key id": lambda f, now: f.head("RS256", kid=7) + f".{part(f.claims())}.AAAA",
    "a key id with a path": lambda f, now: f.signed({"kid": "../../dev/null"}),
    "a header that asks for what we don't know": lambda f, now: f.signed({"crit": ["exp"], "exp": 1}),
    "no issuer": lambda f, now: f.signed(iss=None),
    "another issuer": lambda f, now: f.signed(iss="https://evil.example"),
    "an issuer with a slash": lambda f, now: f.signed(iss=ISSUER + "/"),
    "a list of issuers": lambda f, now: f.signed(iss=[ISSUER]),
    "no audience": lambda f, now: f.signed(aud=None),
    "another audience": lambda f, now: f.signed(aud="other"),
    "other audiences": lambda f, now: f.signed(aud=["other", AUDIENCE + "x"]),
    "no audiences": lambda f, now: f.signed(aud=[]),
    "an object for an audience": lambda f, now: f.signed(aud={AUDIENCE: 1}),
    "no end": lambda f, now: f.signed(exp=None),
    "an end that has passed": lambda f, now: f.signed(exp=now - 1),
    "an end that is now": lambda f, now: f.signed(exp=now),
    "an end in words": lambda f, now: f.signed(exp="never"),
    "an end as text": lambda f, now: f.signed(exp=str(now + 60)),
    "true for an end": lambda f, now: f.signed(exp=True),
    "infinity for an end": lambda f, now: f.signed(exp=float("inf")),
    "NaN for an end": lambda f, now: f.signed(exp=float("nan")),
    "an end beyond counting": lambda f, now: f.signed(exp=10**30),
    "a beginning in six seconds": lambda f, now: f.signed(nbf=now + 6),
    "a beginning in a year": lambda f, now: f.signed(nbf=now + 365 * 86400),
    "a beginning in words": lambda f, now: f.signed(nbf="now"),
    "true for a beginning": lambda f, now: f.signed(nbf=True),
    "NaN for a beginning": lambda f, now: f.signed(nbf=float("nan")),
    "no subject": lambda f, now: f.signed(sub=None),
    "an empty subject": lambda f, now: f.signed(sub=""),
    "a number for a subject": lambda f, now: f.signed(sub=7),
    "a list for a subject": lambda f, now: f.signed(sub=["acct_a"]),
    "a team for a subject": lambda f, now: f.signed(sub="team_a"),
    "a subject of 65 characters": lambda f, now: f.signed(sub="a" * 65),
    "a subject with a space": lambda f, now: f.signed(sub="acct a"),
    "a subject with a line break": lambda f, now: f.signed(sub="acct_a\n"),
    "a subject with a hash": lambda f, now: f.signed(sub="acct#a"),
    "a subject with a slash": lambda f, now: f.signed(sub="acct/a"),
    "a subject beyond ASCII": lambda f, now: f.signed(sub="acct_é"),
}


@pytest.mark.parametrize("forge", BAD.values(), ids=BAD)
def test_a_token_that_is_not_good_gets_401(desk: Desk, forger: Forger, forge: Callable[[Forger, int], str]) -> None:
    token = forge(forger, at(desk))

    reply = desk.ask("GET", BALANCE, headers={"Authorization": f"Bearer {token}"})

    refusal(reply, 401, "unauthenticated")
    assert desk.premises.is_untouched


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "token", "Negotiate"])
def test_a_header_without_a_token_gets_401(desk: Desk, header: str) -> None:
    refusal(desk.ask("GET", BALANCE, headers={"Authorization": header}), 401, "unauthenticated")
    assert desk.premises.is_untouched


def test_a_token_without_its_scheme_gets_401(desk: Desk) -> None:
    for scheme in ("", "Basic ", "Token "):
        reply = desk.ask("GET", BALANCE, headers={"Authorization": scheme + desk.token()})
        refusal(reply, 401, "unauthenticated")


def test_no_header_gets_401(desk: Desk) -> None:
    refusal(desk.ask("GET", BALANCE), 401, "unauthenticated")
    assert desk.premises.is_untouched


def test_all_refusals_of_tokens_are_the_same(desk: Desk, forger: Forger) -> None:
    bodies = {
        desk.ask("GET", BALANCE, token=token).body
        for token in (forger.signed(exp=1), forger.signed(iss="x"), forger.unsigned("none"), "x", "")
    }

    assert len(bodies) == 1


GOOD: dict[str, Callable[[Forger, int], str]] = {
    "as usual": lambda f, now: f.signed(),
    "one of several audiences": lambda f, now: f.signed(aud=["other", AUDIENCE]),
    "an end in a second": lambda f, now: f.signed(exp=now + 1),
    "an end with a fraction": lambda f, now: f.signed(exp=now + 0.5),
    "a beginning that is now": lambda f, now: f.signed(nbf=now),
    "a beginning five seconds ahead": lambda f, now: f.signed(nbf=now + 5),
    "made in the future": lambda f, now: f.signed(iat=now + 9999),
    "claims that we don't know": lambda f, now: f.signed(name="Anna", roles=["x"]),
    "a key of its own in the header": lambda f, now: f.signed({"jwk": {"kty": "RSA"}, "jku": "https://evil.example"}),
    "teams that are no list": lambda f, now: f.signed(tally_teams="team_a"),
    "teams as nobody writes them": lambda f, now: f.signed(tally_teams=[1, None, {}, {"wallet_id": 1, "role": []}]),
    "an address that is none": lambda f, now: f.signed(email=7),
    "several scopes": lambda f, now: f.signed(scope=f"openid {CUSTOMER} email"),
    "several spaces": lambda f, now: f.signed(scope=f"  openid  {CUSTOMER} "),
    "64 characters": lambda f, now: f.signed(sub="a" * 64),
    "all characters": lambda f, now: f.signed(sub="auth0|Anna.B_c:d-e@f"),
}


@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD)
def test_a_token_that_is_good_is_taken(desk: Desk, forger: Forger, make: Callable[[Forger, int], str]) -> None:
    token = make(forger, at(desk))

    assert desk.get(BALANCE, token=token).status == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_schemes_case_does_not_matter(desk: Desk, scheme: str) -> None:
    assert desk.ask("GET", BALANCE, headers={"authorization": f"{scheme} {desk.token()}"}).status == 200


@pytest.mark.parametrize(
    "scope",
    [
        *(None, "", "openid email", "tally", "tally:", "TALLY:CUSTOMER", f"{CUSTOMER}s", f"x{CUSTOMER}", [CUSTOMER], 7),
        *(
            f"openid{space}{CUSTOMER}"
            for space in ("\t", "\n", "\r", "\x0b", "\x1c", "\x85", "\xa0", "\u2003", "\u3000")
        ),
    ],
)
def test_a_token_without_a_scope_of_ours_gets_403(desk: Desk, forger: Forger, scope: object) -> None:
    refusal(desk.get(BALANCE, token=forger.signed(scope=scope)), 403, "forbidden")
    assert desk.premises.is_untouched


@pytest.mark.parametrize("scope", [SERVICE, ADMIN, f"{SERVICE} {ADMIN}"])
def test_a_token_with_another_scope_gets_403(desk: Desk, scope: str) -> None:
    with desk.changing_nothing():
        refusal(desk.get(BALANCE, token=desk.token(scope=scope)), 403, "forbidden")
        refusal(desk.buy(token=desk.token(scope=scope)), 403, "forbidden")


def said(**claims: object) -> Caller:
    return read_claims({"sub": WALLET, **claims})


@pytest.mark.parametrize(
    "email",
    [
        *("a@b\r\nBcc: c@d.example", "a@b.example\n", "a@b.example, victim@c.example", "a@b.example;c@d.example"),
        *("@", "a@", "@b.example", "a@b", "a b@c.example", "Ann <a@b.example>", '"a@b"@c.example', "a@b@c.example"),
        *(
            "a@127.0.0.1",
            "é@b.example",
            "a" * 65 + "@b.example",
            "a@" + "b." * 126 + "example",
            "",
            None,
            7,
            ["a@b.example"],
        ),
    ],
)
def test_an_address_that_nobody_could_set_is_not_taken_from_a_token(email: object) -> None:
    assert said(email=email).email is None


@pytest.mark.parametrize("word", [False, "false", "False", 0, None, "no", [True]])
def test_an_address_that_is_not_verified_is_not_taken(word: object) -> None:
    assert said(email="ann@example.org", email_verified=word).email is None


def test_an_address_is_taken_if_it_is_verified_or_nothing_is_said_of_that() -> None:
    assert said(email="ann@example.org").email == "ann@example.org"
    for word in (True, "true"):
        assert said(email="ann@example.org", email_verified=word).email == "ann@example.org"


@pytest.mark.parametrize("roles", [("owner", "member"), ("member", "owner"), ("owner", "member", "owner")])
def test_who_is_listed_as_owner_and_member_is_a_member(roles: tuple[str, ...]) -> None:
    listed = [{"wallet_id": "team_a", "role": role} for role in roles]
    twice = [{"wallet_id": "team_b", "role": "owner"}] * 2

    assert said(tally_teams=[*listed, *twice]).teams == {"team_a": "member", "team_b": "owner"}


def test_a_token_ends_by_the_programs_own_clock(desk: Desk, forger: Forger) -> None:
    token = forger.signed(exp=at(desk) + 60)

    assert desk.get(BALANCE, token=token).status == 200
    desk.premises.advance(seconds=60)
    refusal(desk.get(BALANCE, token=token), 401, "unauthenticated")


def test_the_keys_are_asked_for_once(desk: Desk) -> None:
    for _ in range(3):
        assert desk.get(BALANCE).status == 200

    assert desk.keys.asked == 1


def test_made_up_key_ids_cost_one_question_a_minute(desk: Desk, forger: Forger) -> None:
    assert desk.get(BALANCE).status == 200
    for number in range(5):
        refusal(desk.get(BALANCE, token=forger.signed({"kid": f"made-up-{number}"})), 401, "unauthenticated")
    assert desk.keys.asked == 1

    desk.premises.advance(seconds=59)
    desk.get(BALANCE, token=forger.signed({"kid": "made-up"}))
    assert desk.keys.asked == 1

    desk.premises.advance(seconds=1)
    for number in range(5):
        desk.get(BALANCE, token=forger.signed({"kid": f"again-{number}"}))
    assert desk.keys.asked == 2
    assert desk.get(BALANCE).status == 200


def test_a_key_that_was_withdrawn_is_trusted_for_an_hour_at_most(desk: Desk, forger: Forger) -> None:
    assert desk.get(BALANCE).status == 200
    desk.keys.body = json.dumps({"keys": [forger.curve_jwk("next")]}).encode()

    desk.premises.advance(minutes=59)
    assert desk.get(BALANCE).status == 200
    desk.premises.advance(minutes=1)
    refusal(desk.get(BALANCE), 401, "unauthenticated")
    assert desk.get(BALANCE, token=forger.by_curve("next")).status == 200
    assert desk.keys.asked == 2


def test_old_keys_are_asked_for_once_a_minute_while_the_issuer_is_down(desk: Desk) -> None:
    assert desk.get(BALANCE).status == 200
    desk.keys.status = 500
    desk.premises.advance(hours=1)

    for _ in range(3):
        assert desk.get(BALANCE).status == 200
    assert desk.keys.asked == 2


def test_a_new_key_is_found_once_a_minute_has_passed(desk: Desk, forger: Forger) -> None:
    assert desk.get(BALANCE).status == 200
    desk.keys.body = json.dumps({"keys": [forger.jwk, forger.curve_jwk("next")]}).encode()

    refusal(desk.get(BALANCE, token=forger.by_curve("next")), 401, "unauthenticated")
    desk.premises.advance(minutes=1)

    assert desk.get(BALANCE, token=forger.by_curve("next")).status == 200
    assert desk.get(BALANCE).status == 200


def test_a_curves_key_is_as_good(desk: Desk, forger: Forger) -> None:
    desk.keys.body = json.dumps({"keys": [forger.curve_jwk("curve")]}).encode()

    assert desk.get(BALANCE, token=forger.by_curve("curve")).status == 200


@pytest.mark.parametrize(
    "stranger",
    [
        {"kty": "oct", "kid": "s", "k": "c2VjcmV0"},
        {"kty": "RSA", "kid": "x"},
        {"kty": "RSA", "kid": "x", "n": 1, "e": 1},
        {"kty": "RSA", "kid": "x", "n": "!", "e": "AQAB"},
        {"kty": "RSA", "kid": "x", "n": "AQAB", "e": "AQAB"},
        {"kty": "EC", "kid": "x", "crv": "?"},
        {"kty": "EC", "kid": "x", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": ["RSA"], "kid": "x"},
        {"kty": "RSA", "kid": 7},
        {},
        "x",
        None,
    ],
)
def test_a_key_that_is_of_no_use_does_not_lock_out_the_others(desk: Desk, forger: Forger, stranger: object) -> None:
    desk.keys.body = json.dumps({"keys": [stranger, forger.jwk]}).encode()

    assert desk.get(BALANCE).status == 200


def test_a_key_for_encrypting_signs_nothing(desk: Desk, forger: Forger) -> None:
    desk.keys.body = json.dumps({"keys": [{**forger.jwk, "use": "enc"}]}).encode()

    refusal(desk.get(BALANCE), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (404, b"{}"),
        (200, b"<html>"),
        (200, b"{}"),
        (200, b"[]"),
        (200, b"null"),
        (200, b'{"keys":null}'),
        (200, b'{"keys":7}'),
        (200, b'{"keys":["x"]}'),
        (200, b'{"keys":[]}'),
        (200, b"\xff"),
        (200, b"[" * 60_000 + b"]" * 60_000),
        (200, b" " * 300_000),
    ],
    ids=range(13),
)
def test_when_the_keys_cannot_be_had_nobody_is_let_in_and_it_is_asked_again_later(
    desk: Desk, status: int, body: bytes
) -> None:
    desk.keys.status, desk.keys.body = status, body
    for _ in range(3):
        refusal(desk.get(BALANCE), 401, "unauthenticated")
    assert desk.keys.asked == 1

    desk.keys.reset()
    desk.premises.advance(minutes=1)
    assert desk.get(BALANCE).status == 200


def test_keys_that_were_had_outlive_an_issuer_that_is_down(desk: Desk, forger: Forger) -> None:
    assert desk.get(BALANCE).status == 200
    desk.keys.status = 500
    desk.premises.advance(minutes=5)

    refusal(desk.get(BALANCE, token=forger.signed({"kid": "made-up"})), 401, "unauthenticated")
    assert desk.get(BALANCE).status == 200


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://issuer.example/jwks.json", "http://127.0.0.1.evil.example/"]
)
def test_keys_come_over_https_or_from_this_machine_only(desk: Desk, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    usual = wiring.settings().jwks_url
    try:
        monkeypatch.setenv("TALLY_JWKS_URL", url)
        wiring.settings.cache_clear()
        refusal(desk.get(BALANCE), 401, "unauthenticated")
    finally:
        monkeypatch.setenv("TALLY_JWKS_URL", usual)
        wiring.settings.cache_clear()


@pytest.fixture(params=[301, 302, 303, 307, 308])
def leading(request: pytest.FixtureRequest, desk: Desk) -> Iterator[str]:
    """An address that leads to the issuer's keys."""
    moved = Reply(status=request.param, headers={"location": desk.keys.url})
    server = Server(lambda *_: moved, 0, largest_body=0)
    yield f"{server.url}/jwks.json"
    server.close()


def test_keys_are_not_looked_for_where_an_answer_leads(desk: Desk, leading: str) -> None:
    with pytest.raises(OSError, match="HTTP Error 30"):
        fetch_keys(leading)
    assert desk.keys.asked == 0


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_keys_come_through_no_proxy(desk: Desk, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    for each in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(variable, "http://127.0.0.1:1")

    assert desk.get(BALANCE).status == 200


def test_a_long_token_is_refused_at_once(desk: Desk) -> None:
    began = time.perf_counter()
    refusal(desk.get(BALANCE, token="a." * 2_000_000), 401, "unauthenticated")

    assert time.perf_counter() - began < 1
    assert desk.keys.asked == 0
